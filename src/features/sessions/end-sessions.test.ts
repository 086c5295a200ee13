import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { endSessionsOf } from './end-sessions.ts'
import type { Session, SessionEntry, SessionStore } from './session-store.ts'

const PLAYER = 10001 as PlayerId

/** A player's list and sessions; `meanwhile` runs once, after the list was first read. */
function storeOf(meanwhile: (begin: (id: string, openedBy: string | null) => void) => void) {
  const sessions = new Map<string, Session>()
  const list = new Map<SessionId, SessionEntry>()
  const pending = [meanwhile]
  const begin = (id: string, openedBy: string | null): void => {
    const content = { appId: 'app' as AppId, playerId: PLAYER, familyHash: '', refreshHash: '', expiresAtMs: 1 }
    sessions.set(id, content)
    list.set(id as SessionId, { startedAtMs: 0, client: '', openedBy: openedBy as SessionId | null })
  }
  const store: SessionStore = {
    find: async (id) => sessions.get(id) ?? null,
    create: async () => undefined,
    replace: async () => false,
    end: async (id) => sessions.delete(id),
    enlist: async () => list.size,
    entries: async () => {
      const read = new Map(list)
      pending.pop()?.(begin)
      return read
    },
    strike: async (_, id) => void list.delete(id),
  }
  return { store, begin, living: () => [...sessions.keys()].toSorted() }
}

test('what an ended session has opened by its code meanwhile ends with it, and what that has opened too', async () => {
  const { store, begin, living } = storeOf((late) => {
    late('shop', 'phone')
    late('shop-of-shop', 'shop')
    late('shop-of-kept', 'kept')
    late('login', null)
  })
  for (const id of ['phone', 'tablet', 'kept']) begin(id, null)
  const ended = await endSessionsOf({ sessions: store }, { playerId: PLAYER, except: 'kept' as SessionId })
  assert.equal(ended, 4)
  // A login that begins after the list was read is a new one and stays.
  assert.deepEqual(living(), ['kept', 'login', 'shop-of-kept'])
})
