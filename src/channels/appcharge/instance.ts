import type { AppId } from '../../kernel/ids.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import type { PriceRule } from '../channel.ts'
import type { ItemsBySku } from '../item-of-sku.ts'

/** The ways to log in that Appcharge knows. `otp` is a code that the game shows; `userToken` is only typed, and proves nothing. */
export type AuthMethod = 'facebook' | 'google' | 'apple' | 'userToken' | 'userPassword' | 'otp'

/** One configured instance of type `appcharge`: a project in its dashboard. */
export interface AppchargeInstance {
  readonly instance: string
  readonly appId: AppId
  /** What signs its callbacks; several while one is replaced. */
  readonly mainKeys: readonly string[]
  /** Stands in a header of its own, of its calls and of ours. */
  readonly publisherToken: string
  /** Demanded of events; null: not compared. */
  readonly projectId: string | null
  readonly environment: PaymentEnvironment
  /** Those that are switched on in the dashboard. */
  readonly authMethods: readonly AuthMethod[]
  /** Opens the game for a login that its player confirms there; `{token}` stands for the login. Null: not offered. */
  readonly deepLink: string | null
  /** Null: checkouts are opened by somebody else. `returnUrl`: where players go who gave no address to return to. */
  readonly checkout: { readonly returnUrl: string | null } | null
  readonly priceRule: PriceRule
  readonly items: ItemsBySku
  /** How its catalogue calls our two currencies. */
  readonly products: { readonly coins: string; readonly tokens: string }
  /** Skus of offers that players may collect for nothing. */
  readonly freeOffers: readonly string[]
  /** Whether the time of a signature may be in seconds. */
  readonly acceptSeconds: boolean
  /** Without a slash at its end. */
  readonly apiUrl: string
}
