import type { Caller, ClientCaller, SignerCaller } from '../kernel/caller.ts'
import type { PlayerId } from '../kernel/ids.ts'
import { parsePlayerId } from '../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import type { Access } from './route.ts'

/** Asks the sessions who a token stands for. Handed in, so that this file knows no feature. */
export type Authenticate = (accessToken: string) => Promise<Outcome<Caller>>

/** Asks the channels who has signed a body. Handed in, like the sessions. */
export type VerifySigner = (message: {
  signature: string | string[] | undefined
  channelHeader: string | string[] | undefined
  paymentChannel: string | undefined
  rawBody: Uint8Array
}) => Outcome<SignerCaller>

// A token of ours is under 600 bytes; what is longer was never ours and is not worth a hash.
const HEADER_LENGTH_MAX = 4096

/** The token of an `Authorization: Bearer` header, or null. */
export function bearerToken(header: string | undefined): string | null {
  // Whole or not at all: cut to its limit, what is too long could end in a token of ours.
  if (header === undefined || header.length > HEADER_LENGTH_MAX) return null
  return /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(header)?.[1] ?? null
}

/** Finds out who calls and whether such a caller may make this call at all. */
export async function admit(
  authenticate: Authenticate,
  { access, authorization, signed }: { access: Access; authorization: string | undefined; signed: boolean },
): Promise<Outcome<Caller | null>> {
  if (access === 'open' || access === 'webhook') return accepted(null)
  // Where a signature is there it alone decides, whatever token stands beside it; it is checked once the body is read.
  if (access === 'payer' && signed) return accepted(null)
  const token = bearerToken(authorization)
  if (!token) return refused('unauthorized')
  const caller = await authenticate(token)
  if (!caller.ok || access === 'payer') return caller
  if (caller.value.kind === 'server') {
    return access === 'player_or_server' || access === 'server' ? caller : refused('wrong_scope')
  }
  if (access === 'server') return refused('wrong_scope')
  if (access !== 'session' && caller.value.playerId === null) return refused('login_required')
  return caller
}

/**
 * The player that a call is about: the session's own, or, for a game server, the one that it names. A `uid` that is
 * not the session's player is refused even where it exists.
 */
export function namedPlayer(
  caller: Caller | (ClientCaller & { playerId: PlayerId }),
  uid: string | undefined,
): Outcome<PlayerId> {
  if (caller.kind === 'server') {
    const named = uid === undefined ? null : parsePlayerId(uid)
    return named === null
      ? refused('invalid_fields', {
          details: [{ path: 'uid', message: 'a server token must name the player: a decimal string' }],
        })
      : accepted(named)
  }
  if (caller.playerId === null) return refused('login_required')
  return uid === undefined || uid === String(caller.playerId) ? accepted(caller.playerId) : refused('not_your_account')
}
