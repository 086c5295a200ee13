import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'

const clock = fakeClock()

onEveryEngine(
  (on) => {
    test('paid, given up, failed and expired at once: the payment wins, once', async () => {
      const { uid } = await on.app.logIn('race-end')
      for (let round = 0; round < 8; round++) {
        const { token } = await on.app.logIn('race-end')
        const server = await on.app.serverToken()
        const order = await createOrder(on.app, token)
        clock.moveMs(30 * 60_000)
        const told = { order_id: order.order_id, uid, item_id: 1 }
        const paid = { ...told, price: 19.99, currency: 'USD', transaction_id: order.order_id }
        const failed = { ...told, web_pay_error_code: 'CARD_DECLINED' }
        const [payment, again, cancelled] = await Promise.all([
          on.app.call('POST', '/api/v1/payment/success', { token: server, body: paid }),
          on.app.call('POST', '/api/v1/payment/success', { token: server, body: paid }),
          on.app.call('POST', `/api/v1/orders/${order.order_id}/cancel`, { token }),
          on.app.call('POST', '/api/v1/payment/failure', { token: server, body: failed }),
          on.app.service.jobs.run('expire-orders'),
          on.app.service.jobs.run('expire-orders'),
        ])
        const replays = [payment, again].map((answer) => assertDone(answer).replayed)
        assert.deepEqual(replays.toSorted(), [false, true])
        if (cancelled.status !== 200) assertRefused(cancelled, 409, 'order_not_pending')
        assert.equal((await orderRow(on.app, order.order_id))?.status, 'completed')
      }
      assert.equal((await playerRow(on.app, uid)).coins, 8_000)
      await assertBooks(on.app)
    })

    test('forty orders at once: twenty wait, twenty are told to come later', async () => {
      const { token } = await on.app.logIn('race-many')
      const body = { item_id: 1, payment_channel: 'sandbox' }
      const order = () => on.app.call('POST', '/api/v1/orders', { token, body })
      const answers = await Promise.all(Array.from({ length: 40 }, order))
      assert.equal(answers.filter((answer) => answer.status === 200).length, 20)
      for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 429, 'too_many_requests')
      await assertBooks(on.app)
    })

    test('a hundred orders of ten players end at once in two runs of the job, each once', async () => {
      const orders: string[] = []
      for (let n = 0; n < 10; n++) {
        const { token } = await on.app.logIn(`race-expire-${n}`)
        for (let k = 0; k < 10; k++) orders.push((await createOrder(on.app, token)).order_id)
      }
      clock.moveMs(30 * 60_000)
      const run = () => on.app.service.jobs.run('expire-orders')
      const ended = await Promise.all([run(), run(), run()])
      assert.ok(ended.reduce((sum, count) => sum + count, 0) >= 100)
      for (const orderId of orders) {
        const row = await orderRow(on.app, orderId)
        assert.deepEqual([row?.status, row?.state_version], ['expired', 2])
      }
      await assertBooks(on.app)
    })
  },
  { clock },
)
