import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { appchargeSettings, awardOf, sendAppcharge } from '../support/appcharge.ts'
import { stateOf, withoutMarks } from '../support/books.ts'
import { runProgram, temporaryDirectory } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { orderOnPlay, startGoogle, verifyOnDevice } from '../support/google-app.ts'
import { createOrder } from '../support/orders.ts'
import { PACKAGE_NAME, playMoney } from '../support/play-server.ts'
import { idsOf, STRIPE_CHANNELS, stripeOf } from '../support/stripe-events.ts'

const SPAN = ['--from', '2020-01-01', '--to', '2100-01-01']
const { play, options } = await startGoogle()
const { google } = JSON.parse(options.variables?.['CHANNELS'] ?? '{}')
const CHANNELS = JSON.stringify({ appcharge: appchargeSettings(), stripe: STRIPE_CHANNELS.stripe, google })

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

    test('the payments that the Dashboard of Stripe exports are compared with the books', async () => {
      const stripe = stripeOf(on)
      const paid = async (tag: string) => {
        const { token, uid } = await on.app.logIn(tag)
        const { order_id: orderId } = await createOrder(on.app, token, { payment_channel: 'stripe' })
        const bought = { tag, uid, orderId }
        assertDone(await stripe.tell('checkout.session.completed', bought))
        return { ...bought, ...idsOf(bought) }
      }
      const [same, refunded, disputed] = [await paid('sr-same'), await paid('sr-refunded'), await paid('sr-disputed')]
      const head = 'id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Mode,PaymentIntent ID,Dispute Status'
      const line = (
        bought: { charge: string; intent: string },
        more: { back?: string; dispute?: string; status?: string } = {},
      ) => {
        const { back = '0.00', dispute = '', status = 'Paid' } = more
        return [
          bought.charge,
          '2026-11-01 09:30:00',
          '19.99',
          back,
          'usd',
          status,
          'Live',
          bought.intent,
          dispute,
        ].join(',')
      }
      const clean = await compare('stripe', [head, line(same), line(refunded), line(disputed)].join('\r\n'))
      assert.deepEqual(clean, { code: 0, stderr: '', kinds: {} })

      const lines = [
        line(same),
        line(refunded, { back: '5.00' }),
        line(disputed, { dispute: 'needs_response' }),
        line({ charge: 'ch_srlost', intent: 'pi_srlost' }),
        line({ charge: 'ch_srfailed', intent: 'pi_srfailed' }, { status: 'Failed' }),
      ]
      const expected = {
        [refunded.intent]: 'refund_missing_here',
        [disputed.intent]: 'dispute_missing_here',
        pi_srlost: 'missing_here',
      }
      assert.deepEqual(await compare('stripe', [head, ...lines].join('\n')), { code: 1, stderr: '', kinds: expected })

      for (const part of ['re_srone', 're_srtwo']) {
        const object = { id: part, amount: 250, status: 'succeeded' }
        assertDone(await stripe.tell('refund.created', refunded, { object }))
      }
      const parts = await compare(
        'stripe',
        [head, line(same), line(refunded, { back: '5.00' }), line(disputed)].join('\n'),
      )
      assert.deepEqual(
        parts,
        { code: 0, stderr: '', kinds: {} },
        'two parts went back, of which the export tells the sum',
      )

      const refused = await compare('stripe', 'id,Amount\nch_1,19.99')
      assert.equal(refused.code, 2)
      assert.match(
        refused.stderr,
        /neither in our own form nor the export of payments .* "PaymentIntent ID" is missing/,
      )
    })

    test('the estimated sales of Google Play are compared with the books by the numbers of its orders', async () => {
      const buy = async (name: string) => {
        const { token } = await on.app.logIn(name)
        const { account } = await orderOnPlay(on.app, token)
        const bought = play.buy({ account, total: playMoney('TRY', '849', 990_000_000) })
        assertDone(await verifyOnDevice(on.app, token, bought))
        return bought.orderId ?? ''
      }
      const [same, refunded] = [await buy('gr-same'), await buy('gr-refunded')]
      const head =
        'Order Number,Order Charged Date,Order Charged Timestamp,Financial Status,Product ID,Product Type,SKU ID,Currency of Sale,Charged Amount'
      const line = (order: string, status = 'Charged', app = PACKAGE_NAME) =>
        `${order},2026-11-01,1793525400,${status},${app},inapp,coins.starter,TRY,849.99`
      const clean = await compare('google', [head, line(same), line(refunded)].join('\n'))
      assert.deepEqual(clean, { code: 0, stderr: '', kinds: {} })

      const lines = [line(same), line(refunded), line(refunded, 'Refund'), line('GPA.lost')]
      const other = line('GPA.other', 'Charged', 'com.example.other')
      const told = await compare('google', [head, ...lines, other].join('\n'))
      const expected = { [refunded]: 'refund_missing_here', 'GPA.lost': 'missing_here' }
      assert.deepEqual(told, { code: 1, stderr: '', kinds: expected })
    })
  },
  { variables: { CHANNELS } },
)
