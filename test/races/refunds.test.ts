import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { namingPlatform } from '../support/payment-names.ts'
import { deliver, type Purchase, purchase, type Telling, tell, tellingOf } from '../support/reversals.ts'

// Each race is run this often with other neighbours: one order of arrival alone would show little.
const ROUNDS = 8

onEveryEngine((on) => {
  let players = 0
  const newcomer = async (): Promise<{ token: string; uid: string; bought: Purchase }> => {
    players += 1
    const name = `refund-races-${players}`
    const { token, uid } = await on.app.logIn(name)
    return { token, uid, bought: purchase({ order_id: name, uid }) }
  }
  const statusOf = async ({ order_id }: Purchase) => (await orderRow(on.app, order_id))?.status
  const rightsOf = async (uid: string) => {
    const { coins, tokens, inbox_tokens: waiting } = await playerRow(on.app, uid)
    return { coins, tokens: tokens + waiting }
  }
  const send = async (bought: Purchase, telling: Telling) =>
    assertDone(await deliver(on.app, tellingOf(bought, telling)))
  const post = (path: string, token: string, body: object = {}) => on.app.call('POST', path, { token, body })
  const inRounds = async (race: (round: number) => Promise<void>): Promise<void> => {
    await Promise.all(Array.from({ length: ROUNDS }, (_, round) => race(round)))
    await assertBooks(on.app)
  }

  test('a refund and the claim of its reward: the tokens are claimed and owed, or withdrawn, and gone either way', () =>
    inRounds(async () => {
      const { token, uid, bought } = await newcomer()
      await tell(on.app, bought, 'payment.succeeded')
      await Promise.all([
        post('/api/v1/inbox/claim_all', token),
        send(bought, { type: 'refund.succeeded' }),
        post('/api/v1/inbox/claim_all', token),
      ])
      assert.equal(await statusOf(bought), 'refunded')
      assert.deepEqual(await rightsOf(uid), { coins: 0, tokens: 0 })
    }))

  test('a refund and its payment, each several times: the order is refunded, and nothing is left', () =>
    inRounds(async (round) => {
      const { uid, bought } = await newcomer()
      const told: Telling[] = [{ type: 'payment.succeeded' }, { type: 'refund.succeeded' }]
      const thrice = [...told, ...told, ...told]
      await Promise.all([...thrice.slice(round % 2), ...thrice.slice(0, round % 2)].map((one) => send(bought, one)))
      assert.equal(await statusOf(bought), 'refunded')
      assert.deepEqual(await rightsOf(uid), { coins: 0, tokens: 0 })
    }))

  test('several refunds and a lost dispute at once take the grant once', () =>
    inRounds(async () => {
      const { uid, bought } = await newcomer()
      await tell(on.app, bought, 'payment.succeeded')
      const parts = [1, 2, 3].map((no): Telling => ({ type: 'refund.succeeded', id: `part-${no}`, amountMinor: 700 }))
      const others: Telling[] = [{ type: 'refund.succeeded', id: 'all' }, { type: 'dispute.lost' }]
      await Promise.all([...parts, ...others].map((one) => send(bought, one)))
      assert.equal(await statusOf(bought), 'refunded')
      assert.deepEqual(await rightsOf(uid), { coins: 0, tokens: 0 })
    }))

  test('a refund and its own reversal, in any order at once: the later by the platform counts', () =>
    inRounds(async (round) => {
      const { uid, bought } = await newcomer()
      await tell(on.app, bought, 'payment.succeeded')
      const told: Telling[] = [
        { type: 'refund.succeeded', atMs: 1 },
        { type: 'refund.reversed', atMs: 2 },
        { type: 'refund.succeeded', atMs: 3 },
        { type: 'refund.reversed', atMs: 4 },
      ]
      await Promise.all([...told.slice(round % 4), ...told.slice(0, round % 4)].map((one) => send(bought, one)))
      assert.equal(await statusOf(bought), 'completed')
      assert.deepEqual(await rightsOf(uid), { coins: 1000, tokens: 22 })
    }))

  test('a dispute and a new order: the order is made before it or refused after it, and none is made from then on', () =>
    inRounds(async () => {
      const { token, bought } = await newcomer()
      await tell(on.app, bought, 'payment.succeeded')
      const order = { item_id: 1, payment_channel: 'sandbox' }
      const [, ...made] = await Promise.all([
        send(bought, { type: 'dispute.opened' }),
        ...[1, 2, 3].map(() => post('/api/v1/orders', token, order)),
      ])
      for (const { status, body } of made) if (status !== 200) assert.equal(body.error, 'player_disputed')
      assert.equal((await post('/api/v1/orders', token, order)).body.error, 'player_disputed')
      await send(bought, { type: 'dispute.won', atMs: 2 })
      assertDone(await post('/api/v1/orders', token, order))
    }))

  test('a refund, a daily gift and a spend: each is booked once, whatever came first', () =>
    inRounds(async (round) => {
      const { token, uid, bought } = await newcomer()
      await tell(on.app, bought, 'payment.succeeded')
      const game = await on.app.serverToken()
      const spending = { currency: 'coins', amount: -600, reason: 'spent', idempotency_key: `race-${uid}-${round}` }
      const [gift, spend] = await Promise.all([
        post('/api/v1/daily_gift', token),
        post(`/api/v1/server/users/${uid}/wallet`, game, spending),
        send(bought, { type: 'refund.succeeded' }),
        send(bought, { type: 'refund.succeeded' }),
      ])
      const given = assertDone(gift).coins ?? 0
      const spent = spend.status === 200 ? 600 : 0
      if (spent === 0) assert.equal(spend.body.error, 'insufficient_balance')
      assert.equal((await rightsOf(uid)).coins, given - spent)
    }))

  test('tombstones of many names become one with their payment, however all of it meets', () =>
    inRounds(async (round) => {
      const { uid, bought } = await newcomer()
      const platform = namingPlatform(on.app)
      const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `${bought.order_id}-${name}`)
      const [a = '', ...others] = names
      const twoFrom = (at: number): string[] => [names[at % 5] ?? a, names[(at + 2) % 5] ?? a]
      await Promise.all([
        ...others.map((name, no) => platform.tell({ names: [name], causeId: `part-${no}`, minor: 100 })),
        platform.pay({ uid, orders: [bought.order_id], id: a }),
        ...[0, 1, 2, 3].map((no) => platform.tell({ names: twoFrom(round + no), cause: 'dispute', state: 'open' })),
        platform.pay({ uid, orders: [bought.order_id], id: a, others }),
        platform.pay({ uid, orders: [bought.order_id], id: a, others: others.toReversed() }),
      ])
      assert.equal(await statusOf(bought), 'disputed')
      assert.deepEqual(await rightsOf(uid), { coins: 1000 - 200, tokens: 22 - 4 })
    }))
})
