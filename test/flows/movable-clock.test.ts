import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine, type Running } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'

const HALF_HOUR_MS = 30 * 60 * 1000
const YEAR_MS = 366 * 24 * 60 * 60 * 1000

const move = (on: Running, advance_ms: unknown) => on.app.call('POST', '/test/clock', { body: { advance_ms } })

describe('a local server', () => {
  onEveryEngine((on) => {
    test('moves its clock on: an order expires at once, and its player is still logged in', async () => {
      const { token } = await on.app.logIn('clock-expires')
      const order = await createOrder(on.app, token)
      const statusOf = async () =>
        assertDone(await on.app.call('GET', `/api/v1/orders/${order.order_id}`, { token })).order_status
      const before = assertDone(await move(on, 0))
      assert.equal(before.ahead_ms, 0)
      assert.equal(await statusOf(), 'pending')
      const after = assertDone(await move(on, HALF_HOUR_MS))
      assert.equal(after.ahead_ms, HALF_HOUR_MS)
      assert.ok(Date.parse(after.time) - Date.parse(before.time) >= HALF_HOUR_MS)
      assert.equal(await statusOf(), 'expired')
    })

    test('never moves it back, nor by anything but whole milliseconds, nor out of sight', async () => {
      const { ahead_ms: ahead } = assertDone(await move(on, 0))
      for (const wrong of [-1, 0.5, '1', null, YEAR_MS + 1, undefined])
        assertFaults(await move(on, wrong), 'advance_ms')
      assertFaults(await move(on, YEAR_MS), 'advance_ms')
      assert.equal(assertDone(await move(on, 0)).ahead_ms, ahead)
    })
  })
})

describe('where the time is not ours to move', () => {
  onEveryEngine(
    (on) => {
      test('a server online refuses', async () => {
        assertRefused(await move(on, 1), 403, 'test_routes_off')
        assertRefused(await move(on, 0), 403, 'test_routes_off')
      })
    },
    { env: 'online' },
  )
})
