import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf, verdicts, withoutEvidence, withoutMarks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { keptAbout, notification, orderOnPlay, push, startGoogle, verifyOnDevice } from '../support/google-app.ts'
import { playFixture } from '../support/play-server.ts'
import { localApps } from '../support/test-app.ts'

const world = await startGoogle()
const { play } = world

onEveryEngine((on) => {
  const books = async () => withoutMarks(withoutEvidence(await stateOf(on.app)))
  const purchased = (bought: { token: string }) => notification('one-time-purchased', bought)
  const lastEvent = async (requestId: string) => {
    const { db } = on.app.service.database
    return await db
      .selectFrom('payment_events')
      .selectAll()
      .where('request_id', '=', requestId)
      .executeTakeFirstOrThrow()
  }

  test('Play tells of a purchase whose device is gone: it is granted to whoever made the order, and consumed', async () => {
    const { token, uid } = await on.app.logIn('push-granted')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account: account.toUpperCase() })
    const answer = await push(world, on.app, purchased(bought))
    assert.deepEqual([answer.status, answer.body], [204, ''])
    assert.equal((await orderRow(on.app, orderId))?.status, 'completed')
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    await on.app.service.jobs.run('carry-out-channel-tasks')
    assert.equal(bought.lines[0]?.isConsumed, true)
    const told = assertDone(await verifyOnDevice(on.app, token, bought))
    assert.deepEqual([told.order_id, told.replayed], [orderId, true])
    await assertBooks(on.app)
  })

  test('nothing of the token that proves a push is kept, and what was kept can be told again without it', async () => {
    const { token, uid } = await on.app.logIn('push-replayed')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, state: 'A_STATE_OF_TOMORROW' })
    bought.state = 'PURCHASED'
    // It came before its order could be read: kept, and told again by an operator.
    play.disturb = (call) => (call.includes('/productsv2/') ? 404 : null)
    const requestId = 'push-not-known'
    assert.equal((await push(world, on.app, purchased(bought), { requestId })).status, 204)
    play.disturb = () => null
    const event = await lastEvent(requestId)
    assert.deepEqual([event.verdict, event.headers, event.kind], ['invalid_fields', '{}', 'callback'])

    const replay = (...more: string[]) =>
      runProgram('src/cli/orders.ts', { args: ['replay', event.event_id, ...more], variables: on.app.variables })
    const dry = await replay()
    assert.deepEqual([dry.code, dry.stderr], [0, ''])
    assert.match(dry.stdout, /Told again it would come to `granted`/)
    assert.equal((await playerRow(on.app, uid)).coins, 0)
    assert.equal((await replay('--apply')).code, 0)
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    assert.equal((await orderRow(on.app, orderId))?.status, 'completed')
    await assertBooks(on.app)
  })

  test('a payment that was pending is granted once Play tells that it was made', async () => {
    const { token, uid } = await on.app.logIn('push-pending')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, state: 'PENDING' })
    assertRefused(await verifyOnDevice(on.app, token, bought), 409, 'purchase_pending')
    assert.equal((await push(world, on.app, purchased(bought))).status, 500, 'told too early, it is told again')
    bought.state = 'PURCHASED'
    assert.equal((await push(world, on.app, purchased(bought))).status, 204)
    assert.equal((await orderRow(on.app, orderId))?.status, 'completed')
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
  })

  test('a pending payment that was given up changes nothing, and its order ends by itself', async () => {
    const { token } = await on.app.logIn('push-given-up')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, state: 'PENDING' })
    const before = await books()
    const told = notification('one-time-canceled', bought)
    assert.equal((await push(world, on.app, told)).status, 500)
    bought.state = 'CANCELLED'
    assert.equal((await push(world, on.app, told, { requestId: 'given-up' })).status, 204)
    assert.deepEqual(await verdicts(on.app, ['given-up']), ['no_concern'])
    assert.deepEqual(await books(), before)
    assertRefused(await verifyOnDevice(on.app, token, bought), 409, 'purchase_revoked')
    assert.equal((await orderRow(on.app, orderId))?.status, 'pending')
  })

  test('what Play says counts, not the kind of a notification', async () => {
    const { token, uid } = await on.app.logIn('push-kinds')
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account })
    assert.equal((await push(world, on.app, notification('one-time-canceled', bought))).status, 204)
    assert.equal((await playerRow(on.app, uid)).coins, 1000, 'it was paid, whatever they told')
    const returned = play.buy({ account, state: 'CANCELLED' })
    assert.equal((await push(world, on.app, purchased(returned))).status, 204)
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
  })

  test('the same push again, and the same message by another push, change nothing', async () => {
    const { token, uid } = await on.app.logIn('push-again')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account })
    for (const messageId of ['13902', '13902', '13903']) {
      assert.equal((await push(world, on.app, purchased(bought), { messageId })).status, 204)
    }
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    assert.deepEqual(
      (await keptAbout(on.app, orderId)).map(({ kind, verdict }) => [kind, verdict]),
      [
        ['payment', 'granted'],
        ['payment', 'replayed'],
        ['payment', 'replayed'],
      ],
    )
  })

  test('a purchase that names no order of ours is kept, and waits for its device', async () => {
    const { token, uid } = await on.app.logIn('push-unclaimed')
    const bought = play.buy()
    const elsewhere = play.buy({ account: '00000000-0000-4000-8000-000000000000' })
    const before = await books()
    assert.equal((await push(world, on.app, purchased(bought), { requestId: 'nobodys' })).status, 204)
    assert.equal((await push(world, on.app, purchased(elsewhere), { requestId: 'elsewhere' })).status, 204)
    assert.deepEqual(await verdicts(on.app, ['nobodys', 'elsewhere']), ['unclaimed', 'unclaimed'])
    assert.deepEqual(await books(), before)
    assertRefused(await verifyOnDevice(on.app, token, bought), 409, 'account_mismatch')
    assert.equal((await playerRow(on.app, uid)).coins, 0)
  })

  test('what is no purchase of a one-time product is kept and accepted', async () => {
    const before = await books()
    const ids: string[] = []
    const tomorrow = { ...playFixture('test'), testNotification: undefined, notificationOfTomorrow: { version: '1.0' } }
    const kinds = ['test', 'subscription', 'pending-refund-review'].map((name) => notification(name, { token: 'a.b' }))
    const third = { ...playFixture('one-time-purchased') }
    third['oneTimeProductNotification'] = { notificationType: 3, purchaseToken: 'a.b', sku: 'coins.starter' }
    const subscription = { ...playFixture('voided') }
    subscription['voidedPurchaseNotification'] = { purchaseToken: 'a.b', orderId: 'GPA.1', productType: 1 }
    for (const told of [...kinds, tomorrow, third, subscription]) {
      const requestId = `kind-${ids.push('')}`
      ids[ids.length - 1] = requestId
      assert.equal((await push(world, on.app, told, { requestId })).status, 204)
    }
    assert.deepEqual(new Set(await verdicts(on.app, ids)), new Set(['no_concern']))
    assert.deepEqual(await books(), before)
    // eventTimeMillis as a number is as good as a text.
    assert.equal((await push(world, on.app, playFixture('test'))).status, 204)
  })

  test('Play out of reach: the push is answered 500, so that Pub/Sub sends it again, and nothing is lost', async () => {
    const { token, uid } = await on.app.logIn('push-outage')
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account })
    const before = await books()
    for (const failure of [500, 503, 429, 401, 403, 409, 302, 'drop'] as const) {
      for (const part of ['/productsv2/', '/orders/']) {
        play.disturb = (call) => (call.includes(part) ? failure : null)
        assert.equal((await push(world, on.app, purchased(bought))).status, 500, `${failure} ${part}`)
      }
    }
    play.disturb = () => null
    assert.deepEqual(await books(), before)
    assert.equal((await push(world, on.app, purchased(bought))).status, 204)
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
  })

  test('a purchase of a tester costs nothing, and is recorded as a test where the app takes those', async () => {
    const { token, uid } = await on.app.logIn('push-tester')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, isTest: true })
    assert.equal((await push(world, on.app, purchased(bought))).status, 204)
    const order = await orderRow(on.app, orderId)
    assert.deepEqual([order?.status, order?.environment, order?.price_minor], ['completed', 'test', 0])
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    await assertBooks(on.app)
  })
}, world.options)

const moneyOnly = { ...world.options.variables, APPS: localApps({ testPurchases: false }) }

onEveryEngine(
  (on) => {
    test('a purchase of a tester is nothing where the app takes money only: kept, not booked, and never consumed', async () => {
      const { token, uid } = await on.app.logIn('push-tester')
      const { orderId, account } = await orderOnPlay(on.app, token)
      const bought = play.buy({ account, isTest: true })
      const before = withoutMarks(withoutEvidence(await stateOf(on.app)))
      const told = notification('one-time-purchased', bought)
      assert.equal((await push(world, on.app, told, { requestId: 'tester' })).status, 204)
      assertRefused(await verifyOnDevice(on.app, token, bought), 403, 'test_mode')
      assert.deepEqual(await verdicts(on.app, ['tester']), ['test_mode'])
      assert.deepEqual(withoutMarks(withoutEvidence(await stateOf(on.app))), before)
      assert.equal((await orderRow(on.app, orderId))?.status, 'pending')
      assert.equal((await playerRow(on.app, uid)).coins, 0)
    })
  },
  { ...world.options, variables: moneyOnly },
)
