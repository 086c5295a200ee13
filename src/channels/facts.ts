import type { AppId, OrderId, PlayerId } from '../kernel/ids.ts'
import type { MinorUnits, Money } from '../kernel/money.ts'
import type { PaymentEnvironment } from '../kernel/payment-environment.ts'

declare const proven: unique symbol

/** One line of a purchase: an item, how many of it, what it cost, and the order that it is for. */
export interface PaymentLine {
  /** 1 for the first; a further line of the same purchase has an order of its own. */
  readonly lineNo: number
  readonly orderId: OrderId
  readonly itemId: number
  readonly quantity: number
  /** What its platform says the line cost. */
  readonly price: Money
  /**
   * Other readings of what it cost, where its platform counts in taxes or takes off discounts of its own: with tax, before
   * a discount. One that is our price is enough.
   */
  readonly priceReadings?: readonly Money[]
  /** True where its platform took off what it does not number: what was paid may be less than our price, never more. */
  readonly isDiscounted?: boolean
}

/**
 * Whose price counts. `order`: as an order froze it, else the one that our catalogue has in that currency. `catalogue`: either
 * of the two, so that a frozen order may also be paid in another currency that we list. `platform`: its platform signs one of
 * its own, local for its buyer, that nothing of ours can be compared with.
 */
export type PriceRule = 'order' | 'catalogue' | 'platform'

/** What a payer was charged in all, in the currency of the lines: refunds are parts of it. */
export interface Charged {
  readonly totalMinor: MinorUnits
  /** Of it; null where the platform does not say. */
  readonly taxMinor: MinorUnits | null
  /** What was taken off before; null where the platform does not say. */
  readonly discountMinor: MinorUnits | null
}

/** A call that we owe to a platform. A further one of the same kind about the same subject is the same call. */
export interface OwedCall {
  /** `consume`: what was bought was delivered, so that it can be bought again and its money is not given back. */
  readonly kind: 'consume' | 'consumption'
  /** What it is about, by the platform's name: at most 400 characters. */
  readonly subject: string
  /**
   * What its channel has to know to make it: JSON, nothing secret. Of a `consumption`, `transactionId` is the platform's id of
   * the payment that it is about.
   */
  readonly details: Readonly<Record<string, string | number | boolean | null>>
  /** After that nobody asks for it any more; null: it is owed until it is done. */
  readonly untilMs: number | null
}

/** How a message reached us: a callback that tells of money, of none, or of what we do not understand; our own question
 * to a platform; a device; a kept message that an operator has told again. */
export type EvidenceKind = 'payment' | 'failure' | 'notice' | 'callback' | 'look_up' | 'device_purchase' | 'replay'

/** The message as it came, kept for ever: what was said, when, and in which request. */
export interface Evidence {
  readonly kind: EvidenceKind
  /** Allow-listed headers only: no token, no cookie. */
  readonly headers: Readonly<Record<string, string>>
  readonly rawBody: Uint8Array
  readonly receivedAtMs: number
  readonly requestId: string
  /** The last part of the address that it came to, where its platform has several. */
  readonly callback?: string | null
}

/** Who sent a message, and the message. */
export interface MessageSource {
  readonly appId: AppId
  /** The configured name of the channel that vouches for it; `server` for an app's own server. */
  readonly instance: string
  readonly environment: PaymentEnvironment
  readonly evidence: Evidence
}

interface MessageFacts extends MessageSource {
  readonly playerId: PlayerId
  readonly shown: { readonly channel: string | null; readonly method: string | null }
}

