import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import {
  assertBooks,
  orderRow,
  playerRow,
  reviewEntries,
  setPlayer,
  stateOf,
  verdicts,
  withoutEvidence,
} from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { type Answer, OTHER_APP_ID, payment } from '../support/test-app.ts'

/** Section 5 of the contract: what a delivery answers, and what the books say afterwards. */
onEveryEngine((on) => {
  const deliver = async (fields: Parameters<typeof payment>[0], requestId?: string): Promise<Answer> => {
    const token = await on.app.serverToken()
    const headers = requestId === undefined ? {} : { 'x-request-id': requestId }
    return on.app.call('POST', '/api/v1/payment/success', { token, body: payment(fields), headers })
  }
  const newPlayer = (loginId: string) => on.app.logIn(loginId)
  const wallet = async (uid: string) => {
    const player = await playerRow(on.app, uid)
    return { coins: player.coins, tokens: player.tokens, owed: player.inbox_tokens }
  }
  const reasons = async (orderId: string) => (await reviewEntries(on.app, orderId)).map((entry) => entry.reason)

  test('a first charge gives its coins at once and its tokens to the inbox', async () => {
    const { uid } = await newPlayer('first')
    const body = assertDone(await deliver({ order_id: 'first-1', uid, transaction_id: 'txn-first-1' }))
    assert.deepEqual(body, {
      return_code: 1,
      status_code: 1,
      order_id: 'first-1',
      order_status: 'completed',
      coins_granted: 1000,
      tokens_granted: 22,
      is_first_charge: true,
      replayed: false,
      balance: { coins: 1000, tokens: 0 },
      msg: 'Payment received: 1000 coins added, 22 tokens in the inbox.',
    })
    assert.deepEqual(await wallet(uid), { coins: 1000, tokens: 0, owed: 22 })
    const later = assertDone(await deliver({ order_id: 'first-2', uid, item_id: '4', price: '99.99', currency: 'usd' }))
    assert.deepEqual([later.is_first_charge, later.tokens_granted, later.balance.coins], [false, 101, 11_000])
  })

  test('the game server is told of a purchase in JSON as the API speaks it: flags are booleans', async () => {
    const { uid } = await newPlayer('told')
    for (const order_id of ['told-1', 'told-2']) assertDone(await deliver({ order_id, uid }))
    const { db } = on.app.service.database
    const events = await db
      .selectFrom('outbox_events')
      .selectAll()
      .where('user_id', '=', Number(uid) as PlayerId)
      .execute()
    const completed = events.filter((event) => event.type === 'order.completed')
    const flags = completed.map((event) => [event.order_id, JSON.parse(event.payload).is_first_charge])
    assert.deepEqual(Object.fromEntries(flags), { 'told-1': true, 'told-2': false })
  })

  test('the same payment again answers the first grant, balance included, and books nothing', async () => {
    const { uid } = await newPlayer('again')
    const first = assertDone(await deliver({ order_id: 'again-1', uid, transaction_id: 'txn-again' }))
    assertDone(await deliver({ order_id: 'again-2', uid }))
    const before = await wallet(uid)
    const shown = { ip: '192.0.2.1', email: 'other@example.com', payment_method: 'other', payment_channel: 'other' }
    for (const extra of [{}, shown]) {
      const again = assertDone(await deliver({ order_id: 'again-1', uid, transaction_id: 'txn-again', ...extra }))
      assert.deepEqual(again, { ...first, replayed: true })
    }
    assert.deepEqual(await wallet(uid), before)
    assert.deepEqual(await reasons('again-1'), [])
  })

  test('a paid order with another player, item, price or currency is a conflict, and its money waits', async () => {
    const { uid } = await newPlayer('conflict')
    const other = await newPlayer('conflict-other')
    const granted = assertDone(await deliver({ order_id: 'conflict-1', uid }))
    const order = await orderRow(on.app, 'conflict-1')
    const changes = [
      { uid: other.uid },
      { item_id: 2 },
      { price: 29.99 },
      { currency: 'EUR' },
      { item_id: 2, price: 29.99, transaction_id: 'txn-conflict' },
    ]
    for (const [index, change] of changes.entries()) {
      assertRefused(await deliver({ order_id: 'conflict-1', uid, ...change }), 409, 'order_conflict')
      assert.equal((await reasons('conflict-1')).length, index + 1)
    }
    assertRefused(await deliver({ order_id: 'conflict-1', uid, item_id: 2 }), 409, 'order_conflict')
    assert.deepEqual(
      await reasons('conflict-1'),
      changes.map(() => 'order_conflict'),
    )
    assert.deepEqual(await orderRow(on.app, 'conflict-1'), order)
    assert.deepEqual(await wallet(uid), { coins: 1000, tokens: 0, owed: 22 })
    assert.deepEqual(await wallet(other.uid), { coins: 0, tokens: 0, owed: 0 })
    assert.deepEqual(assertDone(await deliver({ order_id: 'conflict-1', uid })), { ...granted, replayed: true })
  })

  test('before it is paid, another player or item is a conflict and leaves the order as it is', async () => {
    const { uid } = await newPlayer('unpaid')
    const other = await newPlayer('unpaid-other')
    assertRefused(await deliver({ order_id: 'unpaid-1', uid, price: 1 }), 409, 'price_mismatch')
    const order = await orderRow(on.app, 'unpaid-1')
    assertRefused(await deliver({ order_id: 'unpaid-1', uid: other.uid }), 409, 'order_conflict')
    assertRefused(await deliver({ order_id: 'unpaid-1', uid, item_id: 2, price: 29.99 }), 409, 'order_conflict')
    assert.deepEqual(await orderRow(on.app, 'unpaid-1'), order)
    const told = await reasons('unpaid-1')
    assert.deepEqual(told.toSorted(), ['order_conflict', 'order_conflict', 'price_mismatch'])
  })

  test('a wrong price or currency makes an order in review, once, however often it is sent', async () => {
    const { uid } = await newPlayer('mismatch')
    for (const [order_id, wrong] of [
      ['mismatch-1', { price: 19.98 }],
      ['mismatch-2', { currency: 'EUR' }],
      ['mismatch-3', { price: 0 }],
    ] as const) {
      for (let sent = 0; sent < 3; sent++) {
        assertRefused(await deliver({ order_id, uid, ...wrong }), 409, 'price_mismatch')
      }
      const order = await orderRow(on.app, order_id)
      assert.deepEqual(
        [order?.status, order?.error_code, order?.granted_payment_id],
        ['review', 'price_mismatch', null],
      )
      assert.deepEqual(await reasons(order_id), ['price_mismatch'])
    }
    assert.deepEqual(await wallet(uid), { coins: 0, tokens: 0, owed: 0 })
    assert.equal((await playerRow(on.app, uid)).first_charge_order_id, null)
  })

  test('another, correct payment of an order in review is granted; the first entry stays in the queue', async () => {
    const { uid } = await newPlayer('corrected')
    assertRefused(await deliver({ order_id: 'corrected-1', uid, price: 5 }), 409, 'price_mismatch')
    const body = assertDone(await deliver({ order_id: 'corrected-1', uid }))
    assert.deepEqual([body.order_status, body.tokens_granted, body.replayed], ['completed', 22, false])
    const entries = await reviewEntries(on.app, 'corrected-1')
    assert.deepEqual(
      entries.map((entry) => [entry.reason, entry.state]),
      [['price_mismatch', 'open']],
    )
    assertRefused(await deliver({ order_id: 'corrected-1', uid, price: 5 }), 409, 'price_mismatch')
    assert.equal((await orderRow(on.app, 'corrected-1'))?.status, 'completed')
  })

  test('an unknown item makes an order without a name that promises nothing', async () => {
    const { uid } = await newPlayer('unknown-item')
    assertRefused(await deliver({ order_id: 'item-99', uid, item_id: 99 }), 404, 'item_not_found')
    const order = await orderRow(on.app, 'item-99')
    assert.ok(order)
    assert.deepEqual([order.status, order.item_name_en, order.coins, order.tokens], ['review', null, 0, 0])
    assert.deepEqual(await reasons('item-99'), ['item_not_found'])
  })

  test('a locked item goes to review, and to a premium player it is granted', async () => {
    const { uid } = await newPlayer('locked')
    const item = { item_id: 7, price: 599.99 }
    assertRefused(await deliver({ order_id: 'locked-1', uid, ...item }), 403, 'item_locked')
    assert.equal((await orderRow(on.app, 'locked-1'))?.status, 'review')
    for (let bought = 0; bought < 10; bought++) assertDone(await deliver({ order_id: `locked-buy-${bought}`, uid }))
    assertRefused(await deliver({ order_id: 'locked-2', uid, ...item }), 403, 'item_locked')
    await setPlayer(on.app, uid, { level_hundredths: 9999 })
    assert.equal(assertDone(await deliver({ order_id: 'locked-3', uid, ...item })).tokens_granted, 630)
    assert.deepEqual(await reasons('locked-1'), ['item_locked'])
  })

  test('an unknown player, or one of another app, leaves money in the queue and no order', async () => {
    const foreign = await on.app.logIn('foreign-payer', OTHER_APP_ID)
    for (const [order_id, uid] of [
      ['nobody-1', '99999999'],
      ['nobody-2', foreign.uid],
    ] as const) {
      for (let sent = 0; sent < 2; sent++) assertRefused(await deliver({ order_id, uid }), 404, 'player_not_found')
      assert.equal(await orderRow(on.app, order_id), undefined)
      assert.deepEqual(await reasons(order_id), ['player_not_found'])
    }
  })

  test('a known transaction id under another order id is kept, never granted and never queued', async () => {
    const { uid } = await newPlayer('known-txn')
    assertDone(await deliver({ order_id: 'known-1', uid, transaction_id: 'txn-known' }))
    const before = await stateOf(on.app)
    const answer = await deliver({ order_id: 'known-2', uid, transaction_id: 'txn-known' }, 'request-known-2')
    assertRefused(answer, 409, 'order_conflict')
    const { payment_events, payment_event_bodies, ...rest } = await stateOf(on.app)
    const { payment_events: eventsBefore, payment_event_bodies: bodiesBefore, ...restBefore } = before
    assert.deepEqual(rest, restBefore)
    assert.deepEqual([payment_events, payment_event_bodies], [Number(eventsBefore) + 1, Number(bodiesBefore) + 1])
    assert.deepEqual(await verdicts(on.app, ['request-known-2']), ['order_conflict'])
    assert.equal(await orderRow(on.app, 'known-2'), undefined)
    // The order is free for a payment of its own.
    assert.equal(assertDone(await deliver({ order_id: 'known-2', uid, transaction_id: 'txn-own' })).replayed, false)
  })

  test('a second transaction id for a granted order is a duplicate charge: answered, queued, not granted', async () => {
    const { uid } = await newPlayer('duplicate')
    const first = assertDone(await deliver({ order_id: 'duplicate-1', uid, transaction_id: 'txn-d1' }))
    for (let sent = 0; sent < 2; sent++) {
      const second = assertDone(await deliver({ order_id: 'duplicate-1', uid, transaction_id: 'txn-d2' }))
      assert.deepEqual(second, { ...first, replayed: true })
    }
    assert.deepEqual(await reasons('duplicate-1'), ['duplicate_charge'])
    assertDone(await deliver({ order_id: 'duplicate-1', uid, transaction_id: 'txn-d3' }))
    assert.deepEqual(await reasons('duplicate-1'), ['duplicate_charge', 'duplicate_charge'])
    assert.deepEqual(await wallet(uid), { coins: 1000, tokens: 0, owed: 22 })
  })

  test('the same order id in another app is another order', async () => {
    const here = await newPlayer('same-id')
    const there = await on.app.logIn('same-id', OTHER_APP_ID)
    const body = (uid: string) => payment({ order_id: 'shared-id', uid, transaction_id: 'txn-shared' })
    for (const { token, uid } of [here, there]) {
      const answer = assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body: body(uid) }))
      assert.deepEqual([answer.replayed, answer.is_first_charge], [false, true])
    }
  })

  test('every message is kept with its bytes, its hash and its verdict, without tokens', async () => {
    const { uid } = await newPlayer('kept')
    await deliver({ order_id: 'kept-1', uid }, 'kept-a')
    await deliver({ order_id: 'kept-1', uid }, 'kept-b')
    await deliver({ order_id: 'kept-1', uid, price: 3 }, 'kept-c')
    assert.deepEqual(await verdicts(on.app, ['kept-a', 'kept-b', 'kept-c']), ['granted', 'replayed', 'order_conflict'])
  })

  test('prices that cannot be exact are refused, and nothing but the message is kept', async () => {
    const { uid } = await newPlayer('exact')
    const before = await stateOf(on.app)
    for (const price of [
      19.999,
      '19.999',
      -1,
      '-1',
      '1e2',
      'NaN',
      '',
      ' 19.99',
      '19,99',
      1e21,
      '9007199254740993',
      null,
    ]) {
      assertRefused(await deliver({ order_id: 'exact-1', uid, price }), 422, 'invalid_fields')
    }
    for (const currency of ['XXX', 'US', '', 'BTC', 'U$D']) {
      assertRefused(await deliver({ order_id: 'exact-1', uid, currency }), 422, 'invalid_fields')
    }
    const mixed = await deliver({ order_id: 'exact-1', uid, web_pay_error_code: 'X' })
    assertRefused(mixed, 422, 'invalid_fields')
    for (const order_id of ['a:b', '', 'a b', 'é', 'x'.repeat(129)]) {
      assertRefused(await deliver({ order_id, uid }), 422, 'invalid_fields')
    }
    assert.deepEqual(withoutEvidence(await stateOf(on.app)), withoutEvidence(before))
    assert.equal(assertDone(await deliver({ order_id: 'exact-1', uid, price: '19.990' })).order_status, 'completed')
  })

  test('a balance that could no longer be counted exactly is refused, and the money waits', async () => {
    const { uid } = await newPlayer('rich')
    await setPlayer(on.app, uid, { coins: Number.MAX_SAFE_INTEGER - 999 })
    assertRefused(await deliver({ order_id: 'rich-1', uid }), 422, 'balance_overflow')
    assert.deepEqual(await reasons('rich-1'), ['balance_overflow'])
    await setPlayer(on.app, uid, { coins: 0 })
  })

  test('after all of this the books are in order', () => assertBooks(on.app))
})
