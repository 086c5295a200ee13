import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '../../src/kernel/outcome.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { type Purchase, purchase, tell } from '../support/reversals.ts'
import { approveBy, deskOf, entryOf, refundBy, refundingPlatform } from '../support/review-desk.ts'
import { payment } from '../support/test-app.ts'

onEveryEngine((on) => {
  let cases = 0
  /** A player who paid the sandbox's platform less than the item costs: the money waits. */
  const underpaid = async (fields: Partial<Purchase> = {}) => {
    cases += 1
    const { token, uid } = await on.app.logIn(`review-${cases}`)
    const bought = purchase({ order_id: `review-${cases}`, uid, amount_minor: 999, ...fields })
    await tell(on.app, bought, 'payment.succeeded')
    const platform = refundingPlatform()
    const desk = deskOf(on.app, platform.channel)
    return { token, uid, bought, platform, desk, entry: await entryOf(on.app, bought.order_id) }
  }
  const stateOf = async (orderId: string) => (await entryOf(on.app, orderId)).state
  const walletOf = async (uid: string) => {
    const { coins, inbox_tokens: waiting } = await playerRow(on.app, uid)
    return [coins, waiting]
  }
  const codeOf = (outcome: Outcome<unknown>): string => (outcome.ok ? 'accepted' : outcome.refusal.code)
  const actionsOn = async (orderId: string) => {
    const rows = await on.app.service.database.db.selectFrom('staff_actions').selectAll().execute()
    return rows.filter((row) => row.order_id === orderId)
  }

  test('approved money completes its order at the price that was paid, once, and the payment answers that grant', async () => {
    const { uid, bought, desk, entry } = await underpaid()
    const approved = await approveBy(desk, entry.entry_id)
    assert.ok(approved.ok)
    assert.deepEqual(
      [approved.value.orderId, approved.value.orderStatus, approved.value.isFirstCharge],
      [bought.order_id, 'completed', true],
    )
    assert.deepEqual(await walletOf(uid), [1000, 22])
    const order = await orderRow(on.app, bought.order_id)
    assert.deepEqual([order?.status, order?.price_minor], ['completed', 999])
    assert.equal(await stateOf(bought.order_id), 'approved')
    assert.equal(codeOf(await approveBy(desk, entry.entry_id)), 'review_entry_closed')
    const again = await tell(on.app, bought, 'payment.succeeded')
    assert.deepEqual([again.order_id, again.order_status], [bought.order_id, 'completed'])
    assert.deepEqual(await walletOf(uid), [1000, 22])
    const [action] = await actionsOn(bought.order_id)
    assert.deepEqual([action?.kind, action?.by_name, action?.entry_id], ['approve', 'a tester', entry.entry_id])
    await assertBooks(on.app)
  })

  test('approved for another player or another item it is a new order, which the payment answers from then on', async () => {
    const friend = await on.app.logIn('review-friend')
    const serverToken = await on.app.serverToken()
    const gift = payment({ order_id: 'review-nobody', uid: '999999', transaction_id: 'review-nobody-1' })
    const pay = () => on.app.call('POST', '/api/v1/payment/success', { token: serverToken, body: gift })
    assertRefused(await pay(), 404, 'player_not_found')
    const desk = deskOf(on.app, {})
    const { entry_id: entryId } = await entryOf(on.app, 'review-nobody')
    assert.equal(codeOf(await approveBy(desk, entryId)), 'payment_unproven')
    assert.equal(codeOf(await approveBy(desk, entryId, { isStatedPaid: true })), 'player_not_found')
    const approved = await approveBy(desk, entryId, { uid: friend.uid, isStatedPaid: true })
    assert.ok(approved.ok)
    assert.match(approved.value.orderId, /^ord_[0-9a-f]{32}$/)
    assert.deepEqual(await walletOf(friend.uid), [1000, 22])
    const answered = assertDone(await pay())
    assert.deepEqual([answered.order_id, answered.replayed], [approved.value.orderId, true])

    const { uid, bought, desk: ours, entry } = await underpaid({ item_id: 99, amount_minor: 2999 })
    assert.equal(codeOf(await approveBy(ours, entry.entry_id)), 'item_not_found')
    assert.equal(codeOf(await approveBy(ours, entry.entry_id, { itemId: 8 })), 'item_locked')
    const other = await approveBy(ours, entry.entry_id, { itemId: 2 })
    assert.ok(other.ok)
    assert.notEqual(other.value.orderId, bought.order_id)
    assert.equal((await tell(on.app, bought, 'payment.succeeded')).order_id, other.value.orderId)
    assert.equal((await orderRow(on.app, other.value.orderId))?.item_id, 2)
    assert.equal((await playerRow(on.app, uid)).first_charge_order_id, other.value.orderId)
    await assertBooks(on.app)
  })

  test('a second charge of a granted order is approved as an order of its own', async () => {
    const { uid } = await on.app.logIn('review-twice')
    const first = purchase({ order_id: 'review-twice', uid, transaction_id: 'twice-1' })
    await tell(on.app, first, 'payment.succeeded')
    await tell(on.app, { ...first, transaction_id: 'twice-2' }, 'payment.succeeded')
    const desk = deskOf(on.app, refundingPlatform().channel)
    const approved = await approveBy(desk, (await entryOf(on.app, 'review-twice')).entry_id)
    assert.ok(approved.ok)
    assert.equal(approved.value.isFirstCharge, false)
    assert.deepEqual(await walletOf(uid), [2000, 42])
    await tell(on.app, { ...first, transaction_id: 'twice-2' }, 'refund.succeeded')
    assert.equal((await orderRow(on.app, approved.value.orderId))?.status, 'refunded')
    assert.equal((await orderRow(on.app, 'review-twice'))?.status, 'completed')
    assert.deepEqual(await walletOf(uid), [1000, 22])
    await assertBooks(on.app)
  })

  test('money of which the platform says that it is gone is not approved, whatever a person states', async () => {
    const { desk, platform, entry, uid } = await underpaid()
    platform.standing = 'gone'
    assert.equal(codeOf(await approveBy(desk, entry.entry_id, { isStatedPaid: true })), 'payment_gone')
    platform.standing = 'unknown'
    assert.equal(codeOf(await approveBy(desk, entry.entry_id)), 'payment_unproven')
    assert.deepEqual(await walletOf(uid), [0, 0])
    assert.ok((await approveBy(desk, entry.entry_id, { isStatedPaid: true })).ok)
    await assertBooks(on.app)
  })

  test('money that its platform has returned by itself is neither approved nor refunded', async () => {
    const { desk, platform, entry, uid } = await underpaid()
    await on.app.service.database.inTransaction(async (tx) => {
      const returned = { state: 'returned', closed_at_ms: entry.created_at_ms } as const
      await tx.updateTable('review_entries').set(returned).where('entry_id', '=', entry.entry_id).execute()
    })
    assert.equal(codeOf(await approveBy(desk, entry.entry_id)), 'review_entry_closed')
    assert.equal(codeOf(await refundBy(desk, entry.entry_id)), 'review_entry_closed')
    assert.deepEqual([platform.asked(), await walletOf(uid)], [0, [0, 0]])
  })

  test('approved after a part of it went back, it grants what is left; after all of it, nothing', async () => {
    const { desk, entry, uid, bought } = await underpaid({ amount_minor: 1000 })
    await tell(on.app, bought, { type: 'refund.succeeded', id: 'half', amountMinor: 500 })
    assert.ok((await approveBy(desk, entry.entry_id)).ok)
    assert.deepEqual(await walletOf(uid), [500, 11])
    const gone = await underpaid()
    await tell(on.app, gone.bought, 'refund.succeeded')
    assert.equal(codeOf(await approveBy(gone.desk, gone.entry.entry_id)), 'review_entry_closed')
    await assertBooks(on.app)
  })

  test('a refund of an entry closes it, and neither its payment nor a person grants it afterwards', async () => {
    const { desk, platform, entry, bought, uid } = await underpaid()
    const refunded = await refundBy(desk, entry.entry_id)
    assert.ok(refunded.ok)
    assert.equal(refunded.value.state, 'done')
    assert.deepEqual([...platform.refunds.values()], [{ refundId: refunded.value.refund_id, amountMinor: null }])
    assert.equal(await stateOf(bought.order_id), 'refunded')
    assert.equal((await orderRow(on.app, bought.order_id))?.status, 'refunded')
    assert.equal(codeOf(await approveBy(desk, entry.entry_id)), 'review_entry_closed')
    assert.equal(codeOf(await refundBy(desk, entry.entry_id)), 'already_refunded')
    assert.equal(codeOf(await refundBy(desk, bought.order_id)), 'already_refunded')
    await tell(on.app, bought, 'payment.succeeded')
    assert.deepEqual(await walletOf(uid), [0, 0])
    assert.equal(platform.asked(), 1)
    const [action] = await actionsOn(bought.order_id)
    assert.deepEqual([action?.kind, action?.by_name], ['refund', 'a tester'])
    await assertBooks(on.app)
  })

  test('a refund of a granted order takes its grant, and the notice of the same refund changes nothing more', async () => {
    const { uid } = await on.app.logIn('review-granted')
    const bought = purchase({ order_id: 'review-granted', uid })
    await tell(on.app, bought, 'payment.succeeded')
    const desk = deskOf(on.app, refundingPlatform().channel)
    const part = await refundBy(desk, bought.order_id, { amount: '5.00' })
    assert.ok(part.ok && part.value.state === 'done' && part.value.refund_id !== null)
    assert.deepEqual([part.value.amount_minor, await walletOf(uid)], [500, [750, 17]])
    await tell(on.app, bought, { type: 'refund.succeeded', id: part.value.refund_id, amountMinor: 500, atMs: 9 })
    assert.deepEqual(await walletOf(uid), [750, 17])
    const rest = await refundBy(desk, bought.order_id)
    assert.ok(rest.ok)
    assert.equal(rest.value.amount_minor, 1499)
    assert.deepEqual(await walletOf(uid), [0, 0])
    assert.equal((await orderRow(on.app, bought.order_id))?.status, 'refunded')
    assert.equal(codeOf(await refundBy(desk, bought.order_id)), 'already_refunded')
    await assertBooks(on.app)
  })

  test('amounts that were not paid, are nothing, or are no amounts of the currency move nothing', async () => {
    const { desk, platform, entry } = await underpaid()
    for (const amount of ['10.00', '0', '0.00', '-1', '9.999', '1e1', '', 'ten', '99999999999999999999']) {
      assert.equal(codeOf(await refundBy(desk, entry.entry_id, { amount })), 'invalid_fields', amount)
    }
    const { uid } = await on.app.logIn('review-yen')
    await tell(on.app, purchase({ order_id: 'review-yen', uid, currency: 'JPY' }), 'payment.succeeded')
    assert.equal(codeOf(await refundBy(desk, 'review-yen', { amount: '19.99' })), 'invalid_fields')
    assert.equal(codeOf(await refundBy(desk, 'nothing-of-that-name')), 'order_not_found')
    assert.equal(platform.asked(), 0)
  })

  test('where its platform cannot be asked, a person states that the money went back', async () => {
    const { uid } = await on.app.logIn('review-server')
    const token = await on.app.serverToken()
    assertDone(
      await on.app.call('POST', '/api/v1/payment/success', {
        token,
        body: payment({ order_id: 'review-stated', uid }),
      }),
    )
    const desk = deskOf(on.app, {})
    assert.equal(codeOf(await refundBy(desk, 'review-stated')), 'refund_unavailable')
    const stated = await refundBy(desk, 'review-stated', { isReturned: true })
    assert.ok(stated.ok)
    assert.deepEqual([stated.value.state, stated.value.refund_id], ['done', `operator:${stated.value.intent_id}`])
    assert.deepEqual(await walletOf(uid), [0, 0])
    assert.equal((await orderRow(on.app, 'review-stated'))?.status, 'refunded')
    const { desk: other, entry } = await underpaid()
    assert.equal(codeOf(await refundBy(other, entry.entry_id, { isReturned: true })), 'refund_under_way')
    await assertBooks(on.app)
  })

  test('a disputed payment is not refunded: the dispute decides where its money goes', async () => {
    const { desk, platform, entry, bought } = await underpaid()
    await tell(on.app, bought, 'dispute.opened')
    assert.equal(codeOf(await refundBy(desk, entry.entry_id)), 'payment_disputed')
    assert.equal(platform.asked(), 0)
  })
})
