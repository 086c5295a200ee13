import type { AppId } from '../../kernel/ids.ts'
import type { PriceRule } from '../channel.ts'
import type { ItemsBySku } from '../item-of-sku.ts'

/** One configured instance of type `xsolla`: a project of a publisher's account. */
export interface XsollaInstance {
  readonly instance: string
  readonly appId: AppId
  /** The project's secret key; several while it is exchanged. */
  readonly secretKeys: readonly string[]
  readonly projectId: number
  /** Null: the merchant's number in messages is not looked at, and nobody is asked about transactions. */
  readonly merchantId: number | null
  /** Null: checkouts are opened by somebody else, and refunds are asked for in the publisher's account. */
  readonly apiKey: string | null
  /** True: checkouts are opened with play money. */
  readonly sandbox: boolean
  /** Where a payer is taken to be whose address does not say it. */
  readonly country: string
  /** Which message grants: that of the catalogue's order, or that of the payment where nothing is sold from the catalogue. */
  readonly grantOn: 'order_paid' | 'payment'
  /** True where the account has its automatic refund: money that cannot be granted is refused, and so goes back. */
  readonly automaticRefund: boolean
  readonly priceRule: PriceRule
  readonly items: ItemsBySku
  readonly storeApiUrl: string
  readonly merchantApiUrl: string
  /** Null: the platform's own, of play money or real money. */
  readonly payStationUrl: string | null
}
