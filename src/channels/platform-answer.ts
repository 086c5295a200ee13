import type { ErrorCode } from '../kernel/error-codes.ts'
import type { AppId, OrderId, PlayerId } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'

/** What a platform asks of us, with the player as they are named there: by the number that we gave them. */
export interface PlatformQuestion {
  /** `who_is`: is this a player, and what are they called? `what_may_they_buy`: also what is open to them now. */
  readonly asks: 'who_is' | 'what_may_they_buy'
  readonly appId: AppId
  readonly playerId: PlayerId
}

/** What a player may buy, with its price in each currency that we list. */
export interface ItemOffered {
  readonly itemId: number
  readonly names: { readonly en: string; readonly zh: string }
  readonly prices: readonly Money[]
}

/** The answer to such a question; `player` is null where we know no such player, who then may buy nothing. */
export interface QuestionAnswer {
  readonly player: { readonly playerId: PlayerId; readonly name: string; readonly avatarUrl: string } | null
  /** In the order of the store; none where nobody asked for them. */
  readonly items: readonly ItemOffered[]
}

/** What became of a callback. */
export type CallbackResult =
  /** It need not be sent again. `orderId`: where it concerned an order, which answers for what was granted. */
  | { readonly kind: 'done'; readonly orderId: OrderId | null }
  | { readonly kind: 'answered'; readonly answer: QuestionAnswer }
  /** Genuine, and never taken: sending it again cannot help. */
  | { readonly kind: 'refused'; readonly code: ErrorCode }
  | { readonly kind: 'invalid_signature' }
  /** A fault of ours: the platform shall send it again. */
  | { readonly kind: 'retry_later' }

/** An answer as a platform wants it. */
export interface PlatformAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Null: none. */
  readonly body: string | null
}
