import type { AppId, OrderId, PlayerId } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { FieldFault, Outcome } from '../kernel/outcome.ts'
import type { PaymentEnvironment } from '../kernel/payment-environment.ts'
import type { CallbackResult, PlatformAnswer, PlatformQuestion } from './platform-answer.ts'

export type {
  CallbackResult,
  ItemOffered,
  PlatformAnswer,
  PlatformQuestion,
  QuestionAnswer,
} from './platform-answer.ts'

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
  /**
   * Whose price counts: `ours`, as an order froze it or the catalogue has it; or the `platform`'s, which signs one of its own, local
   * for its buyer, that nothing of ours can be compared with. Left out: ours.
   */
  readonly priceRule?: 'ours' | 'platform'
  /** True where deliveries without a transaction id happen: then the facts are kept as a second name of the payment. */
  readonly factsAreIdentity: boolean
  /** At least one. */
  readonly lines: readonly PaymentLine[]
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
  /** True: play money of a test mode. */
  readonly test?: boolean
}

/** The body of `/payment/failure`. Its price and currency bind nobody. */
export interface FailureMessage {
  readonly order_id: string
  readonly uid: string
  readonly item_id: number | string
  readonly web_pay_error_code: string
  readonly payment_channel?: string
  readonly payment_method?: string
  readonly test?: boolean
}

/** The channel of those who speak our own form: a game's server with its token, a partner with its signature. */
export interface DirectChannel {
  /** Who vouches for what this caller says: the app and the instance. `channel_not_trusted` for a client online. */
  source(caller: ProvenCaller): Outcome<{ appId: AppId; instance: string; environment: PaymentEnvironment }>
  payment(caller: ProvenCaller, told: { message: SuccessMessage; evidence: Evidence }): Outcome<VerifiedPayment>
  failure(caller: ProvenCaller, told: { message: FailureMessage; evidence: Evidence }): Outcome<VerifiedFailure>
}

/** A pending order, as far as a platform has to know it. */
export interface OrderToPay {
  readonly appId: AppId
  readonly orderId: OrderId
  readonly playerId: PlayerId
  readonly itemId: number
  readonly itemName: string
  readonly quantity: number
  readonly price: Money
  /** The channel as the client named it, shown with the order. */
  readonly channelShown: string
  readonly returnUrl: string | null
  readonly expiresAtMs: number
}

/** What a player's client needs to pay. `url`: open this page. `external`: whoever runs the channel takes it from here. */
export type Checkout = { readonly kind: 'url'; readonly url: string } | { readonly kind: 'external' }

/** A callback of a platform, as it came. */
export interface WebhookCall {
  /** The last part of its address, where the platform has several; null without. */
  readonly callback: string | null
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawBody: Uint8Array
  readonly nowMs: number
  readonly requestId: string
}

/** What a genuine callback says. */
export type ChannelMessage =
  | { readonly kind: 'payment'; readonly payment: VerifiedPayment }
  | { readonly kind: 'failure'; readonly failure: VerifiedFailure }
  | { readonly kind: 'notice'; readonly notice: VerifiedNotice }
  /** Asked any number of times, it changes nothing and is not kept. Its channel has an `answer` of its own. */
  | { readonly kind: 'question'; readonly question: PlatformQuestion }
  /** Genuine and known, and nothing to do: a test call, money that is still on its way. Kept, and accepted. */
  | { readonly kind: 'no_concern'; readonly source: MessageSource }
  /** Genuine, and not what we know: kept as evidence, so that no money is lost with it, and refused by its fields. */
  | { readonly kind: 'not_understood'; readonly source: MessageSource; readonly details: readonly FieldFault[] }

/** A question of ours to a platform, for the evidence that is kept of its answer. */
export interface Question {
  readonly nowMs: number
  readonly requestId: string
}

/** A payment, by the names that its platform may know it by. */
export interface PaymentNames {
  /** The platform's own id; null where it told none. */
  readonly transactionId: string | null
  readonly orderId: OrderId
}

/** Money to give back. */
export interface RefundWanted extends PaymentNames, Question {
  /** Null: all of it. */
  readonly amount: Money | null
  /** The platform refunds once for each key, however often it is asked: an answer that was lost is asked for again. */
  readonly idempotencyKey: string
}

/** A refund that a platform has made. */
export interface RefundMade {
  /** The `causeId` of the platform's own notices of it, so that whichever comes second changes nothing. */
  readonly refundId: string
  readonly occurredAtMs: number
}

/** Whether a payment's money is still ours, as its platform says. `unknown`: it knows no such payment. */
export type Standing = 'stands' | 'gone' | 'unknown'

/**
 * A payment platform's connector, as one configured instance of one app: it proves, then translates, and grants nothing.
 * What a platform does not have is left out.
 */
export interface Channel {
  readonly instance: string
  readonly appId: AppId
  /** Opens the platform's checkout of a pending order; asked again with the same order, it opens none twice. */
  openCheckout(order: OrderToPay): Promise<Outcome<Checkout>>
  /** Proves and translates a callback. `invalid_signature` for what is not genuine. */
  receive?(call: WebhookCall): Outcome<ChannelMessage> | Promise<Outcome<ChannelMessage>>
  /** The answer to a callback in the platform's own form; left out where ours will do. */
  answer?(result: CallbackResult, call: Pick<WebhookCall, 'callback'>): PlatformAnswer
  /** Asks the platform whether an order was paid; null when it was not. */
  lookUpPayment?(order: { readonly orderId: OrderId } & Question): Promise<Outcome<VerifiedPayment | null>>
  /** Proves a purchase that a player's device tells of. `purchase_not_found` when the platform knows none of theirs. */
  verifyPurchase?(purchase: {
    readonly playerId: PlayerId
    readonly told: Readonly<Record<string, unknown>>
    readonly question: Question
  }): Promise<Outcome<VerifiedPayment>>
  /**
   * Gives money back. `purchase_not_found` where the platform knows no such payment, `refund_refused` where it will never
   * give this back, `channel_unavailable` where asking again, with the same key, can help: also while it has only taken
   * the wish and not yet said what came of it.
   */
  refundPayment?(refund: RefundWanted): Promise<Outcome<RefundMade>>
  /** Asks the platform whether a payment still stands: nothing is granted from the queue whose money went back unheard. */
  lookUpStanding?(payment: PaymentNames & Question): Promise<Outcome<Standing>>
}

/** The channels of all apps. */
export interface Channels {
  /** By the name of its instance, as it stands in `/webhooks/{instance}`. */
  byInstance(instance: string): Channel | null
  /** The channel that a client of this app names for an order, or null when the app has none of that name. */
  forOrder(appId: AppId, name: string): Channel | null
}
