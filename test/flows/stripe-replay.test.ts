import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STRIPE_SIGNATURE_HEADER, signStripeEvent } from '../../src/channels/stripe/index.ts'
import { assertDone } from '../support/answers.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { keepEvent } from '../support/kept-events.ts'
import { createOrder } from '../support/orders.ts'
import { STRIPE_CHANNELS, STRIPE_SECRET, stripeEvent, stripeOf } from '../support/stripe-events.ts'
import { APP_ID } from '../support/test-app.ts'

const DAY_MS = 24 * 3_600_000

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
  },
  { variables: { CHANNELS: JSON.stringify({ sandbox: { appId: APP_ID }, ...STRIPE_CHANNELS }) } },
)
