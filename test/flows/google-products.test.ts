import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UNKNOWN_ITEM_ID } from '../../src/channels/item-of-sku.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { orderOnPlay, paymentWithLines, startGoogle, verifyOnDevice } from '../support/google-app.ts'
import { playLine, playMoney } from '../support/play-server.ts'

const world = await startGoogle()
const { play } = world

onEveryEngine((on) => {
  const books = async () => withoutMarks(await stateOf(on.app))
  const consume = () => on.app.service.jobs.run('carry-out-channel-tasks')

  test('five pieces at once are five times the reward, as an order of their own of whoever made the named one', async () => {
    const { token, uid } = await on.app.logIn('play-five')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, quantity: 5, total: playMoney('JPY', '14000') })
    const answer = assertDone(await verifyOnDevice(on.app, token, bought))
    assert.deepEqual([answer.order_id, answer.coins_granted], [`google:${bought.orderId}`, 5000])
    const order = await orderRow(on.app, answer.order_id)
    assert.deepEqual([order?.quantity, order?.price_minor, order?.currency], [5, 14_000, 'JPY'])
    assert.equal((await orderRow(on.app, orderId))?.status, 'pending', 'it was for one')
    assert.equal((await playerRow(on.app, uid)).coins, 5000)
    await assertBooks(on.app)
  })

  test('a purchase of two products is an order for each, at its own price, and both are consumed', async () => {
    const { token, uid } = await on.app.logIn('play-two')
    const { account } = await orderOnPlay(on.app, token)
    const lines = [
      playLine('coins.starter', { total: playMoney('KWD', '6', 125_000_000) }),
      playLine('coins.growth', { quantity: 2, total: playMoney('KWD', '18', 500_000_000) }),
    ]
    const bought = play.buy({ account, lines })
    bought.order = { total: playMoney('KWD', '24', 625_000_000) }
    assertDone(await verifyOnDevice(on.app, token, { ...bought, product: 'coins.growth' }))
    const { payment, lines: kept } = await paymentWithLines(on.app, bought.token)
    assert.equal(payment.charged_minor, 24_625)
    assert.deepEqual(
      kept.map((line) => [line.order_id, line.item_id, line.quantity, line.price_minor, line.standing]),
      [
        [`google:${bought.orderId}`, 1, 1, 6125, 'granted'],
        [`google:${bought.orderId}:2`, 2, 2, 18_500, 'granted'],
      ],
    )
    assert.equal((await playerRow(on.app, uid)).coins, 1000 + 2 * 2000)
    await consume()
    assert.ok(bought.lines.every((line) => line.isConsumed))
    await assertBooks(on.app)
  })

  test('a promotion costs nothing and has no order of Play: it is granted, and recorded as nothing', async () => {
    const { token } = await on.app.logIn('play-promo')
    const { orderId, account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, orderId: null })
    assert.equal(assertDone(await verifyOnDevice(on.app, token, bought)).order_id, orderId)
    const order = await orderRow(on.app, orderId)
    assert.deepEqual([order?.status, order?.price_minor, order?.environment], ['completed', 0, 'live'])
    await assertBooks(on.app)
  })

  test('a token that is too long for a name of ours stands by the number of its order', async () => {
    const { token } = await on.app.logIn('play-long')
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, token: `long.AO-${'x'.repeat(1400)}` })
    assertDone(await verifyOnDevice(on.app, token, bought))
    assert.equal(assertDone(await verifyOnDevice(on.app, token, bought)).replayed, true)
    const { payment } = await paymentWithLines(on.app, bought.orderId ?? '')
    assert.equal(payment.transaction_id, bought.orderId)
    await consume()
    assert.equal(bought.lines[0]?.isConsumed, true)
    await assertBooks(on.app)
  })

  test('a product that we do not know waits for a person, and is not lost', async () => {
    const { token } = await on.app.logIn('play-unknown')
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account, product: 'coins.forgotten', quantity: 2 })
    const answer = await verifyOnDevice(on.app, token, { ...bought, product: 'coins.forgotten' })
    assertRefused(answer, 404, 'item_not_found')
    const order = await orderRow(on.app, `google:${bought.orderId}`)
    assert.deepEqual([order?.status, order?.item_id], ['review', UNKNOWN_ITEM_ID])
  })

  test("a price that Play does not tell is asked for again and never guessed; nor is another purchase's order believed", async () => {
    const { token } = await on.app.logIn('play-prices')
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account })
    const before = await books()
    const orders = [
      { total: undefined, lineItems: [] },
      { total: playMoney('ABC', '5') },
      { total: { currencyCode: 'USD', units: '-5' } },
      { total: playMoney('USD', '999999999999999') },
      { purchaseToken: 'of.another' },
    ]
    for (const order of orders) {
      bought.order = order
      assertRefused(await verifyOnDevice(on.app, token, bought), 503, 'channel_unavailable')
    }
    bought.order = {}
    for (const status of [404, 403, 500, 429]) {
      play.disturb = (call) => (call.includes('/orders/') ? status : null)
      assertRefused(await verifyOnDevice(on.app, token, bought), 503, 'channel_unavailable')
    }
    play.disturb = () => null
    assert.deepEqual(await books(), before)
    assertDone(await verifyOnDevice(on.app, token, bought))
  })
}, world.options)
