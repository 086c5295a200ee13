import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import {
  appleSettings,
  boughtFor,
  type FixtureName,
  newTransactionId,
  notificationOf,
  notify,
  type Saying,
  signedTransaction,
  verify,
} from '../support/apple-store.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutEvidence, withoutMarks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { keepEvent } from '../support/kept-events.ts'
import { createOrder } from '../support/orders.ts'

const CHANNELS = JSON.stringify({ apple: appleSettings() })

onEveryEngine(
  (on) => {
    const buyer = async (name: string) => {
      const { token, uid } = await on.app.logIn(name)
      const order = await createOrder(on.app, token, { payment_channel: 'apple' })
      const transaction = { transactionId: newTransactionId(), ...boughtFor(order) }
      const statusOf = async () => (await orderRow(on.app, order.order_id))?.status
      const coins = async () => (await playerRow(on.app, uid)).coins
      const tell = (name: FixtureName, saying: Saying = {}) =>
        notify(on.app, notificationOf(name, { ...saying, transaction: { ...transaction, ...saying.transaction } }))
      return { token, uid, order, transaction, statusOf, coins, tell }
    }
    const at = (signedDate: number): Saying => ({ notification: { signedDate } })

    test('a refund takes what was granted, and told again it takes nothing more', async () => {
      const { tell, statusOf, coins } = await buyer('apple-refund')
      assertDone(await tell('one-time-charge'))
      const body = at(Date.now())
      for (let n = 0; n < 3; n++) assert.equal(assertDone(await tell('refund', body)).order_status, 'refunded')
      assert.deepEqual([await statusOf(), await coins()], ['refunded', 0])
      await assertBooks(on.app)
    })

    test('one that comes before its purchase leaves nothing to grant, whoever tells of it then', async () => {
      const { token, transaction, tell, statusOf, coins } = await buyer('apple-refund-first')
      const told = assertDone(await tell('refund'))
      assert.deepEqual([told.order_id, told.order_status], [null, null])
      assert.equal(assertDone(await tell('one-time-charge')).order_status, 'refunded')
      const shown = assertDone(await verify(on.app, token, signedTransaction({ transaction })))
      assert.deepEqual([shown.order_status, shown.coins_granted], ['refunded', 0])
      assert.deepEqual([await statusOf(), await coins()], ['refunded', 0])
      await assertBooks(on.app)
    })

    test('refunded, reversed and refunded again ends refunded, in whatever order it is told, its purchase included', async () => {
      const now = Date.now()
      const facts = [
        ['one-time-charge', now - 4_000],
        ['refund', now - 3_000],
        ['refund-reversed', now - 2_000],
        ['refund', now - 1_000],
      ] as const
      for (const told of permutations(facts)) {
        const { token, transaction, tell, statusOf, coins } = await buyer(`apple-again-${newTransactionId()}`)
        for (const [name, signedDate] of told) {
          assertDone(await tell(name, at(signedDate)))
          // The device has the purchase as it was signed when it was made.
          if (name === 'one-time-charge') assertDone(await verify(on.app, token, signedTransaction({ transaction })))
        }
        assert.deepEqual([await statusOf(), await coins()], ['refunded', 0], JSON.stringify(told))
        assertDone(await tell('refund-reversed', at(now)))
        assert.equal(await statusOf(), (await coins()) === 1000 ? 'completed' : 'review')
      }
      await assertBooks(on.app)
    })

    test('a part of it takes its share, and later the whole takes the rest', async () => {
      const { tell, statusOf, coins } = await buyer('apple-prorated')
      assertDone(await tell('one-time-charge'))
      assertDone(await tell('refund-prorated', at(Date.now() - 2_000)))
      // A quarter of 1999 cents, rounded down, is 499; so is the share of 1000 coins.
      assert.deepEqual([await statusOf(), await coins()], ['completed', 1000 - 249])
      assertDone(await tell('refund', at(Date.now() - 1_000)))
      assert.deepEqual([await statusOf(), await coins()], ['refunded', 0])
      // Of three that were bought at once, one: Apple tells it as a third, to three decimals.
      const three = await buyer('apple-one-of-three')
      const bought = { quantity: 3, price: 59_970 }
      assertDone(await three.tell('one-time-charge', { transaction: bought }))
      assert.equal(await three.coins(), 3000)
      const one = { ...bought, revocationPercentage: 33_333, revocationType: undefined }
      assertDone(await three.tell('refund', { transaction: one }))
      assert.equal(await three.coins(), 3000 - 999)
      const other = await buyer('apple-prorated-unclear')
      const unclear = await other.tell('refund-prorated', { transaction: { revocationPercentage: undefined } })
      assertFaults(unclear, 'revocationPercentage')
      await assertBooks(on.app)
    })

    test('an old notification of a purchase that went back is a refund', async () => {
      const { tell, statusOf } = await buyer('apple-revoked-charge')
      assertDone(await tell('one-time-charge', { transaction: { revocationDate: Date.now() } }))
      assertDone(await tell('one-time-charge'))
      assert.equal(await statusOf(), 'refunded')
      await assertBooks(on.app)
    })

    test('a purchase that is revoked and was of nobody else goes back as a refund does', async () => {
      const { tell, statusOf } = await buyer('apple-revoked-own')
      assertDone(await tell('one-time-charge'))
      assertDone(await tell('revoke', { transaction: { inAppOwnershipType: 'PURCHASED' } }))
      assert.equal(await statusOf(), 'refunded')
    })

    test('what moves no money of ours is kept and changes nothing else', async () => {
      const { tell, statusOf, coins } = await buyer('apple-no-concern')
      assertDone(await tell('one-time-charge'))
      const before = withoutMarks(withoutEvidence(await stateOf(on.app)))
      const names = ['refund-declined', 'revoke', 'test', 'subscribed', 'external-purchase-token', 'unknown'] as const
      for (const name of names) assert.equal(assertDone(await tell(name)).order_id, null, name)
      // Nobody can answer without a key of the API.
      assertDone(await tell('consumption-request'))
      const pass = { type: 'Non-Consumable', productId: 'com.example.game.pass' }
      for (const name of ['one-time-charge', 'refund'] as const) assertDone(await tell(name, { transaction: pass }))
      assertDone(await tell('one-time-charge', { transaction: { inAppOwnershipType: 'FAMILY_SHARED' } }))
      // An item of ours that is set up as another kind of product is somebody's mistake, and money.
      assertFaults(await tell('one-time-charge', { transaction: { type: 'Non-Consumable' } }), 'type')
      assertFaults(await tell('refund', { data: { signedTransactionInfo: undefined } }), 'data.signedTransactionInfo')
      assert.deepEqual(withoutMarks(withoutEvidence(await stateOf(on.app))), before)
      assert.deepEqual([await statusOf(), await coins()], ['completed', 1000])
    })

    test('a purchase that was shown and then revoked tells its device to finish, and its grant stays until Apple says so', async () => {
      const { token, transaction, coins } = await buyer('apple-revoked-device')
      assertDone(await verify(on.app, token, signedTransaction({ transaction })))
      const revoked = signedTransaction({ transaction: { ...transaction, revocationDate: Date.now() } })
      assertRefused(await verify(on.app, token, revoked), 409, 'purchase_revoked')
      assert.equal(await coins(), 1000)
    })

    test('a kept notification is proven again by its body alone, long after, and told again', async () => {
      const { order, transaction, coins } = await buyer('apple-replay')
      const orders = (...args: string[]) => runProgram('src/cli/orders.ts', { args, variables: on.app.variables })
      const sent = notificationOf('one-time-charge', { transaction })
      const eventId = await keepEvent(on.app, { instance: 'apple', kind: 'payment', body: JSON.stringify(sent) })
      const dry = await orders('replay', eventId)
      assert.match(dry.stdout, /Told again it would come to `granted`/, dry.stderr)
      assert.equal(await coins(), 0)
      const done = await orders('replay', eventId, '--apply')
      assert.match(done.stdout, /Told again it came to `granted`/, done.stderr)
      assert.equal(await coins(), 1000)
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'completed')
      const [payload = '', ...rest] = sent.signedPayload.split('.').toReversed()
      const changed = {
        signedPayload: [...rest.toReversed(), payload.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))].join('.'),
      }
      const forgedId = await keepEvent(on.app, { instance: 'apple', kind: 'payment', body: JSON.stringify(changed) })
      const forged = await orders('replay', forgedId)
      assert.equal(forged.code, 1, 'what was never genuine is not genuine now')
      await assertBooks(on.app)
    })
  },
  { variables: { CHANNELS } },
)

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length === 0) return [[]]
  return all.flatMap((first, at) => permutations(all.toSpliced(at, 1)).map((rest) => [first, ...rest]))
}
