import { createHash, randomBytes, randomInt } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { equalTexts } from '../../kernel/equal-texts.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import type { KeyValueStore } from '../../kv/kv.ts'

/** Where a login is to lead: the pages of one channel of one app, and no other's. */
export interface StoreLoginPlace {
  readonly appId: AppId
  readonly instance: string
}

/** Who has confirmed a login: a player, on a session that must still be theirs when the code is used. */
export interface StoreLoginSource extends StoreLoginPlace {
  readonly sessionId: SessionId
  readonly playerId: PlayerId
}

/** A code that its player was shown. */
export interface ShownStoreCode {
  readonly code: string
  readonly loginToken: string
  readonly expiresInSeconds: number
}

/**
 * Logins on a platform's page that a player confirms inside the game. A token names each, and a code that the player is
 * shown opens it, once; the store has only hashes of both.
 */
export interface StoreCodes {
  /** Begins a login that any player of the app may confirm. Null where too many were begun in this minute. */
  begin(place: StoreLoginPlace): Promise<{ loginToken: string; expiresInSeconds: number } | null>
  /**
   * Makes the code of a login that was begun. Null for one that is unknown, over, used, of another place, or confirmed by
   * another player. The same player may ask again: the code before is dead, and the tries stay used.
   */
  confirm(by: StoreLoginSource, confirmed: { loginToken: string }): Promise<ShownStoreCode | null>
  /** Begins a login and confirms it at once. A session has one for each place; the one before is dead. */
  issue(by: StoreLoginSource): Promise<ShownStoreCode>
  /** Uses a login up. Null for a wrong, unknown, unconfirmed, expired or used one, another place's, and after too many tries. */
  redeem(place: StoreLoginPlace, typed: { loginToken: string; code: string }): Promise<StoreLoginSource | null>
}

/** Time to find the game on the phone, to open it and to read a code. */
export const STORE_LOGIN_SECONDS = 600
/** Tries that one login bears. Whoever guesses has no token either: it is 256 random bits. */
export const STORE_CODE_TRIES_MAX = 5

/** Anybody who opens the page begins one: a hundred a second is a store on its best day, and fills no store of ours. */
const BEGUN_PER_MINUTE_MAX = 6000
const MINUTE_MS = 60_000

const TTL_MS = STORE_LOGIN_SECONDS * 1000
/** Logins live a little longer in the store than they count: their end is judged by our clock, not by the store's. */
const STORE_MARGIN_MS = 60_000
/** What stands where a login was. */
const SPENT = 'spent'

/** A place in the store, and 256 random bits. */
const LOGIN_TOKEN = /^([\w-]{22})\.([\w-]{43})$/

