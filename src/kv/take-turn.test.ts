import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { KeyValueStore } from './kv.ts'
import { openKeyValueStore } from './open.ts'
import { takeTurn } from './take-turn.ts'

const NOW_MS = 1_790_000_000_000

async function openStore(t: TestContext): Promise<KeyValueStore> {
  const directory = await mkdtemp(join(tmpdir(), 'payment-api-turns-'))
  const clock = { nowMs: () => NOW_MS }
  const kv = await openKeyValueStore({ kind: 'sqlite', file: join(directory, 'kv.db'), clock })
  t.after(async () => {
    await kv.close()
    await rm(directory, { recursive: true })
  })
  return kv
}

test('one turn every so often, and how long the next one waits', async (t) => {
  const kv = await openStore(t)
  const turn = (nowMs: number, name = 'order') => takeTurn(kv, { name, everyMs: 10_000, nowMs })
  assert.equal(await turn(NOW_MS), 0)
  assert.equal(await turn(NOW_MS + 1), 9_999)
  assert.equal(await turn(NOW_MS + 9_999), 1)
  assert.equal(await turn(NOW_MS + 1, 'another'), 0)
  assert.equal(await turn(NOW_MS + 10_000), 0)
  assert.equal(await turn(NOW_MS + 10_001), 9_999)
})

test('of many at once one has it', async (t) => {
  const kv = await openStore(t)
  const turns = Array.from({ length: 20 }, () => takeTurn(kv, { name: 'order', everyMs: 10_000, nowMs: NOW_MS }))
  const waits = await Promise.all(turns)
  assert.equal(waits.filter((waitMs) => waitMs === 0).length, 1)
})

test('a clock that went back keeps nobody waiting', async (t) => {
  const kv = await openStore(t)
  assert.equal(await takeTurn(kv, { name: 'order', everyMs: 10_000, nowMs: NOW_MS }), 0)
  assert.equal(await takeTurn(kv, { name: 'order', everyMs: 10_000, nowMs: NOW_MS - 86_400_000 }), 0)
})
