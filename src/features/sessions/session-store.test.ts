import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { newSessionId } from '../../kernel/ids.ts'
import type { KeyValueStore } from '../../kv/kv.ts'
import { openSessionStore } from './session-store.ts'

const DAY_MS = 24 * 60 * 60 * 1000

test('a session is kept for a day until it is somebody’s, and for thirty days from then on', async () => {
  const lives: (number | null)[] = []
  let held: string | null = null
  const keep = (value: string, ttlMs: number | null): void => {
    held = value
    lives.push(ttlMs)
  }
  const kv = {
    get: async () => held,
    set: async (_: string, value: string, { ttlMs }: { ttlMs: number | null }) => keep(value, ttlMs),
    compareAndSet: async (_: string, { next, ttlMs }: { next: string; ttlMs: number | null }) => {
      keep(next, ttlMs)
      return true
    },
  } as unknown as KeyValueStore
  const nowMs = Date.UTC(2026, 10, 1)
  const store = openSessionStore({ kv, clock: { nowMs: () => nowMs } })
  const id = newSessionId()
  const ends: number[] = []
  const read = async () => {
    const session = await store.find(id)
    assert.ok(session)
    ends.push(session.expiresAtMs - nowMs)
    return session
  }
  await store.create(id, { appId: 'app' as AppId, playerId: null, familyHash: 'f', refreshHash: 'r' })
  const started = await read()
  await store.replace(id, { from: started, to: { ...started, refreshHash: 's' } })
  const renewed = await read()
  await store.replace(id, { from: renewed, to: { ...renewed, playerId: 10001 as PlayerId } })
  await read()
  assert.deepEqual(ends, [DAY_MS, DAY_MS, 30 * DAY_MS])
  assert.deepEqual(lives, ends)
})
