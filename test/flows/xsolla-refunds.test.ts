import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAuditClean } from '../support/audit-run.ts'
import { assertBooks, orderRow, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import {
  type Changes,
  inShort,
  newPurchase,
  paidOrder,
  tellXsolla,
  XSOLLA_CHANNELS,
  type XsollaBody,
  type XsollaPurchase,
  xsollaBody,
} from '../support/xsolla.ts'

onEveryEngine(
  (on) => {
    let players = 0
    const newcomer = async (): Promise<{ uid: string; bought: XsollaPurchase; orderId: string }> => {
      players += 1
      const { uid } = await on.app.logIn(`xsolla-refund-${players}`)
      const bought = newPurchase()
      return { uid, bought, orderId: `xsolla:${bought.orderId}` }
    }
    const tell = async (...bodies: XsollaBody[]): Promise<void> => {
      for (const body of bodies) assert.equal(inShort(await tellXsolla(on.app, body)), '204', JSON.stringify(body))
    }
    const refund = ({ transactionId }: XsollaPurchase, code: number | string = 9, changes: Changes = {}) =>
      xsollaBody('refund', { transaction: { id: transactionId }, refund_details: { code }, ...changes })
    const partial = ({ transactionId }: XsollaPurchase, amount: number | string, changes: Changes = {}) =>
      xsollaBody('partial-refund', {
        transaction: { id: transactionId },
        purchase: { total: { currency: 'USD', amount } },
        ...changes,
      })
    const canceled = ({ orderId, transactionId }: XsollaPurchase, changes: Changes = {}) =>
      xsollaBody('order-canceled', { order: { id: orderId, invoice_id: String(transactionId) }, ...changes })
    const standing = async ({ uid, orderId }: { uid: string; orderId: string }) => {
      const { coins, inbox_tokens: waiting } = await playerRow(on.app, uid)
      return `${(await orderRow(on.app, orderId))?.status ?? 'none'} ${coins} ${waiting}`
    }
    const causesOf = async ({ transactionId }: XsollaPurchase) => {
      const { db } = on.app.service.database
      const rows = await db
        .selectFrom('payment_reversals')
        .innerJoin('payments', 'payments.payment_id', 'payment_reversals.payment_id')
        .select(['payment_reversals.cause', 'payment_reversals.state', 'payment_reversals.amount_minor'])
        .where('payments.transaction_id', '=', String(transactionId))
        .execute()
      return rows.map(({ cause, state, amount_minor: minor }) => `${cause} ${state} ${minor ?? 'all'}`).toSorted()
    }

    test('a refund and the cancellation of its order tell of one loss, in either order and any number of times', async (t) => {
      for (const backwards of [false, true]) {
        const of = await newcomer()
        await tell(paidOrder(of.uid, of.bought))
        assert.equal(await standing(of), 'completed 1000 22')
        const told = [refund(of.bought), canceled(of.bought), refund(of.bought), canceled(of.bought)]
        await tell(...(backwards ? told.toReversed() : told))
        assert.equal(await standing(of), 'refunded 0 0')
        assert.deepEqual(await causesOf(of.bought), ['refund taken all'])
      }
      await assertBooks(on.app)
      await assertAuditClean(t, on.app.variables)
    })

    test('fraud and chargebacks are disputes that are lost; every other code is a refund', async () => {
      for (const code of [2, 4, 7, 11, 12, '2']) {
        const of = await newcomer()
        await tell(paidOrder(of.uid, of.bought), refund(of.bought, code))
        assert.deepEqual([await standing(of), await causesOf(of.bought)], ['refunded 0 0', ['dispute taken all']])
        await tell(canceled(of.bought))
        assert.equal(await standing(of), 'refunded 0 0', 'the cancellation takes nothing more')
      }
      for (const code of [1, 3, 5, 6, 8, 9, 10, 13, 99, null]) {
        const of = await newcomer()
        await tell(paidOrder(of.uid, of.bought), refund(of.bought, 0, { refund_details: { code } }))
        assert.deepEqual([await standing(of), await causesOf(of.bought)], ['refunded 0 0', ['refund taken all']])
      }
      await assertBooks(on.app)
    })

    test('a combined cancellation says by itself that it was fraud', async () => {
      const of = await newcomer()
      const { transactionId: id } = of.bought
      await tell(
        paidOrder(of.uid, of.bought),
        canceled(of.bought, { billing: { transaction: { id }, refund_details: { code: 2 } } }),
      )
      assert.deepEqual([await standing(of), await causesOf(of.bought)], ['refunded 0 0', ['dispute taken all']])
    })

    test('parts add up, each told any number of times, until all is gone', async () => {
      const of = await newcomer()
      await tell(paidOrder(of.uid, of.bought))
      const first = partial(of.bought, 5)
      const second = partial(of.bought, '5.00', {
        transaction: { id: of.bought.transactionId, date: '2026-11-01T10:00:00+03:00' },
      })
      await tell(first, first)
      assert.equal(await standing(of), 'completed 750 17')
      await tell(second, first, second)
      assert.equal(await standing(of), 'completed 500 11')
      assert.deepEqual(await causesOf(of.bought), ['refund taken 500', 'refund taken 500'])
      await tell(partial(of.bought, '9.99', { refund_details: { reason: 'the rest' } }))
      assert.equal(await standing(of), 'refunded 0 0')
      await tell(refund(of.bought), canceled(of.bought))
      assert.equal(await standing(of), 'refunded 0 0')
      await assertBooks(on.app)
    })

    test('a part in the payer’s money is never counted as more than the part', async () => {
      const of = await newcomer()
      await tell(paidOrder(of.uid, of.bought))
      const inDollars = (amount: string) => ({ payment_details: { payment: { currency: 'USD', amount } } })
      await tell(partial(of.bought, '5.00', inDollars('5.44')))
      assert.equal(await standing(of), 'completed 750 17', 'a tax that went back with it')
      await tell(partial(of.bought, '19.99', inDollars('5.00')))
      assert.equal(await standing(of), 'completed 500 11', 'where the whole purchase is told beside it')
      assert.deepEqual(await causesOf(of.bought), ['refund taken 500', 'refund taken 500'])
      await tell(partial(of.bought, '1', { purchase: { total: { currency: 'EUR', amount: '1' } } }))
      assert.equal(await standing(of), 'completed 500 11', 'nobody knows how much of a dollar that is')
      await assertBooks(on.app)
    })

    test('what came before its payment finds it, by its transaction or by its order', async () => {
      const byTransaction = await newcomer()
      await tell(refund(byTransaction.bought), paidOrder(byTransaction.uid, byTransaction.bought))
      assert.equal(await standing(byTransaction), 'refunded 0 0')
      const byOrder = await newcomer()
      const unnamed = canceled(byOrder.bought, { order: { id: byOrder.bought.orderId, invoice_id: null } })
      await tell(unnamed, paidOrder(byOrder.uid, byOrder.bought))
      assert.equal(await standing(byOrder), 'refunded 0 0')
      const both = await newcomer()
      const ofBoth = canceled(both.bought, { order: { id: both.bought.orderId, invoice_id: null } })
      await tell(partial(both.bought, 5), ofBoth, paidOrder(both.uid, both.bought))
      assert.equal(await standing(both), 'refunded 0 0')
      const part = await newcomer()
      await tell(partial(part.bought, 5), paidOrder(part.uid, part.bought))
      assert.equal(await standing(part), 'completed 750 17')
      await assertBooks(on.app)
    })

    test('an order that is paid twice is two payments: what goes back of the second leaves the first', async () => {
      const of = await newcomer()
      const second = { ...of.bought, transactionId: newPurchase().transactionId }
      await tell(paidOrder(of.uid, of.bought), paidOrder(of.uid, second))
      const states = async () => (await reviewEntries(on.app, of.orderId)).map(({ reason, state }) => [reason, state])
      assert.deepEqual(await states(), [['duplicate_charge', 'open']])
      await tell(refund(second, 13), canceled(second))
      assert.deepEqual([await standing(of), await states()], ['completed 1000 22', [['duplicate_charge', 'refunded']]])
      await tell(canceled(of.bought, { order: { id: of.bought.orderId, invoice_id: null } }))
      assert.equal(
        await standing(of),
        'refunded 0 0',
        'a cancellation that names no transaction is of what was granted',
      )
      await assertBooks(on.app)
    })

    test('a cancellation is understood whatever it lists', async () => {
      const of = await newcomer()
      await tell(paidOrder(of.uid, of.bought), canceled(of.bought, { items: undefined, user: null }))
      assert.equal(await standing(of), 'refunded 0 0')
    })

    test('money that waits for a person goes back with its entry, and moves no coin', async () => {
      const of = await newcomer()
      const wrong = paidOrder(of.uid, of.bought, {
        items: [{ sku: 'unheard_of', type: 'virtual_good', quantity: 1, amount: '5' }],
      })
      await tell(wrong, refund(of.bought))
      assert.deepEqual(
        (await reviewEntries(on.app, of.orderId)).map(({ state }) => state),
        ['refunded'],
      )
      assert.equal(await standing(of), 'refunded 0 0')
      await assertBooks(on.app)
    })

    test('a refund of play money takes nothing of real money', async () => {
      const of = await newcomer()
      const { transactionId } = of.bought
      await tell(paidOrder(of.uid, of.bought), refund(of.bought, 5, { transaction: { id: transactionId, dry_run: 1 } }))
      await tell(
        canceled(of.bought, { order: { id: of.bought.orderId, invoice_id: String(transactionId), mode: 'sandbox' } }),
      )
      assert.equal(await standing(of), 'completed 1000 22')
      await tell(refund(of.bought))
      assert.equal(await standing(of), 'refunded 0 0')
      await assertBooks(on.app)
    })

    test('twenty at once take one refund', async () => {
      const of = await newcomer()
      await tell(paidOrder(of.uid, of.bought))
      const told = Array.from({ length: 20 }, (_, no) => (no % 2 === 0 ? refund(of.bought) : partial(of.bought, 5)))
      const answers = await Promise.all(told.map((body) => tellXsolla(on.app, body)))
      assert.deepEqual(new Set(answers.map(inShort)), new Set(['204']))
      assert.equal(await standing(of), 'refunded 0 0')
      await assertBooks(on.app)
    })
  },
  { variables: { CHANNELS: XSOLLA_CHANNELS } },
)
