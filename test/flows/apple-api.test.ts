import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngineWithAppleApi } from '../support/apple-api.ts'
import {
  appleBuyer,
  newTransactionId,
  notificationOf,
  notify,
  signedTransaction,
  verify,
} from '../support/apple-store.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { entryOf } from '../support/review-desk.ts'
import { APP_ID } from '../support/test-app.ts'

const DAY_MS = 86_400_000
const FROM = new Date(Date.now() - 100 * DAY_MS).toISOString()

onEveryEngineWithAppleApi((on) => {
  const orders = (...args: string[]) => runProgram('src/cli/orders.ts', { args, variables: on.app.variables })

  describe('money that waits for a person', () => {
    /** A purchase that names no order, shown by a device. */
    const unclaimed = async (name: string, environment: 'Production' | 'Sandbox' = 'Production') => {
      const { token, uid } = await on.app.logIn(name)
      const transaction = { transactionId: newTransactionId() }
      const signed = signedTransaction({ transaction, environment })
      assertRefused(await verify(on.app, token, signed), 409, 'account_mismatch')
      const { entry_id } = await entryOf(on.app, `apple:${transaction.transactionId}`)
      const approve = () => orders('approve', entry_id, '--by', 'a tester', '--app', APP_ID)
      return { token, transaction, approve, coins: async () => (await playerRow(on.app, uid)).coins }
    }

    test('is granted once the store says that it stands', async () => {
      const { token, transaction, approve, coins } = await unclaimed('apple-stands')
      on.production.transactions.set(transaction.transactionId, signedTransaction({ transaction }))
      const done = await approve()
      assert.equal(done.code, 0, done.stderr)
      assert.equal(await coins(), 1000)
      // Its device has not finished it, shows it again, and is answered what was granted.
      const shown = assertDone(await verify(on.app, token, signedTransaction({ transaction })))
      assert.deepEqual([shown.order_status, shown.coins_granted, shown.replayed], ['completed', 1000, true])
      await assertBooks(on.app)
    })

    test('is looked for in play money where it is no real money', async () => {
      const { transaction, approve, coins } = await unclaimed('apple-stands-sandbox', 'Sandbox')
      on.sandbox.transactions.set(transaction.transactionId, signedTransaction({ transaction, environment: 'Sandbox' }))
      assert.equal((await approve()).code, 0)
      assert.equal(await coins(), 1000)
    })

    test('is not granted where it went back, is known to nobody, or is vouched for by somebody else', async () => {
      const gone = await unclaimed('apple-approve-gone')
      const revoked = { ...gone.transaction, revocationDate: Date.now() }
      on.production.transactions.set(gone.transaction.transactionId, signedTransaction({ transaction: revoked }))
      assert.match((await gone.approve()).stderr, /does not stand any more/)
      const nobodys = await unclaimed('apple-approve-unknown')
      assert.match((await nobodys.approve()).stderr, /cannot say whether this payment stands/)
      const other = await unclaimed('apple-approve-other')
      const { transaction } = await unclaimed('apple-approve-other-2')
      on.production.transactions.set(other.transaction.transactionId, signedTransaction({ transaction }))
      assert.match((await other.approve()).stderr, /out of reach/)
      on.production.transactions.set(other.transaction.transactionId, 'e30.e30.e30')
      assert.match((await other.approve()).stderr, /out of reach/)
      for (const trouble of ['page', { status: 500, errorCode: 5000000 }] as const) {
        await on.inTrouble(trouble, async () => assert.match((await other.approve()).stderr, /out of reach/))
      }
      for (const { coins } of [gone, nobodys, other]) assert.equal(await coins(), 0)
    })
  })

  test('what Apple told and never reached us is taken in once, from real money and play money, each proven again', async () => {
    const [paid, came] = [await appleBuyer(on.app, 'apple-lost'), await appleBuyer(on.app, 'apple-came')]
    const back = await appleBuyer(on.app, 'apple-lost-refund')
    const charge = ({ transaction }: typeof paid) => notificationOf('one-time-charge', { transaction }).signedPayload
    assertDone(await notify(on.app, { signedPayload: charge(came) }))
    assertDone(await verify(on.app, back.token, signedTransaction({ transaction: back.transaction })))
    const played = await appleBuyer(on.app, 'apple-lost-sandbox')
    on.production.told.push(
      ...[charge(came), charge(paid), notificationOf('test').signedPayload],
      ...[notificationOf('refund', { transaction: back.transaction }).signedPayload, `${charge(paid)}A`],
    )
    const { transaction } = played
    on.sandbox.told.push(notificationOf('one-time-charge', { transaction, environment: 'Sandbox' }).signedPayload)
    const catchUp = async (...more: string[]) => {
      const done = await orders('catch-up', 'apple', '--from', FROM, '--json', ...more)
      assert.equal(done.code, 0, done.stderr)
      const { listed, notUnderstood, missed } = JSON.parse(done.stdout)
      return [listed, notUnderstood, missed.map(({ kind }: { kind: string }) => kind)]
    }
    const missed = [6, 1, ['payment', 'notice', 'payment']]
    const before = withoutMarks(await stateOf(on.app))
    assert.deepEqual(await catchUp(), missed)
    assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
    assert.deepEqual(await catchUp('--apply'), missed)
    assert.deepEqual(await catchUp('--apply'), [6, 1, []])
    const [asked] = on.production.asked.filter(({ path }) => path.endsWith('/history'))
    assert.equal(asked?.body.startDate, Date.parse(FROM))
    const statuses = await Promise.all(
      [paid, back, came, played].map(async ({ order }) => (await orderRow(on.app, order.order_id))?.status),
    )
    assert.deepEqual(statuses, ['completed', 'refunded', 'completed', 'completed'])
    const [play] = on.sandbox.asked.filter(({ path }) => path.endsWith('/history'))
    assert.ok(play?.body.startDate > Date.parse(FROM), 'play money is kept for a month')
    const long = await orders('catch-up', 'apple', '--from', '2020-01-01T00:00:00Z')
    assert.match(long.stderr, /longer ago than Apple keeps/)
    await on.inTrouble({ status: 401, errorCode: 0 }, async () => {
      assert.match((await orders('catch-up', 'apple', '--from', FROM)).stderr, /out of reach/)
    })
    await assertBooks(on.app)
  })
})
