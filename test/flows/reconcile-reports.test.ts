import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { appchargeSettings, awardOf, sendAppcharge } from '../support/appcharge.ts'
import { stateOf, withoutMarks } from '../support/books.ts'
import { runProgram, temporaryDirectory } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'

const SPAN = ['--from', '2020-01-01', '--to', '2100-01-01']
const CHANNELS = JSON.stringify({ appcharge: appchargeSettings() })

onEveryEngine(
  (on) => {
    const directory = temporaryDirectory({ after })
    let files = 0
    /** Compares a report with the books: how it ended, its differences by payment, and what it says where it was refused. */
    const compare = async (instance: string, text: string) => {
      files += 1
      const path = join(directory, `report-${files}`)
      await writeFile(path, text)
      const before = withoutMarks(await stateOf(on.app))
      const args = [instance, ...SPAN, '--report', path, '--format', 'json', '--apply']
      const { code, stdout, stderr } = await runProgram('src/cli/reconcile.ts', { args, variables: on.app.variables })
      assert.deepEqual(
        withoutMarks(await stateOf(on.app)),
        before,
        'a report proves nothing, and nothing of it is booked',
      )
      const listed: readonly { kind: string; ids: readonly string[] }[] = stdout === '' ? [] : JSON.parse(stdout).rows
      return { code, stderr, kinds: Object.fromEntries(listed.map(({ kind, ids }) => [ids[0], kind])) }
    }

    test('the reports of Appcharge are compared with the books as its API answers them', async () => {
      const { uid } = await on.app.logIn('report-of-appcharge')
      for (const orderId of ['ar-same', 'ar-refunded', 'ar-other']) {
        const body = awardOf(uid, { orderId })
        assert.equal((await sendAppcharge(on.app, { callback: 'award', body })).status, 200)
      }
      const { priceInCents, currency } = awardOf(uid, { orderId: 'ar-same' }) as {
        priceInCents: number
        currency: string
      }
      const order = (acOrderId: string, more: object = {}) => ({
        ...{ acOrderId, playerId: uid, state: 'charge_succeed', currency, priceInCents },
        ...{ createdAt: '2026-11-01T09:30:00.000Z', ...more },
      })
      const same = ['ar-same', 'ar-refunded', 'ar-other'].map((id) => order(id))
      const clean = await compare('appcharge', JSON.stringify({ totalCount: 3, results: same }))
      assert.deepEqual(clean, { code: 0, stderr: '', kinds: {} })

      const results = [
        order('ar-same'),
        order('ar-refunded', { state: 'payment_refunded' }),
        order('ar-other', { priceInCents: priceInCents + 1 }),
        order('ar-lost', { state: 'charge_failed' }),
        order('ar-never-paid', { state: 'payment_failed' }),
      ]
      const told = await compare('appcharge', JSON.stringify({ totalCount: 5, results }))
      const expected = { 'ar-refunded': 'refund_missing_here', 'ar-other': 'amount_differs', 'ar-lost': 'missing_here' }
      assert.deepEqual(told, { code: 1, stderr: '', kinds: expected })

      const transactions = same.map(({ acOrderId }) => ({
        ...{ orderId: acOrderId, purchaseId: `pr_${acOrderId}`, timestamp: '2026-11-01T09:30:00Z' },
        transactionDetails: { type: 'paid', amount: priceInCents, currencyCode: currency },
      }))
      const moved = await compare('appcharge', JSON.stringify({ results: transactions, nextCursor: null }))
      assert.deepEqual(moved, { code: 0, stderr: '', kinds: {} })

      const refused = await compare('appcharge', JSON.stringify({ totalCount: 9, results }))
      assert.equal(refused.code, 2)
      assert.match(refused.stderr, /of 9 orders it has 5: fetch the others, too/)
    })
  },
  { variables: { CHANNELS } },
)
