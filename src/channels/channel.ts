import type { AppId, OrderId, PlayerId } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { Outcome } from '../kernel/outcome.ts'
import type { PaymentEnvironment } from '../kernel/payment-environment.ts'

declare const proven: unique symbol

/** One line of a purchase: an item, how many of it, what it cost, and the order that it is for. */
export interface PaymentLine {
  /** 1 for the first; a further line of the same purchase has an order of its own. */
  readonly lineNo: number
  readonly orderId: OrderId
  readonly itemId: number
  readonly quantity: number
  readonly price: Money
}

/** The message as it came, kept for ever: what was said, when, and in which request. */
export interface Evidence {
  readonly kind: 'payment' | 'failure'
  /** Allow-listed headers only: no token, no cookie. */
  readonly headers: Readonly<Record<string, string>>
  readonly rawBody: Uint8Array
  readonly receivedAtMs: number
  readonly requestId: string
}

interface MessageFacts {
  readonly appId: AppId
  /** The configured name of the channel that vouches for it; `server` for an app's own server. */
  readonly instance: string
  readonly environment: PaymentEnvironment
  readonly playerId: PlayerId
  readonly shown: { readonly channel: string | null; readonly method: string | null }
  readonly evidence: Evidence
}

export interface PaymentFacts extends MessageFacts {
  /** The platform's own id, or null while it has not told us; then the facts themselves are the identity. */
  readonly transactionId: string | null
  /** True where deliveries without a transaction id happen: then the facts are kept as a second name of the payment. */
  readonly factsAreIdentity: boolean
  /** At least one. */
  readonly lines: readonly PaymentLine[]
}

export interface FailureFacts extends MessageFacts {
  readonly orderId: OrderId
  readonly itemId: number
  readonly errorCode: string
}

/** Money that a channel vouches for. Only code under `channels/` can make one, so nothing is settled without proof. */
export type VerifiedPayment = PaymentFacts & { readonly [proven]: 'payment' }

/** A failure that a channel vouches for. It can never grant anything. */
export type VerifiedFailure = FailureFacts & { readonly [proven]: 'failure' }

/** For channels only: the caller states that it has proven these facts. */
export function vouchForPayment(facts: PaymentFacts): VerifiedPayment {
  return facts as VerifiedPayment
}

/** For channels only: the caller states that it has proven these facts. */
export function vouchForFailure(facts: FailureFacts): VerifiedFailure {
  return facts as VerifiedFailure
}

/** What has been proven of whoever sends a message: a token of an app, or a signature of an instance. */
export type ProvenCaller =
  | { readonly kind: 'server'; readonly appId: AppId }
  | { readonly kind: 'client'; readonly appId: AppId; readonly playerId: PlayerId | null }
  | { readonly kind: 'signer'; readonly appId: AppId; readonly instance: string }

/** The body of `/payment/success` as it was documented from the first release on. */
export interface SuccessMessage {
  readonly order_id: string
  readonly uid: string
  readonly item_id: number | string
  readonly price: number | string
  readonly currency: string
  readonly transaction_id?: string
  readonly payment_channel?: string
  readonly payment_method?: string
}

/** The body of `/payment/failure`. Its price and currency bind nobody. */
export interface FailureMessage {
  readonly order_id: string
  readonly uid: string
  readonly item_id: number | string
  readonly web_pay_error_code: string
  readonly payment_channel?: string
  readonly payment_method?: string
}

/** The channel of those who speak our own form: a game's server with its token, a partner with its signature. */
export interface DirectChannel {
  /** Who vouches for what this caller says: the app and the instance. `channel_not_trusted` for a client online. */
  source(caller: ProvenCaller): Outcome<{ appId: AppId; instance: string; environment: PaymentEnvironment }>
  payment(caller: ProvenCaller, told: { message: SuccessMessage; evidence: Evidence }): Outcome<VerifiedPayment>
  failure(caller: ProvenCaller, told: { message: FailureMessage; evidence: Evidence }): Outcome<VerifiedFailure>
}
