import { LRUCache } from 'lru-cache'
import type { Caller, SignerCaller } from '../kernel/caller.ts'
import { type Outcome, refused } from '../kernel/outcome.ts'
import { type Authenticate, admit, bearerToken, type VerifySigner } from './auth.ts'
import { type LimitedCall, type RateLimiter, type Standing, strictest } from './rate-limit.ts'
import type { Access } from './route.ts'

/** Who is asked about a caller, and what one address may ask for. */
export interface Gatekeepers {
  readonly authenticate: Authenticate
  readonly verifySigner: VerifySigner
  /** Null where no limit is on. */
  readonly limiter: RateLimiter | null
}

/** A call before its body is read. */
export interface Knock extends LimitedCall {
  readonly access: Access
  readonly authorization: string | undefined
  readonly signed: boolean
}

export interface Verdict<C> {
  readonly caller: Outcome<C>
  /** Null for a caller that no limit holds for. */
  readonly standing: Standing | null
}

export interface Gate {
  /** Judges a call by its token. One that is to be judged by its signature goes on, as nobody yet. */
  admit(knock: Knock): Promise<Verdict<Caller | null>>
  /** Judges a call by its signature, once its body is read. */
  admitSigner(call: LimitedCall, message: Parameters<VerifySigner>[0]): Verdict<SignerCaller>
  /** Counts a call that promised a signature and never came so far as to be judged by it. */
  chargeUnread(call: LimitedCall): void
  /** Counts a platform's callback that proved to be forged, or to be for a channel that is not there. */
  chargeForgery(call: LimitedCall): void
}

// More than the servers of a hundred games; one forgotten here is proven again by its next call.
const SERVER_TOKENS_MAX = 10_000

/**
 * Lets callers in within the limits of their addresses, players and apps. A game's server, a signer and a platform are never limited,
 * however many calls they send from one address; but what only claims to be one costs its address a call, so that nobody can make us
 * check tokens and signatures without an end.
 */
export function openGate({ authenticate, verifySigner, limiter }: Gatekeepers): Gate {
  return {
    admit: limiter === null ? unlimited(authenticate) : limited(authenticate, limiter),
    admitSigner: (call, message) => {
      if (!limiter?.counts(call)) return { caller: verifySigner(message), standing: null }
      // From here to the end nothing waits: of many at once each finds what the one before has taken.
      const standing = limiter.look(call)
      if (!standing.allowed && !limiter.proofs.look(call.address).allowed) return tooMany(standing)
      const caller = verifySigner(message)
      if (caller.ok) return { caller, standing: null }
      if (standing.allowed) return { caller, standing: limiter.take(call) }
      limiter.proofs.take(call.address)
      return tooMany(standing)
    },
    chargeUnread: (call) => {
      if (limiter?.counts(call) && !limiter.take(call).allowed) limiter.proofs.take(call.address)
    },
    chargeForgery: (call) => {
      if (limiter?.counts(call)) limiter.forgeries.take(call.address)
    },
  }
}

function tooMany(standing: Standing): Verdict<never> {
  return { caller: refused('too_many_requests', { retryAfterSeconds: standing.retryAfterSeconds }), standing }
}

function unlimited(authenticate: Authenticate): Gate['admit'] {
  return async (knock) => ({ caller: await admit(authenticate, knock), standing: null })
}

function limited(authenticate: Authenticate, limiter: RateLimiter): Gate['admit'] {
  const prover = openProver(authenticate)
  return async (knock) => {
    if (!limiter.counts(knock)) return asClient(limiter, { caller: await admit(authenticate, knock), standing: null })
    if (knock.access === 'webhook') {
      const standing = limiter.forgeries.look(knock.address)
      return standing.allowed ? { caller: await admit(authenticate, knock), standing: null } : tooMany(standing)
    }
    if (knock.access === 'payer' && knock.signed) {
      const standing = limiter.look(knock)
      const heard = standing.allowed || limiter.proofs.look(knock.address).allowed
      return heard ? { caller: await admit(authenticate, knock), standing: null } : tooMany(standing)
    }
    const token = knock.access === 'open' ? null : bearerToken(knock.authorization)
    if (token !== null) return await byToken({ limiter, prover }, knock, token)
    const standing = limiter.take(knock)
    return standing.allowed ? { caller: await admit(authenticate, knock), standing } : tooMany(standing)
  }
}

/** The call is taken before its token is checked, and given back when that turns out to be a server's. */
async function byToken(
  { limiter, prover }: { limiter: RateLimiter; prover: Prover },
  knock: Knock,
  token: string,
): Promise<Verdict<Caller | null>> {
  // No pause where there is nothing to wait for: of many at once the first must have begun before the second looks.
  const before = prover.underWay(token)
  if (before !== undefined) await before
  const taken = prover.isServers(token) ? null : limiter.take(knock)
  const onCredit = taken !== null && !taken.allowed
  if (onCredit && !limiter.proofs.take(knock.address).allowed) return tooMany(taken)
  const caller = await prover.prove(knock, token)
  if (prover.isServers(token)) {
    if (onCredit) limiter.proofs.giveBack(knock.address)
    else if (taken !== null) limiter.giveBack(knock)
    return { caller, standing: null }
  }
  const standing = taken ?? limiter.take(knock)
  return standing.allowed ? asClient(limiter, { caller, standing }) : tooMany(standing)
}

/** A client that is let in must also be within its player's limit and its app's. Its proof has cost the address a call by then. */
function asClient(limiter: RateLimiter, verdict: Verdict<Caller | null>): Verdict<Caller | null> {
  const { caller, standing } = verdict
  if (!caller.ok || caller.value?.kind !== 'client') return verdict
  const own = limiter.takeClient(caller.value)
  if (own === null) return verdict
  if (!own.allowed) return tooMany(own)
  return { caller, standing: standing === null ? own : strictest([standing, own]) }
}

interface Prover {
  prove(knock: Knock, token: string): Promise<Outcome<Caller | null>>
  /** Settles once nobody else is proving this token for the first time. */
  underWay(token: string): Promise<void> | undefined
  /** True for a token that was a server's when it was last proven. */
  isServers(token: string): boolean
}

/**
 * Remembers which tokens are servers'. Those of a new token that come all at once wait for the first of them: else a
 * server that has just renewed its token would be limited for as long as the proof takes.
 */
function openProver(authenticate: Authenticate): Prover {
  const servers = new LRUCache<string, true>({ max: SERVER_TOKENS_MAX })
  const proofs = new Map<string, Promise<void>>()
  const remember: Authenticate = async (token) => {
    const caller = await authenticate(token)
    if (caller.ok && caller.value.kind === 'server') servers.set(token, true)
    else servers.delete(token)
    return caller
  }
  return {
    isServers: (token) => servers.has(token),
    underWay: (token) => proofs.get(token),
    prove: (knock, token) => {
      const proof = admit(remember, knock)
      if (!servers.has(token) && !proofs.has(token)) {
        const end = (): void => void proofs.delete(token)
        proofs.set(token, proof.then(end, end))
      }
      return proof
    },
  }
}
