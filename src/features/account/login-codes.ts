import { createHmac, hkdfSync, randomBytes, randomInt } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { equalTexts } from '../../kernel/equal-texts.ts'
import type { SessionId } from '../../kernel/ids.ts'
import type { KeyValueStore } from '../../kv/kv.ts'
import type { Messengers } from '../../messaging/messenger.ts'
import { CODE_TTL_MS, TRIES_MAX } from './code-rules.ts'
import { type CodePurpose, openCodeSends, type TakenSend } from './code-sends.ts'

/** A code that was just made. It can be used until it is withdrawn or its time is over. */
export interface IssuedCode {
  readonly code: string
  /** After a failed send: nothing usable is left. */
  withdraw(): Promise<void>
}

/** One-time codes in the key-value store, where they are never readable, and the times at which addresses got them. */
export interface LoginCodes {
  /** Takes one of the sends that an address, a session and a client have, or says how long one of them has none. */
  takeSend(purpose: CodePurpose, asked: { from: string }): Promise<TakenSend>
  /** Makes the one code that its session has; the one before is dead. */
  issue(purpose: CodePurpose): Promise<IssuedCode>
  /** Uses a code up. False for a wrong, unknown, expired or used one, for another purpose's, and after too many tries. */
  redeem(typed: CodePurpose & { readonly code: string }): Promise<boolean>
  /**
   * The same of the newest code that an address was sent, whichever session asked for it: on a page of somebody else there
   * is none of ours. The tries there are counted apart, so that nobody can kill from outside what its session may still use.
   */
  redeemOfAddress(typed: Omit<CodePurpose, 'sessionId'> & { readonly code: string }): Promise<boolean>
}

export interface LoginCodeDeps {
  readonly codes: LoginCodes
  readonly messengers: Messengers
}

/** Values live a little longer in the store than they count: their end is judged by our clock, not by the store's. */
const STORE_MARGIN_MS = 60_000
/** What stands where a code was. */
const SPENT = 'spent'

export function openLoginCodes(deps: {
  kv: KeyValueStore
  clock: Clock
  secret: string
  countAddresses: boolean
}): LoginCodes {
  const { kv, clock, countAddresses } = deps
  // Six digits under a plain hash are found in a second; whoever reads the store alone lacks this key.
  const pepper = Buffer.from(hkdfSync('sha256', deps.secret, '', 'payment-api login codes', 32))
  const seal = (...parts: string[]): string =>
    createHmac('sha256', pepper).update(JSON.stringify(parts)).digest('base64url')
  const sealCode = (challengeId: string, { appId, sessionId, provider, address, code }: CodePurpose & Coded): string =>
    seal('code', challengeId, appId, sessionId, provider, address, code)
  const placeOf = ({ appId, provider, address }: Omit<CodePurpose, 'sessionId'>): string =>
    `login-code-of:${seal('place', appId, provider, address)}`
  const redeem = async (typed: CodePurpose & Coded, { triesOf }: { triesOf: string }): Promise<boolean> => {
    const key = challengeKey(typed)
    const kept = await kv.get(key)
    const challenge = kept === null ? null : decode(kept)
    if (kept === null || challenge === null || challenge.expiresAtMs <= clock.nowMs()) return false
    // Counted before the code is looked at: of a thousand guesses at once, five are looked at.
    const tries = await kv.increment(`${triesOf}:${challenge.challengeId}`, { ttlMs: CODE_TTL_MS + STORE_MARGIN_MS })
    if (tries > TRIES_MAX || !equalTexts(sealCode(challenge.challengeId, typed), challenge.seal)) return false
    // Of two right ones at once, only one finds what both have read.
    return kv.compareAndSet(key, { expected: kept, next: SPENT, ttlMs: STORE_MARGIN_MS })
  }
  return {
    takeSend: openCodeSends({ kv, clock, seal, countAddresses }).take,
    async issue(purpose) {
      const challengeId = randomBytes(16).toString('base64url')
      const code = String(randomInt(0, 1_000_000)).padStart(6, '0')
      const key = challengeKey(purpose)
      const kept = encode({
        challengeId,
        seal: sealCode(challengeId, { ...purpose, code }),
        expiresAtMs: clock.nowMs() + CODE_TTL_MS,
      })
      const options = { ttlMs: CODE_TTL_MS + STORE_MARGIN_MS }
      await Promise.all([kv.set(key, kept, options), kv.set(placeOf(purpose), purpose.sessionId, options)])
      return {
        code,
        // Exactly this one: a newer code of the session stays.
        withdraw: async () =>
          void (await kv.compareAndSet(key, { expected: kept, next: SPENT, ttlMs: STORE_MARGIN_MS })),
      }
    },
    redeem: (typed) => redeem(typed, { triesOf: 'login-code-tries' }),
    async redeemOfAddress(typed) {
      const sessionId = (await kv.get(placeOf(typed))) as SessionId | null
      if (sessionId === null) return false
      return redeem({ ...typed, sessionId }, { triesOf: 'login-code-page-tries' })
    },
  }
}

interface Coded {
  readonly code: string
}

/** One a session: who asks again gives up the code before, and nobody can fill the store. */
function challengeKey({ sessionId }: CodePurpose): string {
  return `login-code:${sessionId}`
}

interface Challenge {
  readonly challengeId: string
  readonly seal: string
  /** By our clock. */
  readonly expiresAtMs: number
}

function encode({ challengeId, seal, expiresAtMs }: Challenge): string {
  return JSON.stringify([challengeId, seal, expiresAtMs])
}

function decode(text: string): Challenge | null {
  if (text === SPENT) return null
  const [challengeId, seal, expiresAtMs] = JSON.parse(text) as [string, string, number]
  return { challengeId, seal, expiresAtMs }
}
