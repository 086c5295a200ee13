/** The calls that a sequence is made of. Few names of everything, so that calls meet. */

/** Whose token a call carries: a player's own, that of a device which logs in and out, or the game server's. */
export type Caller = 'p0' | 'p1' | 'device' | 'server'
/** Who tells of a payment: also a partner by its signature, and a forger by a wrong one. */
export type Payer = Caller | 'signed' | 'forged'
/** The player that a call names. `p2` is there once somebody has logged in as them; `p3` never. */
export type Someone = 'p0' | 'p1' | 'p2' | 'p3'
/**
 * An order: by its caller's own name, the n-th that `POST /orders` made (in a circle of those there are), the newest of
 * these, or the last that left a message. What there is none of means `c`, which nobody makes otherwise.
 */
export type OrderRef = 'a' | 'b' | 'c' | 'made-0' | 'made-1' | 'made-2' | 'newest' | 'rewarded'
export type Key = 'k1' | 'k2'

export interface PaymentStep {
  readonly kind: 'pay'
  readonly by: Payer
  readonly order: string
  readonly uid: Someone
  readonly item: number
  readonly cents: number
  readonly currency: string
  readonly transaction: 't1' | 't2' | 't3' | null
  /** `/payment/success` has no use for one. */
  readonly key: Key | null
}

export interface FailureStep {
  readonly kind: 'fail'
  readonly by: Payer
  readonly order: string
  readonly uid: Someone
  readonly item: number
  readonly code: string
}

type AccountStep =
  | { readonly kind: 'token'; readonly asked: 'client' | 'server' | 'wrong secret' | 'unknown app' }
  | {
      readonly kind: 'log_in'
      readonly identity: 'p0' | 'p1' | 'p2'
      readonly method: 'GET' | 'POST'
      /** By whose invitation; it counts for a player who is new. */
      readonly share: Someone | null
    }
  | { readonly kind: 'log_out' }
  | { readonly kind: 'rotate'; readonly token: 'live' | 'dead' | 'forged' }
  | { readonly kind: 'account'; readonly by: Caller; readonly uid: Someone | null }

type StoreStep =
  | { readonly kind: 'store'; readonly by: Caller; readonly uid: Someone | null; readonly method: 'GET' | 'POST' }
  | { readonly kind: 'edit'; readonly item1: 'as seeded' | 'dearer' }

export interface HistoryStep {
  readonly kind: 'history'
  readonly by: Caller
  readonly uid: Someone | null
  readonly method: 'GET' | 'POST'
  readonly status: string | null
  readonly limit: number
}

export interface OrderStep {
  readonly kind: 'order'
  readonly by: Caller
  readonly item: number
  readonly channel: string
  readonly key: Key | null
}

export type Button = 'pay' | 'pay-twice' | 'pay-silently' | 'decline' | 'cancel'

type OrdersStep =
  | OrderStep
  | HistoryStep
  | {
      readonly kind: 'cancel'
      readonly by: Caller
      readonly order: string
      readonly reason: string | null
      readonly key: Key | null
    }
  | { readonly kind: 'read'; readonly by: Caller; readonly order: string }
  | { readonly kind: 'check'; readonly by: Caller; readonly order: string }
  | { readonly kind: 'press'; readonly order: string; readonly button: Button }
  /** What a device has bought, by the n-th purchase of an order's sandbox page. */
  | { readonly kind: 'verify'; readonly by: Caller; readonly order: string; readonly purchase: 1 | 2 }

type InboxStep =
  | { readonly kind: 'inbox'; readonly by: Caller; readonly limit: number }
  /** The message that an order left, or by its own name that of an invitation. */
  | { readonly kind: 'claim'; readonly by: Caller; readonly order: string; readonly key: Key | null }
  | { readonly kind: 'claim_all'; readonly by: Caller; readonly key: Key | null }

type GiftStep =
  | { readonly kind: 'calendar'; readonly by: Caller }
  | { readonly kind: 'gift'; readonly by: Caller; readonly uid: Someone | null; readonly key: Key | null }

export interface WalletStep {
  readonly kind: 'wallet'
  readonly by: Caller
  readonly uid: Someone
  readonly currency: 'coins' | 'tokens'
  readonly amount: number
  /** In the body; the header has none, the same one or another. */
  readonly key: Key
  readonly header: Key | null
}

type ServerStep =
  | WalletStep
  | { readonly kind: 'user'; readonly by: Caller; readonly uid: Someone }
  | {
      readonly kind: 'progress'
      readonly by: Caller
      readonly uid: Someone
      readonly level: number
      readonly vip: number
      readonly key: Key | null
    }
  | { readonly kind: 'ledger'; readonly by: Caller; readonly uid: Someone; readonly limit: number }

export type Moment = 'order end' | 'gift' | 'midnight' | 'token end' | 'next check' | 'key end'

export type TimeStep =
  | { readonly kind: 'wait'; readonly ms: number }
  /** To a millisecond about which something changes; a minute where there is none ahead. */
  | { readonly kind: 'wait_until'; readonly moment: Moment; readonly offsetMs: -1 | 0 | 1 }
  | { readonly kind: 'job'; readonly name: 'expire-orders' | 'sweep-idempotency-keys' | 'give-invite-rewards' }

export type Call =
  | AccountStep
  | StoreStep
  | OrdersStep
  | PaymentStep
  | FailureStep
  | InboxStep
  | GiftStep
  | ServerStep
  | TimeStep

export type StepOf<K extends Call['kind']> = Extract<Call, { kind: K }>

/** `again`: the same call once more, as a client does that has lost the answer. */
export type Step = Call | { readonly kind: 'again'; readonly back: 1 | 2 | 3 }

/** What a call answers: the status, and of a refusal its code, of a success the facts that matter. */
export interface Told {
  readonly status: number
  readonly error?: string
  /** Where `err_code` is not the status. */
  readonly errCode?: number
  /** Seconds of `Retry-After`. */
  readonly retryAfter?: number
  /** Where what to do next is not what the code says. */
  readonly action?: string
  readonly facts?: Facts
}

export type Facts = Readonly<Record<string, unknown>>