export function openStoreCodes({ kv, clock }: { kv: KeyValueStore; clock: Clock }): StoreCodes {
  const find = async (loginToken: string, { appId, instance }: StoreLoginPlace): Promise<Found | null> => {
    const [, place = '', secret = ''] = LOGIN_TOKEN.exec(loginToken) ?? []
    const key = keyOf(place)
    const kept = place === '' ? null : await kv.get(key)
    const login = kept === null ? null : decode(kept)
    if (kept === null || login === null || login.expiresAtMs <= clock.nowMs()) return null
    if (!equalTexts(hashOf('token', secret), login.tokenHash)) return null
    return login.appId === appId && login.instance === instance ? { key, kept, login, secret } : null
  }
  const write = async (place: string, { code, ...of }: NewLogin) => {
    const secret = randomBytes(32).toString('base64url')
    const codeHash = code === null ? null : hashOf('code', secret, code)
    const kept = encode({ ...of, tokenHash: hashOf('token', secret), codeHash, expiresAtMs: clock.nowMs() + TTL_MS })
    await kv.set(keyOf(place), kept, { ttlMs: TTL_MS + STORE_MARGIN_MS })
    return { loginToken: `${place}.${secret}`, expiresInSeconds: STORE_LOGIN_SECONDS }
  }
  return {
    async begin({ appId, instance }) {
      const minute = Math.floor(clock.nowMs() / MINUTE_MS)
      const begun = await kv.increment(`store-logins:${appId}:${instance}:${minute}`, { ttlMs: 2 * MINUTE_MS })
      if (begun > BEGUN_PER_MINUTE_MAX) return null
      const place = randomBytes(16).toString('base64url')
      return write(place, { appId, instance, sessionId: null, playerId: null, code: null })
    },
    async issue({ appId, instance, sessionId, playerId }) {
      const code = newCode()
      // Found again by its session, which the token does not tell: so a session cannot have two.
      const place = hashOf('place', sessionId, instance).slice(0, 22)
      return { code, ...(await write(place, { appId, instance, sessionId, playerId, code })) }
    },
    async confirm({ sessionId, playerId, ...place }, { loginToken }) {
      const found = await find(loginToken, place)
      if (found === null) return null
      const { key, kept, login, secret } = found
      if (login.playerId !== null && login.playerId !== playerId) return null
      const code = newCode()
      const next = encode({ ...login, sessionId, playerId, codeHash: hashOf('code', secret, code) })
      const leftMs = login.expiresAtMs - clock.nowMs()
      // Of two players at once, one finds what both have read.
      const won = await kv.compareAndSet(key, { expected: kept, next, ttlMs: leftMs + STORE_MARGIN_MS })
      return won ? { code, loginToken, expiresInSeconds: Math.ceil(leftMs / 1000) } : null
    },
    async redeem(place, { loginToken, code }) {
      const found = await find(loginToken, place)
      if (found === null) return null
      const { key, kept, login, secret } = found
      const { codeHash, sessionId, playerId } = login
      if (codeHash === null || sessionId === null || playerId === null) return null
      // Counted before the code is looked at: of a thousand guesses at once, five are looked at.
      const tries = await kv.increment(`store-login-tries:${login.tokenHash}`, { ttlMs: TTL_MS + STORE_MARGIN_MS })
      if (tries > STORE_CODE_TRIES_MAX || !equalTexts(hashOf('code', secret, code), codeHash)) return null
      // Of a hundred right ones at once, one finds what all have read.
      const won = await kv.compareAndSet(key, { expected: kept, next: SPENT, ttlMs: STORE_MARGIN_MS })
      return won ? { ...place, sessionId, playerId } : null
    },
  }
}

interface Login extends StoreLoginPlace {
  readonly tokenHash: string
  /** Null until a player has confirmed it. */
  readonly codeHash: string | null
  readonly sessionId: SessionId | null
  readonly playerId: PlayerId | null
  /** By our clock. */
  readonly expiresAtMs: number
}

interface NewLogin extends Omit<Login, 'tokenHash' | 'codeHash' | 'expiresAtMs'> {
  readonly code: string | null
}

interface Found {
  readonly key: string
  /** As it stands in the store. */
  readonly kept: string
  readonly login: Login
  readonly secret: string
}

function keyOf(place: string): string {
  return `store-login:${place}`
}

function newCode(): string {
  return String(randomInt(0, 1_000_000)).padStart(6, '0')
}

function encode({ tokenHash, codeHash, appId, instance, sessionId, playerId, expiresAtMs }: Login): string {
  return JSON.stringify([tokenHash, codeHash, appId, instance, sessionId, playerId, expiresAtMs])
}

function decode(text: string): Login | null {
  if (text === SPENT) return null
  const [tokenHash, codeHash, appId, instance, sessionId, playerId, expiresAtMs] = JSON.parse(text) as [
    string,
    string | null,
    AppId,
    string,
    SessionId | null,
    PlayerId | null,
    number,
  ]
  return { tokenHash, codeHash, appId, instance, sessionId, playerId, expiresAtMs }
}

/** Of a code with the secret of its token: by itself, six digits under a hash are found in a second. */
function hashOf(...parts: string[]): string {
  return createHash('sha256')
    .update(JSON.stringify(['store-login', ...parts]))
    .digest('base64url')
}
