import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { STRIPE_SIGNATURE_HEADER, signStripeEvent } from '../../src/channels/stripe/index.ts'
import { assertDone } from '../support/answers.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { keepEvent } from '../support/kept-events.ts'
import { createOrder } from '../support/orders.ts'
import { privacyOf } from '../support/privacy.ts'
import {
  callingOut,
  ROLLED_SECRET,
  STRIPE_CHANNELS,
  STRIPE_SECRET,
  stripeEvent,
  stripeOf,
} from '../support/stripe-events.ts'
import { startStripeServer } from '../support/stripe-server.ts'
import { APP_ID } from '../support/test-app.ts'

const DAY_MS = 24 * 3_600_000
const server = await startStripeServer()
after(() => server.close())

onEveryEngine(
  (on) => {
    const stripe = stripeOf(on)
    const replay = async (...args: string[]) => {
      const { code, stdout, stderr } = await runProgram('src/cli/orders.ts', {
        args: ['replay', ...args],
        variables: on.app.variables,
      })
      return { code, stdout, stderr }
    }
    const keep = (
      body: string,
      kind: string,
      { receivedAtMs, secret = STRIPE_SECRET }: { receivedAtMs: number; secret?: string },
    ) =>
      keepEvent(on.app, {
        ...{ instance: 'stripe', kind, body, receivedAtMs },
        headers: { [STRIPE_SIGNATURE_HEADER]: signStripeEvent(secret, { body, nowMs: receivedAtMs }) },
      })
    const stands = async (orderId: string, uid: string) =>
      `${(await orderRow(on.app, orderId))?.status} ${(await playerRow(on.app, uid)).coins}`

    test('events that a fault of ours left unbooked are told again, proven as of when they were received', async (t) => {
      const { token, uid } = await on.app.logIn('stripe-replay')
      const { order_id: orderId } = await createOrder(on.app, token, { payment_channel: 'stripe' })
      const bought = { tag: 'replay', uid, orderId }
      const receivedAtMs = Date.now() - 3 * DAY_MS
      const steps: [string, string, string][] = [
        ['checkout.session.expired', 'failure', 'cancelled 0'],
        ['checkout.session.completed', 'payment', 'completed 1000'],
        ['charge.dispute.created', 'notice', 'disputed 1000'],
        ['refund.created', 'notice', 'refunded 0'],
      ]
      for (const [type, kind, after] of steps) {
        const eventId = await keep(stripeEvent(type, bought), kind, { receivedAtMs })
        const before = [await stands(orderId, uid), withoutMarks(await stateOf(on.app))]
        const dry = await replay(eventId)
        assert.deepEqual([dry.code, dry.stderr], [0, ''], type)
        assert.deepEqual([await stands(orderId, uid), withoutMarks(await stateOf(on.app))], before)
        assert.equal((await replay(eventId, '--apply')).code, 0)
        assert.equal(await stands(orderId, uid), after, type)
      }
      await assertBooks(on.app)
      await assertAuditClean(t, on.app.variables)
    })

    test('what was not genuine then is not today, and a secret that was taken out proves nothing', async () => {
      const { uid } = await on.app.logIn('stripe-replay-forged')
      const body = stripeEvent('checkout.session.completed', { tag: 'replay-forged', uid, orderId: 'replay-forged' })
      const receivedAtMs = Date.now() - DAY_MS
      const forged = await keep(body, 'payment', { receivedAtMs, secret: 'whsec_taken_out_since_then' })
      assert.match((await replay(forged, '--apply')).stderr, /its proof does not hold today/)
      assert.equal(await orderRow(on.app, 'replay-forged'), undefined)
    })

    test('a session that was not understood is kept, and a replay says what is wrong with it', async () => {
      const { uid } = await on.app.logIn('stripe-replay-again')
      const object = { metadata: { item_id: '1', player_id: `player ${uid}` } }
      const told = await stripe.tell('checkout.session.completed', { tag: 'replay-again', uid }, { object })
      assert.equal(told.status, 422)
      const { db } = on.app.service.database
      const kept = await db
        .selectFrom('payment_events')
        .select(['event_id', 'kind', 'verdict'])
        .where('request_id', '=', String(told.body.request_id))
        .executeTakeFirstOrThrow()
      assert.deepEqual([kept.kind, kept.verdict], ['callback', 'invalid_fields'])
      const { code, stderr } = await replay(kept.event_id)
      assert.equal(code, 1)
      assert.match(stderr, /metadata\.player_id/)
      assertDone(await stripe.tell('checkout.session.completed', { tag: 'replay-again', uid, orderId: 'replay-again' }))
      assert.equal(await stands('replay-again', uid), 'completed 1000')
    })

    test('what was told while nobody listened is taken in from Stripe’s list, once', async (t) => {
      const { uid } = await on.app.logIn('stripe-catch-up')
      const bought = { tag: `catchup${on.app.url.slice(-5)}`, uid, orderId: 'stripe-catch-up' }
      const event = (type: string, created: number) => JSON.parse(stripeEvent(type, bought, { event: { created } }))
      const at = Date.UTC(2026, 10, 1) / 1000
      server.events.splice(
        0,
        server.events.length,
        event('refund.created', at + 9),
        event('checkout.session.completed', at),
      )
      const catchUp = async (...args: string[]) => {
        const all = [
          'catch-up',
          'calling',
          '--from',
          '2026-11-01T00:00:00Z',
          '--to',
          '2026-11-02T00:00:00Z',
          '--json',
          ...args,
        ]
        const { code, stdout, stderr } = await runProgram('src/cli/orders.ts', {
          args: all,
          variables: on.app.variables,
        })
        assert.deepEqual([code, stderr], [0, ''])
        return JSON.parse(stdout).missed.map(
          ({ kind, verdict }: { kind: string; verdict: string }) => `${kind} ${verdict}`,
        )
      }
      assert.deepEqual(await catchUp(), ['notice awaits_payment', 'payment granted'])
      assert.equal(await orderRow(on.app, bought.orderId), undefined)
      assert.deepEqual(await catchUp('--apply'), ['notice awaits_payment', 'payment refunded'])
      assert.equal(await stands(bought.orderId, uid), 'refunded 0')
      assert.deepEqual(await catchUp('--apply'), [])
      await assertAuditClean(t, on.app.variables)
    })

    test('of an erased player nothing is left in what Stripe told, also of what moved nothing', async () => {
      const { uid } = await on.app.logIn('stripe-erased')
      const bought = { tag: 'erased', uid, orderId: 'stripe-erased' }
      const email = 'somebody@example.com'
      const unpaid = { payment_status: 'unpaid', customer_details: { email } }
      assertDone(await stripe.tell('checkout.session.completed', bought, { object: unpaid }))
      assertDone(await stripe.tell('checkout.session.completed', bought, { object: { customer_details: { email } } }))
      assertDone(await stripe.tell('charge.succeeded', bought, { object: { billing_details: { email } } }))
      assertDone(await stripe.tell('checkout.session.expired', bought, { object: { customer_details: { email } } }))
      const bodies = async () => {
        const rows = await on.app.service.database.db.selectFrom('payment_event_bodies').selectAll().execute()
        return rows.filter(({ body }) => Buffer.from(body).includes(email)).length
      }
      assert.equal(await bodies(), 4)
      await privacyOf(on.app).erase(uid)
      assert.equal(await bodies(), 0)
    })
  },
  {
    variables: {
      CHANNELS: JSON.stringify({
        sandbox: { appId: APP_ID },
        ...STRIPE_CHANNELS,
        calling: {
          type: 'stripe',
          ...callingOut(server.url),
          webhookSecrets: [ROLLED_SECRET.replace('whsec_', 'whsec_x')],
        },
      }),
    },
  },
)
