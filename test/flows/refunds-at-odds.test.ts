import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { deliver, type Purchase, purchase, tell, tellingOf } from '../support/reversals.ts'

onEveryEngine((on) => {
  let players = 0
  const newcomer = async (): Promise<{ token: string; uid: string; bought: Purchase }> => {
    players += 1
    const { token, uid } = await on.app.logIn(`at-odds-${players}`)
    return { token, uid, bought: purchase({ order_id: `at-odds-${players}`, uid }) }
  }
  const statusOf = async ({ order_id }: Purchase) => (await orderRow(on.app, order_id))?.status
  const coinsOf = async (uid: string) => (await playerRow(on.app, uid)).coins
  const move = async (uid: string, amount: number) => {
    const body = { currency: 'coins', amount, reason: 'moved', idempotency_key: `move-${uid}-${amount}` }
    const token = await on.app.serverToken()
    assertDone(await on.app.call('POST', `/api/v1/server/users/${uid}/wallet`, { token, body }))
  }
  const verdictsOf = async (kind: string): Promise<string[]> => {
    const { db } = on.app.service.database
    const rows = await db.selectFrom('payment_events').select('verdict').where('kind', '=', kind).execute()
    return rows.map((row) => row.verdict)
  }

  test('an order that waits because of two payments waits until both are given back', async () => {
    const { bought } = await newcomer()
    const [first, second] = [1, 2].map((no) => ({
      ...bought,
      amount_minor: no,
      transaction_id: `${bought.order_id}-${no}`,
    }))
    assert.ok(first && second)
    await tell(on.app, first, 'payment.succeeded')
    await tell(on.app, second, 'payment.succeeded')
    await tell(on.app, first, 'refund.succeeded')
    assert.equal(await statusOf(bought), 'review')
    await tell(on.app, second, 'refund.succeeded')
    assert.equal(await statusOf(bought), 'refunded')
    await tell(on.app, first, { type: 'refund.reversed', atMs: 2 })
    assert.equal(await statusOf(bought), 'review')
    await assertBooks(on.app)
  })

  test('money of a wrong price that went back before it was told of leaves its order refunded, and no other', async () => {
    const { bought } = await newcomer()
    const cheap = { ...bought, amount_minor: 1 }
    await tell(on.app, cheap, 'refund.succeeded', 'payment.succeeded')
    assert.equal(await statusOf(bought), 'refunded')
    await tell(on.app, cheap, { type: 'refund.reversed', atMs: 2 })
    assert.equal(await statusOf(bought), 'review')
    // The order waits because of that money; further money that went back already does not move it.
    const right = { ...bought, transaction_id: `${bought.order_id}-right` }
    await tell(on.app, right, 'refund.succeeded', 'payment.succeeded')
    assert.equal(await statusOf(bought), 'review')
    assert.deepEqual((await reviewEntries(on.app, bought.order_id)).map(({ state }) => state).toSorted(), [
      'open',
      'refunded',
    ])
    await assertBooks(on.app)
  })

  test('a sum that is told lower later gives back what is too much, and withdraws no reward any more', async () => {
    const { token, uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded', 'refund.succeeded')
    await tell(on.app, bought, { type: 'refund.succeeded', amountMinor: 500, atMs: 2 })
    assert.deepEqual([await statusOf(bought), await coinsOf(uid)], ['completed', 750])
    assert.equal(assertDone(await on.app.call('POST', '/api/v1/inbox/claim_all', { token, body: {} })).tokens, 17)
    await assertBooks(on.app)
  })

  test('a refund that was told again later outlives a reversal of before', async () => {
    const { uid, bought } = await newcomer()
    const [taken, undone] = ['refund.succeeded', 'refund.reversed'] as const
    await tell(on.app, bought, 'payment.succeeded', { type: taken, atMs: 5 }, { type: taken, atMs: 10 })
    await tell(on.app, bought, { type: undone, atMs: 7 })
    assert.deepEqual([await statusOf(bought), await coinsOf(uid)], ['refunded', 0])
    await assertBooks(on.app)
  })

  test('a part in another currency takes nothing, flags the player and says so; all of it is all in any', async () => {
    const { uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded')
    const abroad = { ...bought, currency: 'EUR' }
    await tell(on.app, abroad, { type: 'refund.succeeded', id: 'abroad', amountMinor: 100 })
    assert.deepEqual([await statusOf(bought), await coinsOf(uid)], ['completed', 1000])
    assert.notEqual((await playerRow(on.app, uid)).flagged_at_ms, null)
    assert.ok((await verdictsOf('notice')).includes('unclear_amount'))
    await tell(on.app, bought, { type: 'refund.succeeded', id: 'part', amountMinor: 1000 })
    assert.equal(await coinsOf(uid), 500)
    await tell(on.app, abroad, { type: 'refund.succeeded', id: 'rest' })
    assert.deepEqual([await statusOf(bought), await coinsOf(uid)], ['refunded', 0])
    await assertBooks(on.app)
  })

  test('the game server is told how much of a grant is gone, where the state of its order does not say so', async () => {
    const { uid, bought } = await newcomer()
    const part = { type: 'refund.succeeded', id: 'part', amountMinor: 500 } as const
    await tell(on.app, bought, 'payment.succeeded', part, part)
    await tell(on.app, bought, { type: 'refund.succeeded', id: 'all' }, { type: 'refund.reversed', id: 'all', atMs: 2 })
    const { db } = on.app.service.database
    const events = db
      .selectFrom('outbox_events')
      .selectAll()
      .where('user_id', '=', Number(uid) as PlayerId)
    const told = (await events.orderBy('event_seq').execute()).map((event) => {
      const { coins_taken, tokens_taken, order_id } = JSON.parse(event.payload)
      return event.type === 'refund.partial' ? { order_id, coins_taken, tokens_taken } : event.type
    })
    const partly = { order_id: bought.order_id, coins_taken: 250, tokens_taken: 5 }
    assert.deepEqual(told, ['order.completed', partly, 'order.refunded', 'order.completed', partly])
    await assertBooks(on.app)
  })

  test('a restoration that cannot be counted is kept and asked for again, and is booked once there is room', async () => {
    const { uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded', 'refund.succeeded')
    await move(uid, Number.MAX_SAFE_INTEGER)
    const body = tellingOf(bought, { type: 'refund.reversed', atMs: 2 })
    const answer = await deliver(on.app, body)
    assert.deepEqual([answer.status, answer.body.error], [503, 'settlement_failed'])
    assert.deepEqual([await statusOf(bought), await coinsOf(uid)], ['refunded', Number.MAX_SAFE_INTEGER])
    await move(uid, -5_000)
    assertDone(await deliver(on.app, body))
    assert.deepEqual([await statusOf(bought), await coinsOf(uid)], ['completed', Number.MAX_SAFE_INTEGER - 4_000])
    await assertBooks(on.app)
  })

  test('the refund of an erased player is booked all the same', async () => {
    const { uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded')
    await on.app.service.database.inTransaction((tx) =>
      tx
        .updateTable('users')
        .set({ status: 'erased' })
        .where('user_id', '=', Number(uid) as PlayerId)
        .execute(),
    )
    await tell(on.app, bought, 'dispute.opened', { type: 'dispute.lost', atMs: 2 })
    assert.deepEqual([await statusOf(bought), await coinsOf(uid)], ['refunded', 0])
    await assertBooks(on.app)
  })

  test('a refund of money for nobody that is told twice is noted, and closes its entry once', async () => {
    const nobody = purchase({ order_id: 'at-odds-nobody', uid: '99999' })
    await tell(on.app, nobody, 'payment.succeeded', 'dispute.opened', 'dispute.opened', 'refund.succeeded')
    await tell(on.app, nobody, 'refund.succeeded')
    assert.deepEqual(
      (await reviewEntries(on.app, nobody.order_id)).map(({ state }) => state),
      ['refunded'],
    )
    await assertBooks(on.app)
  })
})