export interface PaymentFacts extends MessageFacts {
  /** The platform's own id, or null while it has not told us; then the facts themselves are the identity. */
  readonly transactionId: string | null
  /** Further ids by which the platform's refunds and disputes speak of this payment. */
  readonly otherIds?: readonly string[]
  /** True where a refund or a dispute may name the order alone: then it is kept as a further name of the first payment for it. */
  readonly orderIsName?: boolean
  /** Left out: `order`. */
  readonly priceRule?: PriceRule
  /** Left out: the sum of the lines. */
  readonly charged?: Charged
  /** True where deliveries without a transaction id happen: then the facts are kept as a second name of the payment. */
  readonly factsAreIdentity: boolean
  /** At least one. */
  readonly lines: readonly PaymentLine[]
  /** True where nothing proves that its player is who bought it: a person decides. */
  readonly isUnclaimed?: boolean
  /** Calls that we owe to the platform once something of it was granted: written down with the grant. */
  readonly owed?: readonly OwedCall[]
  /**
   * What its platform is told of money that cannot be granted. `accept`, the default: we have it, and a person resolves
   * it. `refuse`: its platform gives it back to whoever paid.
   */
  readonly reviewAnswer?: 'accept' | 'refuse'
}

export interface FailureFacts extends MessageFacts {
  readonly orderId: OrderId
  readonly itemId: number
  readonly errorCode: string
}

/**
 * A refund or a dispute, or what became of one. It belongs to a payment, which it may come before, and is about all of it or
 * a part. A channel gives each refund and each dispute one `causeId` for its whole life.
 */
export interface NoticeFacts extends MessageSource {
  /** The ids by which the platform speaks of the payment; at least one, or else the order. */
  readonly paymentIds: readonly string[]
  /**
   * Read where there are no ids: the order whose granted payment it is about, and where none of this channel's was
   * granted, the first that tells of the order, even if that is still to come.
   */
  readonly orderId?: OrderId
  readonly cause: 'refund' | 'dispute'
  readonly causeId: string
  /** `open`: a dispute that nobody has decided. `taken`: the money is gone. `undone`: it is ours again. */
  readonly state: 'open' | 'taken' | 'undone'
  /** The line that it is about; null: the whole payment. */
  readonly lineNo: number | null
  /** How much of what was paid; null: all of it. Of one cause a later notice tells the new sum, not a further part. */
  readonly amount: Money | null
  /** By the platform's clock: of two notices of one cause the later one counts, whichever came first. */
  readonly occurredAtMs: number
}

/** A line of a report that a person has fetched from a platform, in our words. It proves nothing. */
export interface ReportRow {
  /** `disputed`: somebody demands the money back; who gets it is told later. */
  readonly kind: 'paid' | 'refunded' | 'refund_undone' | 'disputed' | 'dispute_lost' | 'dispute_won'
  /** Every id of the payment that the line names; at least one, or else the order. */
  readonly ids: readonly string[]
  readonly orderId: OrderId | null
  /** Of `paid` what the payer was charged in all, else what it is about; null where the report does not say. */
  readonly amount: Money | null
  readonly occurredAtMs: number
}

/** What our own form calls refunds and disputes, and what it means for the money. */
export const REVERSAL_TYPES = {
  'refund.succeeded': { cause: 'refund', state: 'taken' },
  'refund.reversed': { cause: 'refund', state: 'undone' },
  'dispute.opened': { cause: 'dispute', state: 'open' },
  'dispute.lost': { cause: 'dispute', state: 'taken' },
  'dispute.won': { cause: 'dispute', state: 'undone' },
} as const satisfies Record<string, Pick<NoticeFacts, 'cause' | 'state'>>
export type ReversalType = keyof typeof REVERSAL_TYPES

/** Money that a channel vouches for. Only code under `channels/` can make one, so nothing is settled without proof. */
export type VerifiedPayment = PaymentFacts & { readonly [proven]: 'payment' }

/** A failure that a channel vouches for. It can never grant anything. */
export type VerifiedFailure = FailureFacts & { readonly [proven]: 'failure' }

/** A refund or a dispute that a channel vouches for. */
export type VerifiedNotice = NoticeFacts & { readonly [proven]: 'notice' }

/** For channels only: the caller states that it has proven these facts. */
export function vouchForNotice(facts: NoticeFacts): VerifiedNotice {
  return facts as VerifiedNotice
}

/** For channels only: the caller states that it has proven these facts. */
export function vouchForPayment(facts: PaymentFacts): VerifiedPayment {
  return facts as VerifiedPayment
}

/** For channels only: the caller states that it has proven these facts. */
export function vouchForFailure(facts: FailureFacts): VerifiedFailure {
  return facts as VerifiedFailure
}
