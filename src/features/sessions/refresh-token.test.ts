import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { KeyValueUnavailable } from '../../kv/kv.ts'
import { newRefreshToken, type SessionDeps } from './issue-token.ts'
import { refreshToken } from './refresh-token.ts'
import { hashOfRefreshSecret, type Session, type SessionStore } from './session-store.ts'

const ID = 'ses_1' as Parameters<SessionStore['find']>[0]
const FAMILY = 'family'
const ORIGIN = { address: '192.0.2.1', userAgent: undefined, deviceId: null, requestId: 'test' }
const newToken = () => newRefreshToken({ sessionId: ID, family: FAMILY })
const sessionWith = (refreshHash: string): Session => ({
  appId: 'app' as AppId,
  playerId: null,
  familyHash: hashOfRefreshSecret(FAMILY),
  refreshHash,
  expiresAtMs: 1,
})

/** A store of one session; `meanwhile` runs between a read and the write that follows it, once. */
function storeOf(
  first: Session,
  meanwhile: (held: { session: Session | null }) => void,
): SessionStore & { held: { session: Session | null } } {
  const held: { session: Session | null } = { session: first }
  const pending = [meanwhile]
  return {
    held,
    find: async () => held.session,
    create: async () => undefined,
    replace: async (_, { from, to }) => {
      pending.pop()?.(held)
      if (JSON.stringify(held.session) !== JSON.stringify(from)) return false
      held.session = { ...to, expiresAtMs: 1 }
      return true
    },
    end: async () => {
      const wasLiving = held.session !== null
      held.session = null
      return wasLiving
    },
    enlist: async () => 1,
    entries: async () => new Map(),
    strike: async () => undefined,
  }
}

const depsOf = (sessions: SessionStore) =>
  ({ sessions, accessTokens: { sign: async () => 'a-token' }, record: () => undefined }) as unknown as SessionDeps

test('a login that binds the session in the same moment does not make a renewal look like a theft', async () => {
  const { token, hash } = newToken()
  const store = storeOf(sessionWith(hash), (held) => {
    if (held.session) held.session = { ...held.session, playerId: 10001 as PlayerId }
  })
  const outcome = await refreshToken(depsOf(store), { refreshToken: token, origin: ORIGIN })
  assert.ok(outcome.ok)
  assert.equal(store.held.session?.playerId, 10001)
  assert.notEqual(store.held.session?.refreshHash, hash)
})

test('the same refresh token a moment earlier ends the session', async () => {
  const { token, hash } = newToken()
  const store = storeOf(sessionWith(hash), (held) => {
    if (held.session) held.session = { ...held.session, refreshHash: newToken().hash }
  })
  const outcome = await refreshToken(depsOf(store), { refreshToken: token, origin: ORIGIN })
  assert.ok(!outcome.ok && outcome.refusal.code === 'token_reused')
  assert.equal(store.held.session, null)
})

test('a session that ends in the same moment stays ended', async () => {
  const { token, hash } = newToken()
  const store = storeOf(sessionWith(hash), (held) => {
    held.session = null
  })
  const outcome = await refreshToken(depsOf(store), { refreshToken: token, origin: ORIGIN })
  assert.ok(!outcome.ok && outcome.refusal.code === 'session_revoked')
  assert.equal(store.held.session, null)
})

test('what never was a token of the session ends nothing, whoever knows its id', async () => {
  const { token, hash } = newToken()
  const { token: ofAnotherFamily } = newRefreshToken({ sessionId: ID, family: 'guessed' })
  const store = storeOf(sessionWith(hash), () => undefined)
  for (const guess of [ID, `${ID}.`, `${ID}..`, `${ID}.x`, `${ID}..${token.split('.')[2]}`, ofAnotherFamily]) {
    const outcome = await refreshToken(depsOf(store), { refreshToken: guess, origin: ORIGIN })
    assert.ok(!outcome.ok && outcome.refusal.code === 'session_revoked', guess)
    assert.notEqual(store.held.session, null, guess)
  }
  assert.ok((await refreshToken(depsOf(store), { refreshToken: token, origin: ORIGIN })).ok)
})

test('a renewal whose answer the store loses is answered all the same, and its new token is the one that lives', async () => {
  const { token, hash } = newToken()
  const store = storeOf(sessionWith(hash), () => undefined)
  const loses: SessionStore = {
    ...store,
    replace: async (id, change) => {
      await store.replace(id, change)
      throw new KeyValueUnavailable('the answer is lost')
    },
  }
  const outcome = await refreshToken(depsOf(loses), { refreshToken: token, origin: ORIGIN })
  assert.ok(outcome.ok)
  const { refreshToken: next } = outcome.value
  assert.ok((await refreshToken(depsOf(store), { refreshToken: next ?? '', origin: ORIGIN })).ok)
})

test('a renewal that never reached the store is refused, and its token is still good', async () => {
  const { token, hash } = newToken()
  const store = storeOf(sessionWith(hash), () => undefined)
  const unreached = async () => {
    throw new KeyValueUnavailable('gone')
  }
  const renew = (sessions: SessionStore) => refreshToken(depsOf(sessions), { refreshToken: token, origin: ORIGIN })
  await assert.rejects(renew({ ...store, replace: unreached }), KeyValueUnavailable)
  assert.ok((await renew(store)).ok)
})
