import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf, verdicts, withoutEvidence } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { payment } from '../support/test-app.ts'

onEveryEngine((on) => {
  const call = async (path: string, body: object, headers: Record<string, string> = {}) =>
    on.app.call('POST', path, { token: await on.app.serverToken(), body, headers })
  const fail = (fields: object, requestId = 'any') =>
    call(
      '/api/v1/payment/failure',
      { item_id: 1, web_pay_error_code: 'CARD_DECLINED', ...fields },
      { 'x-request-id': requestId },
    )
  const pay = (fields: Parameters<typeof payment>[0]) => call('/api/v1/payment/success', payment(fields))
  const statusOf = async (orderId: string) => (await orderRow(on.app, orderId))?.status

  test('a failure first makes a failed order, a cancellation a cancelled one', async () => {
    const { uid } = await on.app.logIn('fails')
    const failed = assertDone(await fail({ order_id: 'fails-1', uid }))
    assert.deepEqual([failed.order_status, failed.error_code], ['failed', 'CARD_DECLINED'])
    const cancelled = assertDone(await fail({ order_id: 'fails-2', uid, web_pay_error_code: 'PAYMENT_CANCELLED' }))
    assert.deepEqual([cancelled.order_status, cancelled.error_code], ['cancelled', 'PAYMENT_CANCELLED'])
    assert.equal((await playerRow(on.app, uid)).coins, 0)
  })

  test('the same failure again, or another, changes nothing more', async () => {
    const { uid } = await on.app.logIn('fails-again')
    assertDone(await fail({ order_id: 'again-1', uid }, 'fail-1'))
    const order = await orderRow(on.app, 'again-1')
    assertDone(await fail({ order_id: 'again-1', uid }, 'fail-2'))
    const other = assertDone(
      await fail({ order_id: 'again-1', uid, web_pay_error_code: 'PAYMENT_CANCELLED' }, 'fail-3'),
    )
    assert.deepEqual([other.order_status, other.error_code], ['failed', 'CARD_DECLINED'])
    assert.deepEqual(await orderRow(on.app, 'again-1'), order)
    assert.deepEqual(await verdicts(on.app, ['fail-1', 'fail-2', 'fail-3']), ['failed', 'unchanged', 'unchanged'])
  })

  test('a late success wins over a failure and over a cancellation', async () => {
    const { uid } = await on.app.logIn('late-success')
    for (const [order_id, code] of [
      ['late-1', 'CARD_DECLINED'],
      ['late-2', 'PAYMENT_CANCELLED'],
    ] as const) {
      assertDone(await fail({ order_id, uid, web_pay_error_code: code }))
      const body = assertDone(await pay({ order_id, uid }))
      assert.deepEqual([body.order_status, body.replayed], ['completed', false])
      assert.equal((await orderRow(on.app, order_id))?.error_code, null)
    }
    assert.equal((await playerRow(on.app, uid)).coins, 2000)
  })

  test('a late failure never undoes a completed order, and answers its true state', async () => {
    const { uid } = await on.app.logIn('late-failure')
    assertDone(await pay({ order_id: 'late-3', uid }))
    const order = await orderRow(on.app, 'late-3')
    for (const web_pay_error_code of ['CARD_DECLINED', 'PAYMENT_CANCELLED']) {
      const body = assertDone(await fail({ order_id: 'late-3', uid, web_pay_error_code }))
      assert.deepEqual([body.order_status, body.error_code], ['completed', null])
    }
    assert.deepEqual(await orderRow(on.app, 'late-3'), order)
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
  })

  test('a failure does not take an order out of review', async () => {
    const { uid } = await on.app.logIn('fails-in-review')
    assertRefused(await pay({ order_id: 'review-1', uid, price: 1 }), 409, 'price_mismatch')
    assert.equal(assertDone(await fail({ order_id: 'review-1', uid })).order_status, 'review')
  })

  test('a failure fixes neither price nor currency of an order', async () => {
    const { uid } = await on.app.logIn('wrong-price-failure')
    assertDone(await fail({ order_id: 'price-1', uid, price: 1.23, currency: 'EUR' }))
    assert.equal(assertDone(await pay({ order_id: 'price-1', uid })).order_status, 'completed')
    const order = await orderRow(on.app, 'price-1')
    assert.deepEqual([order?.price_minor, order?.currency], [1999, 'USD'])
  })

  test('a wrong payment of a failed order goes to review, a correct one is granted after it', async () => {
    const { uid } = await on.app.logIn('failed-then-wrong')
    assertDone(await fail({ order_id: 'wrong-1', uid }))
    assertRefused(await pay({ order_id: 'wrong-1', uid, price: 1 }), 409, 'price_mismatch')
    assert.equal(await statusOf('wrong-1'), 'review')
    assert.equal(assertDone(await pay({ order_id: 'wrong-1', uid })).order_status, 'completed')
  })

  test("another player's order, an unknown player and an unknown item change no order", async () => {
    const { uid } = await on.app.logIn('owns-order')
    const other = await on.app.logIn('other-owner')
    assertDone(await fail({ order_id: 'owned-1', uid }))
    assertRefused(await fail({ order_id: 'owned-1', uid: other.uid }), 409, 'order_conflict')
    assertRefused(await fail({ order_id: 'owned-1', uid, item_id: 2 }), 409, 'order_conflict')
    assertRefused(await fail({ order_id: 'owned-2', uid: '99999999' }), 404, 'player_not_found')
    assertRefused(await fail({ order_id: 'owned-3', uid, item_id: 99 }), 404, 'item_not_found')
    assert.deepEqual([await statusOf('owned-2'), await statusOf('owned-3')], [undefined, undefined])
  })

  test('bad fields are told by name, and nothing but the message is kept', async () => {
    const before = await stateOf(on.app)
    assertFaults(await call('/api/v1/payment/failure', {}), 'order_id', 'uid', 'item_id', 'web_pay_error_code')
    assertFaults(await fail({ order_id: 'x', uid: '10001', web_pay_error_code: '' }), 'web_pay_error_code')
    assertFaults(await fail({ order_id: 'x', uid: '10001', price: 'free', currency: 7 }), 'price', 'currency')
    assert.deepEqual(withoutEvidence(await stateOf(on.app)), withoutEvidence(before))
  })

  test('after all of this the books are in order', () => assertBooks(on.app))
})
