import type { ReversalType } from '../../channels/sandbox/index.ts'
import type { ChannelConfig, Config } from '../../config/config.ts'
import type { Answered } from './server.ts'

export { REVERSAL_TYPES, type ReversalType } from '../../channels/sandbox/index.ts'

/** An order as its platform knows it. */
export interface SimOrder {
  readonly orderId: string
  readonly uid: string
  readonly itemId: number
  readonly itemName: string
  /** In major units, as a JSON number: to be passed on as it is, never to be reckoned with. */
  readonly price: number
  /** The same in minor units of its currency. */
  readonly priceMinor: number
  readonly currency: string
  readonly coins: number
  readonly tokens: number
  /** The path of the checkout page, where the platform has one here. */
  readonly checkoutPath: string | null
}

/** What a platform can tell of a payment, and when it happened by the platform's clock. */
export type Telling =
  | { readonly type: 'payment.succeeded'; readonly atMs: number }
  | { readonly type: ReversalType; readonly id: string; readonly atMs: number }

/** A message, ready to be signed and delivered. */
export interface SimMessage {
  /** In short, for whoever watches. */
  readonly says: string
  readonly path: string
  readonly body: string
}

/** How a platform is answered. */
export interface SimAnswers {
  /** What a message that was taken is answered, in words and as a rule. The player's own view of the order is checked in any case. */
  taken(expected: { readonly orderStatus: string | null }): {
    readonly words: string
    readonly isSo: (answered: Answered) => boolean
  }
  /** By which status a message that is not genuine is refused. */
  readonly forgedStatus: number
}

/** How a platform proves what it says. */
export interface SimSignature {
  /** The headers that prove a message as of a time; another secret makes a forgery. */
  sign(message: SimMessage, as: { readonly nowMs: number; readonly secret?: string }): Readonly<Record<string, string>>
  /** Those of them that must be gone for a message to be unsigned. */
  readonly headers: readonly string[]
  /** Which ages it gives away: none where it bears no time. */
  readonly tellsAge: readonly ('stale' | 'early')[]
}

/** A payment platform, played by this program. */
export interface SimPlatform {
  readonly instance: string
  /** Writes down what it tells of an order's payment, which it calls by this id. */
  message(order: SimOrder, of: { readonly telling: Telling; readonly transactionId: string }): SimMessage
  readonly signature: SimSignature
  readonly answers: SimAnswers
  /** The path that takes the money and tells nobody: the page's button. Null where the platform cannot be asked either. */
  readonly silentPayment: ((order: SimOrder) => string) | null
}

export type ChannelType = ChannelConfig['type']
export type ChannelOf<T extends ChannelType> = Extract<ChannelConfig, { readonly type: T }>

/** A type of platforms that can be played. */
export interface SimPlatformType<T extends ChannelType = ChannelType> {
  /** The refunds and disputes that it can tell of; a story that needs another one is not played with it. */
  readonly tells: readonly ReversalType[]
  /** Plays the platform of a configured channel. */
  open(channel: ChannelOf<T>, config: Config): SimPlatform | Promise<SimPlatform>
}

/** Those of our own form: 200 with the order's status, and 401. */
export const OWN_ANSWERS: SimAnswers = {
  taken: ({ orderStatus }) => ({
    words: `answered 200${orderStatus === null ? '' : `, the order is ${orderStatus}`}`,
    isSo: ({ status, body }) => status === 200 && body['order_status'] === orderStatus,
  }),
  forgedStatus: 401,
}
