import type { AppId, OrderId, PlayerId } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { FieldFault, Outcome } from '../kernel/outcome.ts'
import type { PaymentEnvironment } from '../kernel/payment-environment.ts'
import type {
  Evidence,
  MessageSource,
  OwedCall,
  ReportRow,
  VerifiedFailure,
  VerifiedNotice,
  VerifiedPayment,
} from './facts.ts'
import type { CallbackResult, PlatformAnswer, PlatformQuestion } from './platform-answer.ts'

export {
  type Charged,
  type Evidence,
  type EvidenceKind,
  type FailureFacts,
  type MessageSource,
  type NoticeFacts,
  type OwedCall,
  type PaymentFacts,
  type PaymentLine,
  type PriceRule,
  REVERSAL_TYPES,
  type ReportRow,
  type ReversalType,
  type VerifiedFailure,
  type VerifiedNotice,
  type VerifiedPayment,
  vouchForFailure,
  vouchForNotice,
  vouchForPayment,
} from './facts.ts'

export type {
  CallbackResult,
  ItemOffered,
  LoginProof,
  PlatformAnswer,
  PlatformLogin,
  PlatformQuestion,
  PlayerShown,
  QuestionAnswer,
} from './platform-answer.ts'

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
  /** Whose calls the player's are counted with: mostly their address. Where the platform has to know what country they pay in. */
  readonly clientAddress?: string | null
  /** When its checkout is asked for. */
  readonly nowMs?: number
}

/** What a player's client needs to pay. `url`: open this page. `external`: whoever runs the channel takes it from here. */
export type Checkout =
  /** The game buys on the device and names this token to its store: the order in the form of a UUID. */
  | { readonly kind: 'account_token'; readonly token: string }
  | {
      readonly kind: 'url'
      readonly url: string
      /** What the platform's own kit in the game asks for beside the address: a token of the session, its public key. */
      readonly client?: Readonly<Record<string, string>>
      /** How the platform is asked about this checkout later, in words of its channel; never shown to anybody. */
      readonly reference?: string
    }
  | { readonly kind: 'external' }

/** A checkout that was opened for an order. */
export interface OpenedCheckout {
  readonly orderId: OrderId
  /** As its channel gave it; null where it gave none. */
  readonly reference: string | null
}

/** A callback of a platform, as it came. */
export interface WebhookCall {
  /** The last part of its address, where the platform has several; null without. */
  readonly callback: string | null
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawBody: Uint8Array
  readonly nowMs: number
  readonly requestId: string
  /**
   * True for a kept message that is told again: it was proven whole before it was kept. A secret that stood in a header of its own
   * is not kept, so it is not asked for a second time.
   */
  readonly wasProven?: true
}

/**
 * Proven money whose payer is found by the order that the game named to its platform: by the account token, which is the
 * order's id in another form, so that a purchase belongs to who made the order and to nobody else.
 */
export interface PaymentClaim {
  readonly source: MessageSource
  /** Null where the game named none. */
  readonly orderId: OrderId | null
  /** The payment, for the player whose order it is; `isUnclaimed` for one who only says so. */
  paymentOf(payer: { readonly playerId: PlayerId; readonly isUnclaimed: boolean }): VerifiedPayment
}

/** What a genuine callback says. */
export type ChannelMessage =
  | { readonly kind: 'payment'; readonly payment: VerifiedPayment }
  /** Money of which the platform knows no player of ours, only what the game told it when it was paid. */
  | { readonly kind: 'claim'; readonly claim: PaymentClaim }
  /** The platform asks how a purchase was used; it is answered later, by a call that we owe. */
  | { readonly kind: 'inquiry'; readonly source: MessageSource; readonly owed: OwedCall }
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

/** When what is asked for happened, by the platform's clock. */
export interface MessageSpan {
  readonly fromMs: number
  readonly untilMs: number
  /** Where the page before ended; null for the first. */
  readonly cursor: string | null
}

/** Some of what a platform told, oldest first where it can. */
export interface MessagePage {
  readonly messages: readonly Exclude<ChannelMessage, { readonly kind: 'question' }>[]
  /** Null: there is no more. */
  readonly nextCursor: string | null
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

/** A call that we owe, when its time has come. */
export interface CallDue extends OwedCall {
  readonly environment: PaymentEnvironment
  /** Of a `consumption`: what became of what was bought. */
  readonly use: PurchaseUse | null
}

/** How what was bought was used, as the books say. */
export interface PurchaseUse {
  /** Whether the player has agreed that we tell. */
  readonly isConsented: boolean
  readonly isDelivered: boolean
  /** How much of it is gone, in thousandths of a percent: 100000 is all. */
  readonly usedMilliPercent: number
  /** Whether it was taken back already. */
  readonly isTakenBack: boolean
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
  /**
   * Opens the platform's checkout of a pending order; asked again with the same order, it opens none twice, unless
   * `keepsCheckouts` says that we have to see to that.
   */
  openCheckout(order: OrderToPay): Promise<Outcome<Checkout>>
  /** True where what was opened has to be kept by us: it is answered again, and can be asked for and closed. */
  readonly keepsCheckouts?: boolean
  /** Ends a checkout whose order is over, so that nobody pays for it; also one that has ended or was paid. */
  closeCheckout?(checkout: OpenedCheckout & Question): Promise<Outcome<'closed'>>
  /** Proves and translates a callback. `invalid_signature` for what is not genuine. */
  receive?(call: WebhookCall): Outcome<ChannelMessage> | Promise<Outcome<ChannelMessage>>
  /** The answer to a callback in the platform's own form; left out where ours will do. */
  answer?(result: CallbackResult, call: Pick<WebhookCall, 'callback' | 'rawBody'>): PlatformAnswer
  /** Asks the platform whether an order was paid; null when it was not. */
  lookUpPayment?(order: OpenedCheckout & Question): Promise<Outcome<VerifiedPayment | null>>
  /**
   * Everything that the platform told, or would have told, in a span of time, a page at a time: for messages that were lost.
   * It is asked again and again: of one message the evidence is the same bytes each time. What cannot be read to its end is
   * refused, with `retryAfterSeconds` where the platform says so.
   */
  listMessages?(span: MessageSpan & Question): Promise<Outcome<MessagePage>>
  /** What alone its list tells of, where it is not everything: a store may list what went back, and not what was paid. */
  readonly listsOnly?: 'payments' | 'reversals'
  /** Reads a report that a person has downloaded from the platform. `invalid_fields` names the lines that it cannot read. */
  readReport?(text: string): Outcome<readonly ReportRow[]>
  /** Proves a purchase that a player's device tells of. `purchase_not_found` when the platform knows none of theirs. */
  verifyPurchase?(purchase: {
    readonly playerId: PlayerId
    readonly told: Readonly<Record<string, unknown>>
    readonly question: Question
  }): Promise<Outcome<VerifiedPayment | PaymentClaim>>
  /**
   * Gives money back. `purchase_not_found` where the platform knows no such payment, `refund_refused` where it will never
   * give this back, `refund_pending` while it has only taken the wish and not yet said what came of it, `channel_unavailable`
   * where asking again, with the same key, can help.
   */
  refundPayment?(refund: RefundWanted): Promise<Outcome<RefundMade>>
  /** Makes a call that we owe; made before, it does no harm. A refusal that asking again cannot mend ends it. */
  carryOutCall?(call: CallDue & Question): Promise<Outcome<'done'>>
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
