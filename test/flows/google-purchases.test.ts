import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderOfAccountToken } from '../../src/kernel/ids.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, reviewEntries, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import {
  keptAbout,
  notification,
  orderOnPlay,
  owedCalls,
  paymentWithLines,
  push,
  startGoogle,
  verifyOnDevice,
} from '../support/google-app.ts'
import { playLine, playMoney } from '../support/play-server.ts'
import { OTHER_APP_ID } from '../support/test-app.ts'

const world = await startGoogle()
const { play } = world

onEveryEngine((on) => {
  const books = async () => withoutMarks(await stateOf(on.app))
  const consume = () => on.app.service.jobs.run('carry-out-channel-tasks')

  test('a player buys on the device in the name of an order: it is granted at the price that Play charged, then consumed', async () => {
    const { token, uid } = await on.app.logIn('play-buys')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const tax = playMoney('TRY', '141', 670_000_000)
    const bought = play.buy({ account, total: playMoney('TRY', '849', 990_000_000) })
    bought.order = { tax }
    const answer = assertDone(await verifyOnDevice(on.app, token, bought))
    assert.deepEqual([answer.order_id, answer.order_status, answer.coins_granted], [orderId, 'completed', 1000])
    assert.deepEqual([answer.tokens_granted, answer.is_first_charge, answer.replayed], [22, true, false])

    const order = await orderRow(on.app, orderId)
    assert.deepEqual([order?.price_minor, order?.currency], [84_999, 'TRY'])
    assert.deepEqual(
      [order?.payment_channel, order?.payment_method, order?.environment],
      ['google', 'google_play', 'live'],
    )
    const { payment, lines } = await paymentWithLines(on.app, bought.token)
    assert.deepEqual([payment.charged_minor, payment.tax_minor, lines.length], [84_999, 14_167, 1])
    const names = await on.app.service.database.db
      .selectFrom('payment_identities')
      .select('identity')
      .where('payment_id', '=', payment.payment_id)
      .execute()
    assert.deepEqual(
      names.map(({ identity }) => identity).sort(),
      [`txn:${bought.token}`, `txn:${bought.orderId}`].sort(),
      'its refunds may name the token or the order of Play',
    )

    const [owed] = await owedCalls(on.app, bought.token)
    assert.deepEqual([owed?.kind, owed?.state], ['consume', 'open'])
    assert.equal(owed?.until_ms, Date.parse(bought.completedAt) + 3 * 24 * 3_600_000, 'Play takes it back after that')
    await consume()
    assert.deepEqual([bought.lines[0]?.isConsumed, bought.isAcknowledged], [true, true])
    assert.equal((await owedCalls(on.app, bought.token))[0]?.state, 'done')

    assert.equal(assertDone(await verifyOnDevice(on.app, token, bought)).replayed, true, 'a consumed one is the same')
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    assert.equal((await owedCalls(on.app, bought.token)).length, 1)
    await assertBooks(on.app)
  })

  test('what is kept as evidence is what Play answered, without where its buyer lives', async () => {
    const { token } = await on.app.logIn('play-evidence')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account })
    assertDone(await verifyOnDevice(on.app, token, bought))
    const [event] = await keptAbout(on.app, orderId)
    assert.deepEqual([event?.kind, event?.verdict, event?.headers], ['device_purchase', 'granted', '{}'])
    const kept = await on.app.service.database.db
      .selectFrom('payment_event_bodies')
      .selectAll()
      .where('event_id', '=', event?.event_id ?? ('' as never))
      .executeTakeFirstOrThrow()
    const said = JSON.parse(Buffer.from(kept.body).toString())
    assert.equal(said.purchase.obfuscatedExternalAccountId, account)
    assert.equal(said.order.orderId, bought.orderId)
    assert.equal(said.order.buyerAddress, undefined)
  })

  test('a product that is kept is acknowledged and not consumed', async () => {
    const { token } = await on.app.logIn('play-keeps')
    const { account } = await orderOnPlay(on.app, token, 3)
    const bought = play.buy({ account, product: 'coins.keep' })
    assertDone(await verifyOnDevice(on.app, token, { ...bought, product: 'coins.keep' }))
    await consume()
    assert.deepEqual([bought.lines[0]?.isConsumed, bought.isAcknowledged], [false, true])
  })

  test('what the game has consumed itself before it told us is granted once, and nothing is owed for it', async () => {
    const { token } = await on.app.logIn('play-self')
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, lines: [playLine('coins.starter', { isConsumed: true })] })
    bought.isAcknowledged = true
    assertDone(await verifyOnDevice(on.app, token, bought))
    assert.deepEqual(await owedCalls(on.app, bought.token), [])
  })

  test('the token of another app, of another product and one that nobody has are no purchases', async () => {
    const { token } = await on.app.logIn('play-foreign')
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account })
    const there = await on.app.logIn('play-foreign', OTHER_APP_ID)
    const before = await books()
    assertRefused(await verifyOnDevice(on.app, token, { token: 'never.AO-bought' }), 404, 'purchase_not_found')
    const growth = { token: bought.token, product: 'coins.growth' }
    assertRefused(await verifyOnDevice(on.app, token, growth), 404, 'purchase_not_found')
    const body = { payment_channel: 'google-other', product_id: 'coins.starter', purchase_token: bought.token }
    const foreign = await on.app.call('POST', '/api/v1/payment/verify', { token: there.token, body })
    assertRefused(foreign, 404, 'purchase_not_found')
    play.disturb = (call) => (call.includes('/purchases/productsv2/') ? 400 : null)
    assertRefused(await verifyOnDevice(on.app, token, bought), 404, 'purchase_not_found')
    play.disturb = (call) => (call.includes('/purchases/productsv2/') ? 410 : null)
    assertRefused(await verifyOnDevice(on.app, token, bought), 404, 'purchase_not_found')
    play.disturb = () => null
    assert.deepEqual(await books(), before)
    assertDone(await verifyOnDevice(on.app, token, bought))
  })

  test('a device that says nothing sensible is told which field', async () => {
    const { token } = await on.app.logIn('play-fields')
    const call = (fields: object) =>
      on.app.call('POST', '/api/v1/payment/verify', { token, body: { payment_channel: 'google', ...fields } })
    assertFaults(await call({}), 'product_id', 'purchase_token')
    assertFaults(await call({ product_id: '../x', purchase_token: 5 }), 'product_id', 'purchase_token')
    for (const wrong of ['a b', '', '..', '.', '/', '\u0000', 'é']) {
      assertFaults(await call({ product_id: 'coins.starter', purchase_token: wrong }), 'purchase_token')
    }
    assertFaults(await call({ product_id: 'coins.starter', purchase_token: 'x'.repeat(2001) }), 'purchase_token')
  })

  test("a receipt is its order's: a second player gets nothing of it, nor a second order of the first", async () => {
    const [first, second] = [await on.app.logIn('play-owner'), await on.app.logIn('play-thief')]
    const { orderId, account } = await orderOnPlay(on.app, first.token)
    const bought = play.buy({ account })
    assertDone(await verifyOnDevice(on.app, first.token, bought))
    const refused = await verifyOnDevice(on.app, second.token, bought)
    assertRefused(refused, 409, 'account_mismatch', { action: 'finish_transaction' })
    assert.equal((await playerRow(on.app, second.uid)).coins, 0)

    const further = await orderOnPlay(on.app, first.token)
    const again = assertDone(await verifyOnDevice(on.app, first.token, bought))
    assert.deepEqual([again.order_id, again.replayed], [orderId, true])
    assert.equal((await orderRow(on.app, further.orderId))?.status, 'pending')
    assert.equal((await playerRow(on.app, first.uid)).coins, 1000)
    await assertBooks(on.app)
  })

  test("a purchase in the name of another's order is theirs, whoever's device tells of it first", async () => {
    const [owner, other] = [await on.app.logIn('play-named'), await on.app.logIn('play-other-device')]
    const { orderId, account } = await orderOnPlay(on.app, owner.token)
    const bought = play.buy({ account })
    const refused = await verifyOnDevice(on.app, other.token, bought)
    assertRefused(refused, 409, 'account_mismatch', { action: 'finish_transaction' })
    assert.equal((await playerRow(on.app, other.uid)).coins, 0)
    assert.equal((await playerRow(on.app, owner.uid)).coins, 1000)
    const answer = assertDone(await verifyOnDevice(on.app, owner.token, bought))
    assert.deepEqual([answer.order_id, answer.replayed], [orderId, true])
    await assertBooks(on.app)
  })

  test("a purchase in nobody's name waits for a person; nothing is consumed meanwhile", async () => {
    const { token, uid } = await on.app.logIn('play-stranger')
    const elsewhere = '00000000-0000-4000-8000-000000000000'
    for (const bought of [play.buy(), play.buy({ account: 'not-a-uuid' }), play.buy({ account: elsewhere })]) {
      assertRefused(await verifyOnDevice(on.app, token, bought), 409, 'account_mismatch')
      assertRefused(await verifyOnDevice(on.app, token, bought), 409, 'account_mismatch')
      const [owed] = await owedCalls(on.app, bought.token)
      assert.equal(owed?.state, 'held', 'Play gives the money back by itself when nobody decides')
      const named = bought.account === elsewhere ? orderOfAccountToken(elsewhere) : `google:${bought.orderId}`
      assert.deepEqual(
        (await reviewEntries(on.app, named ?? '')).map(({ reason, state }) => [reason, state]),
        [['account_mismatch', 'open']],
      )
    }
    await consume()
    assert.equal((await playerRow(on.app, uid)).coins, 0)
    await assertBooks(on.app)
  })

  test('the same purchase, told twenty times at once by the device and by Play, is granted once', async () => {
    const { token, uid } = await on.app.logIn('play-parallel')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account })
    const told = Array.from({ length: 10 }, async () => [
      verifyOnDevice(on.app, token, bought),
      push(world, on.app, notification('one-time-purchased', bought)),
    ])
    const answers = await Promise.all((await Promise.all(told)).flat())
    for (const { status } of answers) assert.ok(status === 200 || status === 204, `${status}`)
    const granted = answers.filter(({ status }) => status === 200).map(({ body }) => body.coins_granted)
    assert.deepEqual(new Set(granted), new Set([1000]))
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    assert.equal((await orderRow(on.app, orderId))?.status, 'completed')
    assert.equal((await owedCalls(on.app, bought.token)).length, 1)
    await assertBooks(on.app)
  })

  test('what is still to be paid is not granted, and not booked; the game waits', async () => {
    const { token, uid } = await on.app.logIn('play-pending')
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, state: 'PENDING' })
    const before = await books()
    assertRefused(await verifyOnDevice(on.app, token, bought), 409, 'purchase_pending')
    bought.state = 'PURCHASE_STATE_OF_TOMORROW'
    assertRefused(await verifyOnDevice(on.app, token, bought), 409, 'purchase_pending')
    bought.state = 'PURCHASED'
    for (const state of ['PENDING', 'PENDING_REFUND', 'A_STATE_OF_TOMORROW']) {
      bought.order = { state }
      assertRefused(await verifyOnDevice(on.app, token, bought), 409, 'purchase_pending')
    }
    assert.deepEqual(await books(), before)
    bought.order = { state: 'PROCESSED' }
    assertDone(await verifyOnDevice(on.app, token, bought))
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
  })

  test('what was cancelled, or paid back, is never granted: the game finishes it', async () => {
    const { token } = await on.app.logIn('play-cancelled')
    const { account } = await orderOnPlay(on.app, token)
    const before = await books()
    const cancelled = play.buy({ account, state: 'CANCELLED' })
    const answer = await verifyOnDevice(on.app, token, cancelled)
    assertRefused(answer, 409, 'purchase_revoked', { action: 'finish_transaction' })
    const returned = play.buy({ account })
    returned.order = { state: 'REFUNDED' }
    assertRefused(await verifyOnDevice(on.app, token, returned), 409, 'purchase_revoked')
    assert.deepEqual(await books(), before)
  })
}, world.options)
