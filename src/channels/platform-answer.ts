import type { ErrorCode } from '../kernel/error-codes.ts'
import type { AppId, OrderId, PlayerId } from '../kernel/ids.ts'
import type { Money } from '../kernel/money.ts'
import type { Outcome } from '../kernel/outcome.ts'

/** Somebody who comes in by a platform's page: what they showed there. */
export type LoginProof =
  /** A token of a login platform, or its authorization code, made for this client of ours there. */
  | {
      readonly kind: 'provider'
      readonly provider: 'facebook' | 'google' | 'apple'
      readonly credential: string
      readonly clientId: string | null
    }
  /** A name and what proves it: a guest's credential, or a one-time code that was sent to an address. */
  | { readonly kind: 'password'; readonly name: string; readonly password: string }
  /** A code that the game showed to its player, for a login that `begin_login` began or the game itself. */
  | { readonly kind: 'store_code'; readonly code: string; readonly loginToken: string }
  /** A player number that somebody typed. It proves nothing: whoever comes in so is shown nothing of theirs. */
  | { readonly kind: 'player_number'; readonly text: string }

/** What a platform asks of us. */
export type PlatformQuestion =
  /**
   * Of a player by the number that we gave them. `who_is`: is this a player, and what are they called? `what_may_they_buy`:
   * also what is open to them now, and what they have.
   */
  | {
      readonly asks: 'who_is' | 'what_may_they_buy'
      readonly appId: AppId
      readonly playerId: PlayerId
    }
  /** Who is this, as they prove themselves on the platform's page? Nobody is made a player by it. */
  | {
      readonly asks: 'log_in'
      readonly appId: AppId
      readonly instance: string
      readonly proof: LoginProof
      readonly requestId: string
    }
  /** Begins a login that the player confirms inside the game. */
  | { readonly asks: 'begin_login'; readonly appId: AppId; readonly instance: string }

/** What a player may buy, with its price in each currency that we list. */
export interface ItemOffered {
  readonly itemId: number
  readonly names: { readonly en: string; readonly zh: string }
  readonly prices: readonly Money[]
  /** What this player would get for one now, bonuses included. */
  readonly coins: number
  readonly tokens: number
  /** Of it in percent; 0 for none. */
  readonly bonusPercent: number
}

export interface PlayerShown {
  readonly playerId: PlayerId
  readonly name: string
  readonly avatarUrl: string
}

/** The answer to such a question; `player` is null where we know no such player, who then may buy nothing. */
export interface QuestionAnswer {
  readonly player: PlayerShown | null
  /** In the order of the store; none where nobody asked for them. */
  readonly items: readonly ItemOffered[]
  /** With `what_may_they_buy`. */
  readonly standing?: {
    readonly coins: number
    readonly tokens: number
    readonly level: number
    readonly vipLevel: number
    readonly isPremium: boolean
    /** Whether the next purchase is their first. */
    readonly isFirstCharge: boolean
  }
  /** Why a login was not let in. */
  readonly refusal?: ErrorCode
  /** With `begin_login`: the secret by which the platform names it, and for how long. */
  readonly begun?: { readonly loginToken: string; readonly expiresInSeconds: number }
}

/** Lets players in on pages that a platform runs. */
export interface PlatformLogin {
  logIn(asked: Extract<PlatformQuestion, { readonly asks: 'log_in' }>): Promise<Outcome<PlayerShown>>
  begin(
    asked: Extract<PlatformQuestion, { readonly asks: 'begin_login' }>,
  ): Promise<Outcome<NonNullable<QuestionAnswer['begun']>>>
}

/** What became of a callback. */
export type CallbackResult =
  /**
   * It need not be sent again. `orderId`: where it concerned an order, which answers for what was granted. `refusal`: why its
   * money waits for a person and grants nothing yet, or never will (`test_mode`); the same again after an approval gets the
   * grant.
   */
  | { readonly kind: 'done'; readonly orderId: OrderId | null; readonly refusal: ErrorCode | null }
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
