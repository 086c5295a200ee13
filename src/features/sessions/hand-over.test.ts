import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { endSessionsOf } from './end-sessions.ts'
import { redeemHandover } from './hand-over.ts'
import type { SessionDeps } from './issue-token.ts'
import type { Session, SessionEntry, SessionStore } from './session-store.ts'

const [APP, PLAYER, GAME] = ['app' as AppId, 10001 as PlayerId, 'ses_game' as SessionId]
const ORIGIN = { address: '192.0.2.1', userAgent: 'Shop', deviceId: null, requestId: 'test' }
const GAMES = { appId: APP, playerId: PLAYER, familyHash: '', refreshHash: '', expiresAtMs: 1 }

/** A player's sessions, of which the game's has given a code; `onListed` runs once the one that it opens is listed. */
function playerOf(onListed: (deps: SessionDeps) => Promise<unknown>) {
  const sessions = new Map<SessionId, Session>([[GAME, GAMES]])
  const list = new Map<SessionId, SessionEntry>([[GAME, { startedAtMs: 0, client: '', openedBy: null }]])
  const pending = [onListed]
  const store: SessionStore = {
    find: async (id) => sessions.get(id) ?? null,
    create: async (id, content) => void sessions.set(id, { ...content, expiresAtMs: 1 }),
    replace: async (id, { to }) => sessions.has(id) && Boolean(sessions.set(id, { ...to, expiresAtMs: 1 })),
    end: async (id) => sessions.delete(id),
    enlist: async (_, { sessionId, startedAtMs, ...entry }) => {
      list.set(sessionId, { startedAtMs: startedAtMs ?? 1, ...entry })
      await pending.pop()?.(deps)
      return list.size
    },
    entries: async () => new Map(list),
    strike: async (_, id) => void list.delete(id),
  }
  const deps = {
    sessions: store,
    apps: { find: () => ({ appId: APP }) },
    accessTokens: { sign: async () => 'a-token' },
    handoverCodes: { redeem: async () => ({ appId: APP, sessionId: GAME, playerId: PLAYER }) },
    record: () => undefined,
  } as unknown as SessionDeps
  return { deps, sessions, list }
}

const redeem = (deps: SessionDeps) => redeemHandover(deps, { appId: APP, code: 'a-code', origin: ORIGIN })

test('a session that a code has opened is listed with the one that gave the code', async () => {
  const { deps, list } = playerOf(async () => undefined)
  assert.ok((await redeem(deps)).ok)
  const opened = [...list].filter(([id]) => id !== GAME).map(([, { client, openedBy }]) => [client, openedBy])
  assert.deepEqual(opened, [['Shop', GAME]])
})

test('whoever ends all sessions of a player ends the one that a code is just opening, at whatever moment', async () => {
  const { deps, sessions, list } = playerOf((of) => endSessionsOf(of, { playerId: PLAYER, except: null }))
  const outcome = await redeem(deps)
  assert.ok(!outcome.ok && outcome.refusal.code === 'invalid_handover')
  assert.deepEqual([sessions.size, list.size], [0, 0])
})

test('a session that ends while its code opens another one takes that with it', async () => {
  const { deps, sessions, list } = playerOf(async ({ sessions: store }) => {
    await store.end(GAME)
    await store.strike(PLAYER, GAME)
  })
  const outcome = await redeem(deps)
  assert.ok(!outcome.ok && outcome.refusal.code === 'invalid_handover')
  assert.deepEqual([sessions.size, list.size], [0, 0])
})
