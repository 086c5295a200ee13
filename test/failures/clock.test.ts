import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAuditClean } from '../support/audit-run.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { payment, startApp } from '../support/test-app.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

test('a clock that jumps forth and back keeps the books valid and every grant single', async (t) => {
  const clock = fakeClock()
  const app = await startApp({ clock })
  t.after(() => app.close())
  const orderIds: string[] = []
  let uid = ''
  for (const [index, jumpMs] of [0, HOUR_MS, -3 * HOUR_MS, 400 * DAY_MS, -1000 * DAY_MS, 600 * DAY_MS, -1].entries()) {
    clock.moveMs(jumpMs)
    const player = await app.logIn('traveller')
    uid = player.uid
    const pay = async (orderId: string) => {
      const body = payment({ order_id: orderId, uid })
      const answer = await app.call('POST', '/api/v1/payment/success', { token: player.token, body })
      assert.equal(answer.status, 200, `jump ${index}: ${JSON.stringify(answer.body)}`)
      return answer.body
    }
    for (const orderId of orderIds) assert.equal((await pay(orderId)).replayed, true, orderId)
    for (const orderId of [`order-${index}-a`, `order-${index}-b`]) {
      assert.equal((await pay(orderId)).replayed, false, orderId)
      orderIds.push(orderId)
    }
    if (index % 2 === 0) {
      const claimed = await app.call('POST', '/api/v1/inbox/claim_all', { token: player.token, body: {} })
      assert.equal(claimed.status, 200, JSON.stringify(claimed.body))
    }
    const history = await app.call('GET', '/api/v1/orders/history?limit=100', { token: player.token })
    assert.equal(history.body.data.length, orderIds.length, 'every order stands in the history once')
  }
  const account = await app.call('POST', '/api/v1/refresh', { token: await app.serverToken(), body: { uid } })
  assert.equal(account.body.coins, 1000 * orderIds.length)
  assert.equal(account.body.tokens, 22 + 20 * (orderIds.length - 1), 'the last jump has claimed what was left')
  await assertAuditClean(t, app.variables)
})
