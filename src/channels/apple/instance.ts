import type { AppId } from '../../kernel/ids.ts'
import type { PriceRule } from '../channel.ts'
import type { ItemsBySku } from '../item-of-sku.ts'

/** Where Apple signs purchases. There are others, of tools for developers, that nobody signs: they are never taken. */
export const APPLE_ENVIRONMENTS = ['Production', 'Sandbox'] as const
export type AppleEnvironment = (typeof APPLE_ENVIRONMENTS)[number]

/** A key of App Store Connect for in-app purchases. */
export interface AppleApiKey {
  readonly issuerId: string
  readonly keyId: string
  /** PKCS #8 as PEM. */
  readonly privateKey: string
}

/** What we would have Apple do about a refund that it asks us about. */
export type AppleRefundPreference = 'DECLINE' | 'GRANT_FULL' | 'GRANT_PRORATED'

/** One configured instance of type `apple`: one app in the App Store. */
export interface AppleInstance {
  readonly instance: string
  readonly appId: AppId
  readonly bundleId: string
  /** The app's number in the App Store; null where only play money is taken. */
  readonly appAppleId: number | null
  /** At least one. */
  readonly environments: readonly AppleEnvironment[]
  /** What every chain of certificates has to end at: DER in base64. */
  readonly rootCertificates: readonly string[]
  /** True: certificates are looked up at their issuer, and have to be valid now and not only when they signed. */
  readonly onlineChecks: boolean
  /** Null: Apple is never asked, and no question about a refund is answered. */
  readonly apiKey: AppleApiKey | null
  readonly apiUrls: Readonly<Record<AppleEnvironment, string>>
  readonly priceRule: PriceRule
  readonly items: ItemsBySku
  /** Null: Apple is told how a purchase was used, and not what to do about it. */
  readonly refundPreference: AppleRefundPreference | null
}
