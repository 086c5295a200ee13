import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import type { KeyValueStore } from '../../kv/kv.ts'
import { openHandoverCodes } from './handover-codes.ts'

const OF = { appId: 'app' as AppId, sessionId: 'ses_1' as SessionId, playerId: 10001 as PlayerId }

/** A store that answers no reader before `readers` of them have asked: all know the same before the first of them acts. */
function storeOf(readers: number): KeyValueStore {
  const values = new Map<string, string>()
  const all = Promise.withResolvers<void>()
  let asked = 0
  return {
    set: async (key: string, value: string) => void values.set(key, value),
    get: async (key: string) => {
      const value = values.get(key) ?? null
      asked += 1
      if (asked === readers) all.resolve()
      await all.promise
      return value
    },
    compareAndSet: async (key: string, { expected, next }: { expected: string; next: string }) => {
      if (values.get(key) !== expected) return false
      values.set(key, next)
      return true
    },
  } as unknown as KeyValueStore
}

test('of a hundred who have all read a code before the first uses it, one uses it', async () => {
  const codes = openHandoverCodes({ kv: storeOf(100), clock: { nowMs: () => 0 } })
  const code = await codes.issue(OF)
  const redeemed = await Promise.all(Array.from({ length: 100 }, () => codes.redeem({ appId: OF.appId, code })))
  assert.deepEqual(
    redeemed.filter((source) => source !== null),
    [OF],
  )
})

test('a code that was read a moment before a newer one was made is dead, and the newer one is not', async () => {
  const codes = openHandoverCodes({ kv: storeOf(2), clock: { nowMs: () => 0 } })
  const old = codes.redeem({ appId: OF.appId, code: await codes.issue(OF) })
  const newer = await codes.issue(OF)
  assert.deepEqual(await Promise.all([old, codes.redeem({ appId: OF.appId, code: newer })]), [null, OF])
})
