import type { AppId, PlayerId, SessionId } from './ids.ts'

/** A game client's session, with the player that a login has bound to it. */
export interface ClientCaller {
  readonly kind: 'client'
  readonly appId: AppId
  readonly sessionId: SessionId
  readonly playerId: PlayerId | null
}

/** A game's own server. */
export interface ServerCaller {
  readonly kind: 'server'
  readonly appId: AppId
}

export type Caller = ClientCaller | ServerCaller

/** Whoever has signed the body, proven: a `signed` instance of an app. */
export interface SignerCaller {
  readonly kind: 'signer'
  readonly appId: AppId
  readonly instance: string
}
