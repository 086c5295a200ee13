import type { Static, TObject, TSchema } from 'typebox'
import type { Caller, ClientCaller, ServerCaller, SignerCaller } from '../kernel/caller.ts'
import type { ErrorCode, Language } from '../kernel/error-codes.ts'
import type { IdempotencyKey } from '../kernel/idempotency.ts'
import type { PlayerId } from '../kernel/ids.ts'
import type { Outcome } from '../kernel/outcome.ts'
import type { Origin } from '../kernel/security-event.ts'
import type { KeyPlace } from './idempotency.ts'
import type { RawAnswer } from './raw-answer.ts'

/**
 * Who may make a call. `open`: anybody. `session`: a client, logged in or not. `player`: a logged-in client.
 * `player_or_server`: also a game server, which then names the player. `server`: a game server alone. `payer`: a token of any kind, or a
 * signature over the body, which alone decides where there is one. `webhook`: a platform, which the handler asks for its
 * proof; the body is handed on as it was sent, of whatever type.
 */
export type Access = 'open' | 'session' | 'player' | 'player_or_server' | 'server' | 'payer' | 'webhook'

interface CallerOf {
  open: null
  session: ClientCaller
  player: ClientCaller & { readonly playerId: PlayerId }
  player_or_server: (ClientCaller & { readonly playerId: PlayerId }) | ServerCaller
  server: ServerCaller
  payer: Caller | SignerCaller
  webhook: null
}

/** What a handler is given: the checked request, and who makes it. */
export interface RouteInput<A extends Access, B, Q, P> {
  readonly caller: CallerOf[A]
  readonly body: B
  readonly query: Q
  readonly params: P
  readonly language: Language
  readonly requestId: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Where the call came from. */
  readonly origin: Origin
  /** The body as it was sent, for signatures and evidence. */
  readonly rawBody: Uint8Array
  /** The caller's name for this change; always null on a call that takes none. */
  readonly idempotencyKey: IdempotencyKey | null
}

/** One call of the API: its documentation, its schemas, who may make it, and the one use case behind it. */
export interface Route<
  A extends Access = Access,
  B extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  P extends TSchema = TSchema,
  R extends TObject = TObject,
> {
  readonly summary: string
  readonly description?: string
  readonly tag: string
  readonly access: A
  /** `login`: the stricter limit of calls from one address counts too. */
  readonly limit?: 'login'
  readonly body?: B
  readonly query?: Q
  readonly params?: P
  readonly answer: R
  /** The refusals of this call, beside those that every call can give. */
  readonly errors: readonly ErrorCode[]
  readonly examples: { readonly body?: Static<B>; readonly answer: Static<R> }
  /** Where a call that changes something takes an idempotency key; its use case runs in `transactOnce`. */
  readonly idempotencyKey?: KeyPlace
  /** Told of a proven caller's message whose fields are refused, so that it can be kept; the answer is 422 all the same. */
  readonly onInvalid?: (input: RouteInput<A, unknown, unknown, unknown>) => Promise<void>
  /** Only a webhook may be answered in another form than the API's own. */
  readonly handle: (
    input: RouteInput<A, Static<B>, Static<Q>, Static<P>>,
  ) => Promise<Outcome<Static<R> | (A extends 'webhook' ? RawAnswer : never)>>
}

/** Types a route by its own schemas, then forgets them, so that all routes fit one list. */
export function defineRoute<
  A extends Access,
  R extends TObject,
  B extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  P extends TSchema = TSchema,
>(route: Route<A, B, Q, P, R>): Route {
  return route as unknown as Route
}

/** One line of the table of contents. */
export type RouteEntry = readonly ['GET' | 'POST' | 'PATCH', string, Route]
