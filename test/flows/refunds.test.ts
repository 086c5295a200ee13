import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import { deliver, type Purchase, purchase, tell, tellingOf } from '../support/reversals.ts'

onEveryEngine((on) => {
  let players = 0
  const newcomer = async (): Promise<{ token: string; uid: string; bought: Purchase }> => {
    players += 1
    const { token, uid } = await on.app.logIn(`refunds-${players}`)
    return { token, uid, bought: purchase({ order_id: `refunds-${players}`, uid }) }
  }
  const statusOf = async ({ order_id }: Purchase) => (await orderRow(on.app, order_id))?.status
  const walletOf = async (uid: string) => {
    const { coins, tokens, inbox_tokens: waiting } = await playerRow(on.app, uid)
    return { coins, tokens, waiting }
  }
  const claimAll = (token: string) => on.app.call('POST', '/api/v1/inbox/claim_all', { token, body: {} })
  const messagesOf = async (token: string) => assertDone(await on.app.call('GET', '/api/v1/inbox', { token })).messages
  const spend = async (uid: string, currency: string, amount: number) => {
    const body = { currency, amount: -amount, reason: 'spent', idempotency_key: `spend-${uid}-${currency}` }
    const token = await on.app.serverToken()
    assertDone(await on.app.call('POST', `/api/v1/server/users/${uid}/wallet`, { token, body }))
  }

  test('a refund takes the coins from the wallet and withdraws the reward that waits', async () => {
    const { token, uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded')
    assert.deepEqual(await walletOf(uid), { coins: 1000, tokens: 0, waiting: 22 })
    const told = await tell(on.app, bought, 'refund.succeeded')
    assert.deepEqual([told.order_id, told.order_status], [bought.order_id, 'refunded'])
    assert.deepEqual(await walletOf(uid), { coins: 0, tokens: 0, waiting: 0 })
    const [message] = await messagesOf(token)
    assert.equal(message.state, 'withdrawn')
    const claimed = await on.app.call('POST', `/api/v1/inbox/${message.id}/claim`, { token, body: {} })
    assertRefused(claimed, 409, 'message_withdrawn')
    assert.equal((await playerRow(on.app, uid)).flagged_at_ms, null)
    await assertBooks(on.app)
  })

  test('a refund of what was spent leaves a debt that later credits pay off, and flags the player', async () => {
    const { token, uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded')
    assertDone(await claimAll(token))
    await spend(uid, 'coins', 700)
    await spend(uid, 'tokens', 22)
    await tell(on.app, bought, 'refund.succeeded')
    assert.deepEqual(await walletOf(uid), { coins: -700, tokens: -22, waiting: 0 })
    assert.notEqual((await playerRow(on.app, uid)).flagged_at_ms, null)
    const second = purchase({ order_id: `${bought.order_id}-again`, uid })
    await tell(on.app, second, 'payment.succeeded')
    assert.deepEqual(await walletOf(uid), { coins: 300, tokens: -22, waiting: 20 })
    await assertBooks(on.app)
  })

  test('a reversed refund gives back exactly what was taken, and the same message waits again', async () => {
    const { token, uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded', 'refund.succeeded')
    const told = await tell(on.app, bought, { type: 'refund.reversed', atMs: 2 })
    assert.equal(told.order_status, 'completed')
    assert.deepEqual(await walletOf(uid), { coins: 1000, tokens: 0, waiting: 22 })
    const messages = await messagesOf(token)
    assert.deepEqual(
      messages.map((message: { state: string }) => message.state),
      ['unclaimed'],
    )
    assert.equal(assertDone(await claimAll(token)).tokens, 22)
    // And it can be refunded again, from where it is now.
    await tell(on.app, bought, { type: 'refund.succeeded', atMs: 3 })
    assert.deepEqual(await walletOf(uid), { coins: 0, tokens: 0, waiting: 0 })
    await assertBooks(on.app)
  })

  test('partial refunds take their share rounded down, and the last one all that is left', async () => {
    const { token, uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded')
    const part = (id: string, amountMinor: number) =>
      tell(on.app, bought, { type: 'refund.succeeded', id, amountMinor })
    assert.equal((await part('a', 500)).order_status, 'completed')
    assert.deepEqual(await walletOf(uid), { coins: 1000 - 250, tokens: 0, waiting: 22 - 5 })
    assert.equal(assertDone(await claimAll(token)).tokens, 17)
    await part('b', 500)
    assert.deepEqual(await walletOf(uid), { coins: 1000 - 500, tokens: 17 - 6, waiting: 0 })
    assert.equal((await part('c', 999)).order_status, 'refunded')
    assert.deepEqual(await walletOf(uid), { coins: 0, tokens: 0, waiting: 0 })
    await tell(on.app, bought, { type: 'refund.reversed', id: 'a', atMs: 2 })
    assert.equal(await statusOf(bought), 'completed')
    await assertBooks(on.app)
  })

  test('a refund that comes before its payment leaves a tombstone: nothing is granted then', async () => {
    const { token, uid, bought } = await newcomer()
    const early = await tell(on.app, bought, 'refund.succeeded')
    assert.deepEqual([early.order_id, early.order_status], [null, null])
    for (const _ of [1, 2]) {
      const paid = await tell(on.app, bought, 'payment.succeeded')
      assert.deepEqual([paid.order_status, paid.refusal], ['refunded', null])
    }
    assert.deepEqual(await walletOf(uid), { coins: 0, tokens: 0, waiting: 0 })
    assert.equal((await playerRow(on.app, uid)).first_charge_order_id, null)
    // The money is ours again: a person decides.
    const undone = await tell(on.app, bought, { type: 'refund.reversed', atMs: 2 })
    assert.equal(undone.order_status, 'review')
    await assertBooks(on.app)
    assert.deepEqual(await messagesOf(token), [])
  })

  test('a refund that was reversed before its payment is told of changes nothing', async () => {
    const { uid, bought } = await newcomer()
    await tell(on.app, bought, { type: 'refund.reversed', atMs: 2 }, { type: 'refund.succeeded', atMs: 1 })
    assert.equal((await tell(on.app, bought, 'payment.succeeded')).order_status, 'completed')
    assert.deepEqual(await walletOf(uid), { coins: 1000, tokens: 0, waiting: 22 })
    await assertBooks(on.app)
  })

  test('while a dispute is open nothing new is sold and its reward waits, and nothing is taken', async () => {
    const { token, uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded', 'dispute.opened')
    assert.equal(await statusOf(bought), 'disputed')
    assert.deepEqual(await walletOf(uid), { coins: 1000, tokens: 0, waiting: 22 })
    const order = { item_id: 1, payment_channel: 'sandbox' }
    assertRefused(await on.app.call('POST', '/api/v1/orders', { token, body: order }), 403, 'player_disputed')
    const [message] = await messagesOf(token)
    const claim = await on.app.call('POST', `/api/v1/inbox/${message.id}/claim`, { token, body: {} })
    assertRefused(claim, 403, 'order_disputed')
    assert.equal(assertDone(await claimAll(token)).tokens, 0)
    // What is paid meanwhile settles all the same.
    await tell(on.app, purchase({ order_id: `${bought.order_id}-more`, uid }), 'payment.succeeded')
    assert.equal(assertDone(await claimAll(token)).tokens, 20)
    await tell(on.app, bought, { type: 'dispute.won', atMs: 2 })
    assert.equal(await statusOf(bought), 'completed')
    await createOrder(on.app, token)
    assert.equal(assertDone(await claimAll(token)).tokens, 22)
    await assertBooks(on.app)
  })

  test('a lost dispute takes everything, and one that is won after a refund gives nothing back', async () => {
    const lost = await newcomer()
    await tell(on.app, lost.bought, 'payment.succeeded', 'dispute.opened', { type: 'dispute.lost', atMs: 2 })
    assert.equal(await statusOf(lost.bought), 'refunded')
    assert.deepEqual(await walletOf(lost.uid), { coins: 0, tokens: 0, waiting: 0 })
    await createOrder(on.app, lost.token)

    const won = await newcomer()
    const story: Parameters<typeof tell>[2][] = [
      'payment.succeeded',
      'dispute.opened',
      { type: 'refund.succeeded', id: 'r' },
    ]
    await tell(on.app, won.bought, ...story, { type: 'dispute.won', atMs: 2 })
    assert.equal(await statusOf(won.bought), 'refunded')
    assert.deepEqual(await walletOf(won.uid), { coins: 0, tokens: 0, waiting: 0 })
    await assertBooks(on.app)
  })

  test('a refund that is reversed while a lost dispute stands changes nothing until that is undone too', async () => {
    const { uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded', { type: 'refund.succeeded', id: 'r' }, 'dispute.lost')
    await tell(on.app, bought, { type: 'refund.reversed', id: 'r', atMs: 2 })
    assert.equal(await statusOf(bought), 'refunded')
    assert.deepEqual(await walletOf(uid), { coins: 0, tokens: 0, waiting: 0 })
    await tell(on.app, bought, { type: 'dispute.won', atMs: 2 })
    assert.equal(await statusOf(bought), 'completed')
    assert.deepEqual(await walletOf(uid), { coins: 1000, tokens: 0, waiting: 22 })
    await assertBooks(on.app)
  })

  test('the same notice three times, or three at once, is booked once', async () => {
    const { uid, bought } = await newcomer()
    await tell(on.app, bought, 'payment.succeeded')
    const body = tellingOf(bought, { type: 'refund.succeeded' })
    for (const answer of await Promise.all([1, 2, 3].map(() => deliver(on.app, body)))) assertDone(answer)
    await tell(on.app, bought, 'refund.succeeded')
    assert.deepEqual(await walletOf(uid), { coins: 0, tokens: 0, waiting: 0 })
    await assertBooks(on.app)
  })

  test('the refund of a second charge closes its entry of the queue and moves no coin', async () => {
    const { uid, bought } = await newcomer()
    const second = { ...bought, transaction_id: `${bought.transaction_id}-twice` }
    await tell(on.app, bought, 'payment.succeeded')
    await tell(on.app, second, 'payment.succeeded', 'refund.succeeded')
    assert.equal(await statusOf(bought), 'completed')
    assert.deepEqual(await walletOf(uid), { coins: 1000, tokens: 0, waiting: 22 })
    await assertBooks(on.app)
  })

  test('the refund of a payment that waits for a person closes its entry, and its order with it', async () => {
    const { uid, bought } = await newcomer()
    const cheap = { ...bought, amount_minor: 1 }
    await tell(on.app, cheap, 'payment.succeeded', 'refund.succeeded')
    assert.equal(await statusOf(bought), 'refunded')
    await tell(on.app, cheap, { type: 'refund.reversed', atMs: 2 })
    assert.equal(await statusOf(bought), 'review')
    assert.deepEqual(await walletOf(uid), { coins: 0, tokens: 0, waiting: 0 })
    await assertBooks(on.app)
  })
})
