import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutEvidence, withoutMarks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { notification, orderOnPlay, owedCalls, push, startGoogle, verifyOnDevice } from '../support/google-app.ts'
import { type Bought, type PlayPurchase, playLine, playMoney } from '../support/play-server.ts'
import { entryOf } from '../support/review-desk.ts'
import { APP_ID } from '../support/test-app.ts'

const world = await startGoogle()
const { play, clock } = world
const DAY_MS = 24 * 60 * 60 * 1000

onEveryEngine((on) => {
  const books = async () => withoutMarks(withoutEvidence(await stateOf(on.app)))
  const orders = (...args: string[]) => runProgram('src/cli/orders.ts', { args, variables: on.app.variables })
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await orders(...args, '--json')
    assert.deepEqual([code, stderr], [0, ''])
    return JSON.parse(stdout)
  }
  /** A refund that is not done, and why. */
  const unrefunded = async (...args: string[]) => {
    const { code, stdout } = await orders('refund', '--app', APP_ID, ...args, '--json')
    assert.equal(code, 1)
    const { state, last_error: why } = JSON.parse(stdout)
    return [state, why]
  }
  const voided = (bought: PlayPurchase, more: { atMs?: number } = {}) =>
    push(world, on.app, notification('voided', { ...bought, ...more }))
  /** A player who has bought; gives what they have and the order that it was granted to. */
  const buys = async (name: string, fields: Bought = {}) => {
    const { token, uid } = await on.app.logIn(name)
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, ...fields })
    const product = bought.lines[0]?.productId ?? ''
    const granted = assertDone(await verifyOnDevice(on.app, token, { token: bought.token, product }))
    return { token, uid, bought, orderId: granted.order_id as string }
  }
  const standing = async (uid: string, orderId: string) => {
    const { coins, tokens, inbox_tokens: inbox } = await playerRow(on.app, uid)
    return [(await orderRow(on.app, orderId))?.status, coins, tokens + inbox]
  }

  test('a purchase that Play took back takes its reward back, once', async () => {
    const { uid, bought, orderId } = await buys('void-whole')
    assert.deepEqual(await standing(uid, orderId), ['completed', 1000, 22])
    bought.state = 'CANCELLED'
    assert.equal((await voided(bought)).status, 204)
    assert.deepEqual(await standing(uid, orderId), ['refunded', 0, 0])
    assert.equal((await voided(bought)).status, 204)
    assert.deepEqual(await standing(uid, orderId), ['refunded', 0, 0])
    await assertBooks(on.app)
  })

  test('money that went back while the purchase stays is a refund too', async () => {
    const pieces = await buys('void-pieces')
    for (const line of pieces.bought.lines) line.refundable = 0
    assert.equal((await voided(pieces.bought)).status, 204)
    assert.deepEqual(await standing(pieces.uid, pieces.orderId), ['refunded', 0, 0])
    const order = await buys('void-order')
    for (const line of order.bought.lines) line.refundable = undefined
    order.bought.order = { state: 'REFUNDED' }
    assert.equal((await voided(order.bought)).status, 204)
    assert.deepEqual(await standing(order.uid, order.orderId), ['refunded', 0, 0])
    await assertBooks(on.app)
  })

  test('a notice that Play itself does not bear out takes nothing, and is asked for again', async () => {
    const { uid, bought, orderId } = await buys('void-unproven')
    const before = await books()
    assert.equal((await voided(bought)).status, 500)
    bought.order = { state: 'PENDING_REFUND' }
    assert.equal((await voided(bought)).status, 500)
    bought.order = {
      orderHistory: { partialRefundEvents: [{ state: 'PENDING', refundDetails: { total: playMoney('USD', '5') } }] },
    }
    assert.equal((await voided(bought)).status, 500)
    const nobodys = notification('voided', { token: 'never.AO-bought', orderId: 'GPA.0000-0000-0000-00000' })
    assert.equal((await push(world, on.app, nobodys)).status, 500)
    assert.deepEqual(await books(), before)
    assert.deepEqual(await standing(uid, orderId), ['completed', 1000, 22])
  })

  test('two of five pieces go back, then two more, then the last: each time exactly what they gave', async () => {
    const { uid, bought, orderId } = await buys('void-some', {
      quantity: 5,
      total: playMoney('USD', '99', 970_000_000),
    })
    assert.deepEqual(await standing(uid, orderId), ['completed', 5000, 5 * 22])
    const [line] = bought.lines
    assert.ok(line)
    const at = Date.now()
    line.refundable = 3
    assert.equal((await voided(bought, { atMs: at })).status, 204)
    assert.deepEqual(await standing(uid, orderId), ['completed', 3000, 3 * 22])
    assert.equal((await voided(bought, { atMs: at })).status, 204, 'told again')
    assert.deepEqual(await standing(uid, orderId), ['completed', 3000, 3 * 22])
    line.refundable = 1
    assert.equal((await voided(bought, { atMs: at + 1 })).status, 204)
    assert.deepEqual(await standing(uid, orderId), ['completed', 1000, 22])
    line.refundable = 0
    assert.equal((await voided(bought, { atMs: at + 2 })).status, 204)
    assert.deepEqual(await standing(uid, orderId), ['refunded', 0, 0])
    await assertBooks(on.app)
  })

  test('a part in money takes its share; one that is only on its way does not count', async () => {
    const { uid, bought, orderId } = await buys('void-money', { total: playMoney('USD', '20') })
    const part = (units: string, state: string) => ({ state, refundDetails: { total: playMoney('USD', units) } })
    bought.order = {
      state: 'PARTIALLY_REFUNDED',
      orderHistory: { partialRefundEvents: [part('5', 'PROCESSED_SUCCESSFULLY'), part('10', 'PENDING')] },
    }
    assert.equal((await voided(bought)).status, 204)
    assert.deepEqual(await standing(uid, orderId), ['completed', 750, 17])
    await assertBooks(on.app)
  })

  test('of a purchase of two products the one that went back is taken, and the other stays', async () => {
    const lines = [
      playLine('coins.starter', { total: playMoney('USD', '19', 990_000_000) }),
      playLine('coins.growth', { total: playMoney('USD', '29', 990_000_000) }),
    ]
    const { token, uid } = await on.app.logIn('void-two')
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, lines })
    bought.order = { total: playMoney('USD', '49', 980_000_000) }
    assertDone(await verifyOnDevice(on.app, token, bought))
    const growth = bought.lines[1]
    assert.ok(growth)
    growth.refundable = 0
    assert.equal((await voided(bought)).status, 204)
    assert.equal((await orderRow(on.app, `google:${bought.orderId}`))?.status, 'completed')
    assert.equal((await orderRow(on.app, `google:${bought.orderId}:2`))?.status, 'refunded')
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    await assertBooks(on.app)
  })

  test('what was taken back before it was told of is never granted, whichever name it was told under', async () => {
    for (const name of ['void-first', 'void-first-order']) {
      const { token, uid } = await on.app.logIn(name)
      const { orderId, account } = await orderOnPlay(on.app, token)
      const bought = play.buy({ account })
      if (name === 'void-first') for (const line of bought.lines) line.refundable = 0
      else bought.order = { state: 'REFUNDED' }
      assert.equal((await voided(bought)).status, 204)
      // The order is told as it was before: what we know ourselves counts.
      bought.order = { state: 'PROCESSED' }
      const answer = assertDone(await verifyOnDevice(on.app, token, bought))
      assert.deepEqual([answer.order_status, answer.coins_granted], ['refunded', 0])
      assert.equal((await push(world, on.app, notification('one-time-purchased', bought))).status, 204)
      assert.deepEqual(await standing(uid, orderId), ['refunded', 0, 0])
      assert.deepEqual(await owedCalls(on.app, bought.token), [], 'nothing is consumed that nobody has')
    }
    await assertBooks(on.app)
  })

  test("Play's list of what was voided takes in what no push told of, page by page, and nothing twice", async () => {
    play.voided.length = 0
    const list = (bought: PlayPurchase, more: object = {}) =>
      play.voided.push({
        ...{ kind: 'androidpublisher#voidedPurchase', purchaseToken: bought.token, orderId: bought.orderId },
        ...{ purchaseTimeMillis: '1', voidedTimeMillis: String(Date.now() - 60_000), voidedSource: 0, voidedReason: 1 },
        ...more,
      })
    const had = await buys('list-had-come')
    had.bought.state = 'CANCELLED'
    assert.equal((await voided(had.bought)).status, 204)
    const lost = await buys('list-was-lost')
    const some = await buys('list-some', { quantity: 4, total: playMoney('USD', '79', 960_000_000) })
    const test = await buys('list-test', { isTest: true })
    list(had.bought)
    list(lost.bought)
    for (const line of some.bought.lines) line.refundable = 1
    list(some.bought, { voidedQuantity: 3 })
    test.bought.state = 'CANCELLED'
    list(test.bought)
    const stands = await buys('list-stands')
    list(stands.bought, { voidedQuantity: 1 })
    const from = new Date(Date.now() - 40 * DAY_MS).toISOString()

    const before = await books()
    const dry = await json('catch-up', 'google', '--from', from)
    assert.deepEqual([dry.listed, dry.notUnderstood, dry.missed.length], [5, 1, 3])
    assert.deepEqual(await books(), before)
    const done = await json('catch-up', 'google', '--from', from, '--apply')
    assert.equal(done.missed.length, 3)
    assert.deepEqual(await standing(lost.uid, lost.orderId), ['refunded', 0, 0])
    assert.deepEqual(await standing(some.uid, some.orderId), ['completed', 1000, 22])
    assert.deepEqual(await standing(test.uid, test.orderId), ['refunded', 0, 0])
    assert.deepEqual(await standing(stands.uid, stands.orderId), ['completed', 1000, 22])
    assert.deepEqual((await json('catch-up', 'google', '--from', from, '--apply')).missed, [])
    assert.equal((await voided(some.bought)).status, 204, 'the push that was late')
    assert.deepEqual(await standing(some.uid, some.orderId), ['completed', 1000, 22])
    await assertBooks(on.app)
  })

  test('an operator gives an order back: Play revokes it, and its own notice of it changes nothing', async () => {
    const { uid, bought, orderId } = await buys('refund-whole')
    const refund = await json('refund', '--app', APP_ID, orderId)
    assert.deepEqual([refund.state, bought.state], ['done', 'CANCELLED'])
    assert.deepEqual(await standing(uid, orderId), ['refunded', 0, 0])
    assert.ok(play.calls.includes(`POST /orders/${bought.orderId}:refund?revoke=true`))
    const before = await books()
    assert.equal((await voided(bought)).status, 204)
    assert.deepEqual(await books(), before)
    await assertBooks(on.app)
  })

  test('Play takes only whole refunds; one that is on its way is asked for again, one that it never makes is refused', async () => {
    const part = await buys('refund-part')
    assert.deepEqual(await unrefunded(part.orderId, '--amount', '5.00'), ['refused', 'refund_refused'])
    assert.equal((await orderRow(on.app, part.orderId))?.status, 'completed')
    const free = await buys('refund-free', { orderId: null })
    assert.deepEqual(await unrefunded(free.orderId), ['refused', 'refund_refused'])
    const waits = await buys('refund-waits')
    waits.bought.order = { state: 'PENDING_REFUND' }
    assert.deepEqual(await unrefunded(waits.orderId), ['open', 'refund_pending'])
    assert.equal((await orderRow(on.app, waits.orderId))?.status, 'completed')
    waits.bought.order = { state: 'REFUNDED' }
    world.clock.moveMs(60 * 60_000)
    await on.app.service.jobs.run('carry-out-channel-tasks')
    assert.equal((await orderRow(on.app, waits.orderId))?.status, 'refunded')
    await assertBooks(on.app)
  })

  test('a person approves money of nobody: Play is asked whether it stands, then it is granted and consumed', async () => {
    const { token, uid } = await on.app.logIn('approve')
    const [stands, gone] = [play.buy(), play.buy()]
    for (const bought of [stands, gone]) {
      assertRefused(await verifyOnDevice(on.app, token, bought), 409, 'account_mismatch')
    }
    const entry = async (bought: PlayPurchase) => (await entryOf(on.app, `google:${bought.orderId}`)).entry_id
    gone.order = { state: 'REFUNDED' }
    const refused = await orders('approve', '--app', APP_ID, await entry(gone))
    assert.deepEqual([refused.code, refused.stdout], [1, ''])
    assert.match(refused.stderr, /does not stand any more/)
    await on.app.service.jobs.run('carry-out-channel-tasks')
    assert.equal(stands.lines[0]?.isConsumed, false, 'not before it is granted')
    await json('approve', '--app', APP_ID, await entry(stands))
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    await on.app.service.jobs.run('carry-out-channel-tasks')
    assert.deepEqual([stands.lines[0]?.isConsumed, gone.lines[0]?.isConsumed], [true, false])
    await assertBooks(on.app)
  })
  test('what Play lists went back and no more: a purchase that stands is asked about neither at night nor by its player', async () => {
    const { bought } = await buys('void-standing')
    const { token } = await on.app.logIn('void-waits')
    const { orderId } = await orderOnPlay(on.app, token)
    const before = play.calls.length
    assertDone(await on.app.call('POST', `/api/v1/orders/${orderId}/check`, { token, body: {} }))
    assert.deepEqual(play.calls.slice(before), [], 'its list would not tell')
    clock.moveMs(DAY_MS)
    await on.app.service.jobs.run('reconcile-platforms')
    const asked = play.calls.slice(before)
    assert.ok(asked.some((call) => call.includes('voidedpurchases')))
    assert.ok(!asked.some((call) => call.includes(bought.token)), 'two days of purchases are thousands of questions')
  })
}, world.options)
