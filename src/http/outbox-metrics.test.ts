import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId } from '../kernel/ids.ts'
import { createMetrics } from './metrics.ts'

test('what waits is read once for each look, and a database that fails or hangs keeps no other metric from being read', async () => {
  const metrics = createMetrics(null)
  let readings = 0
  const [sound, broken, hanging] = ['sound', 'broken', 'hanging'] as AppId[]
  metrics.watchOutbox([sound, broken, hanging] as AppId[], (appId) => {
    readings += 1
    if (appId === broken) return Promise.reject(new Error('the database is away'))
    return appId === hanging ? new Promise(() => {}) : Promise.resolve({ players: 3, ageMs: 1500 })
  })
  metrics.countDelivery({ appId: 'sound', outcome: 'failed' })
  const text = await metrics.read()
  assert.equal(readings, 3)
  const told = text.split('\n').filter((line) => line.startsWith('outbox_') && !/taken/.test(line))
  assert.deepEqual(told.toSorted(), [
    'outbox_deliveries_total{app="broken",outcome="failed"} 0',
    'outbox_deliveries_total{app="hanging",outcome="failed"} 0',
    'outbox_deliveries_total{app="sound",outcome="failed"} 1',
    'outbox_oldest_waiting_seconds{app="sound"} 1.5',
    'outbox_waiting_players{app="sound"} 3',
  ])
  assert.match(text, /^nodejs_eventloop_lag_seconds /m)
})
