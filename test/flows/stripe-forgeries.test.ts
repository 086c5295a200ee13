import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STRIPE_SIGNATURE_HEADER, signStripeEvent } from '../../src/channels/stripe/index.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutEvidence, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import {
  fixture,
  metadataOf,
  OTHER_SECRET,
  STRIPE_CHANNELS,
  STRIPE_SECRET,
  type StripePurchase,
  stripeEvent,
  stripeOf,
} from '../support/stripe-events.ts'
import { APP_ID, localApps, startApp } from '../support/test-app.ts'

/** Genuine events that nobody can take, with the fields that are told to be wrong. */
function notUnderstood(bought: StripePurchase): readonly [string, readonly string[]][] {
  const paid = (object: object, event: object = {}) =>
    stripeEvent('checkout.session.completed', bought, {
      object: object as Record<string, unknown>,
      event: event as Record<string, unknown>,
    })
  const metadata = metadataOf(bought)
  const { orderId } = bought
  const raw = (text: string) => paid({}).replace('"amount_total":1999', `"amount_total":${text}`)
  const cases: [string, string[]][] = [
    // No event at all.
    ['not json', ['']],
    ['null', ['']],
    ['[]', ['']],
    ['{}', ['id', 'object', 'type', 'created', 'livemode', 'data']],
    ['\u0000', ['']],
    [JSON.stringify(fixture('thin-event')), ['object', 'created', 'data']],
    [paid({}, { object: 'account' }), ['object']],
    [paid({}, { created: '2026' }), ['created']],
    [paid({}, { livemode: 'false' }), ['livemode']],
    [paid({}, { type: ['checkout.session.completed'] }), ['type']],
    // An event with another object than its type has.
    [JSON.stringify({ ...JSON.parse(paid({})), data: { object: [] } }), ['data.object']],
    [JSON.stringify({ ...JSON.parse(paid({})), data: [] }), ['data']],
    [paid({ object: 'account', id: 'acct_1' }), ['object']],
    [paid({ id: 'x'.repeat(201) }), ['id']],
    [paid({ livemode: null }), ['livemode']],
    // Amounts that are none.
    [paid({ amount_total: -1 }), ['amount_total']],
    [paid({ amount_total: 19.99 }), ['amount_total']],
    [paid({ amount_total: '1999' }), ['amount_total']],
    [raw('1e309'), ['amount_total']],
    [raw('9007199254740993'), ['amount_total']],
    [paid({ amount_total: null }), ['amount_total']],
    [paid({ amount_subtotal: null }), ['amount_subtotal']],
    [paid({ currency: null }), ['amount_subtotal']],
    [paid({ currency: 'xxx' }), ['amount_subtotal']],
    [paid({ currency: 'USD' }), ['currency']],
    [paid({ currency: 'isk', amount_subtotal: 1999 }), ['amount_subtotal']],
    // Facts of ours that were spoilt.
    [paid({ metadata: { ...metadata, player_id: '1e4' } }), ['metadata.player_id']],
    [paid({ metadata: { order_id: orderId }, client_reference_id: orderId }), ['metadata.player_id']],
    // The number of a basket of the studio's own is no player's.
    [paid({ metadata: { item_id: '1' }, client_reference_id: metadata['player_id'] }), ['metadata.player_id']],
    [paid({ metadata: { ...metadata, player_id: '-10001' } }), ['metadata.player_id']],
    [paid({ metadata: { ...metadata, player_id: '' } }), ['metadata.player_id']],
    [paid({ metadata: { ...metadata, quantity: '0' } }), ['metadata.quantity']],
    [paid({ metadata: { ...metadata, quantity: '1.5' } }), ['metadata.quantity']],
    [paid({ metadata: { ...metadata, quantity: '1001' } }), ['metadata.quantity']],
    [paid({ metadata: { ...metadata, order_id: 'an order' } }), ['metadata.order_id']],
    [paid({ metadata: { ...metadata, order_id: 'x'.repeat(201) } }), ['metadata.order_id']],
    [paid({ metadata: { ...metadata, player_id: 10001 } }), ['metadata', 'metadata.player_id']],
    [paid({ metadata: [] }), ['metadata']],
    [
      paid({}).replace('"metadata":{', '"metadata":{"__proto__":{"player_id":"10001","order_id":"stolen"},'),
      ['metadata', 'metadata.__proto__'],
    ],
    // Refunds and disputes of nothing.
    [stripeEvent('refund.created', bought, { object: { payment_intent: null, charge: null } }), ['payment_intent']],
    [stripeEvent('refund.created', bought, { object: { amount: -5 } }), ['amount']],
    [stripeEvent('refund.created', bought, { object: { currency: 'xxx' } }), ['amount']],
    [stripeEvent('charge.dispute.closed', bought, { object: { status: null } }), ['status']],
    [stripeEvent('charge.dispute.created', bought, { object: { payment_intent: 4711 } }), ['payment_intent']],
  ]
  return cases
}

onEveryEngine(
  (on) => {
    const stripe = stripeOf(on)
    const post = (body: string, headers: Record<string, string>) =>
      on.app.call('POST', '/webhooks/stripe', { body, headers })
    const signed = (body: string, atMs = Date.now()) => signStripeEvent(STRIPE_SECRET, { body, nowMs: atMs })
    const state = async () => withoutMarks(await stateOf(on.app))

    test('what Stripe did not sign, or not now, changes nothing and is not kept', async () => {
      const { token, uid } = await on.app.logIn('stripe-forged')
      const { order_id: orderId } = await createOrder(on.app, token, { payment_channel: 'stripe' })
      const body = stripeEvent('checkout.session.completed', { tag: 'forged', uid, orderId })
      const now = Date.now()
      const good = signed(body)
      const [time = '', proof = ''] = good.split(',')
      const hex = proof.slice('v1='.length)
      const before = await state()
      const forgeries: Record<string, string | null> = {
        'no header': null,
        'an empty one': '',
        'no signature': time,
        'no time': proof,
        'the time of no number': `t=now,${proof}`,
        'another time': `t=${Math.floor(now / 1000) - 1},${proof}`,
        'two times': `${time},${good}`,
        'a time before all times': `t=-1,${proof}`,
        'a time of many digits': `t=${'9'.repeat(12)},${proof}`,
        'no hexadecimal digits': `${time},v1=${'z'.repeat(64)}`,
        'a digit less': `${time},v1=${hex.slice(1)}`,
        'a digit more': `${good}0`,
        'capital digits': `${time},v1=${hex.replace(/[a-f]/g, (digit) => digit.toUpperCase())}`,
        'the old scheme only': `${time},v0=${hex}`,
        'a scheme to come': `${time},v2=${hex}`,
        'a space': `${time}, ${proof}`,
        'another secret': signStripeEvent('whsec_guessed', { body, nowMs: now }),
        'the secret of another endpoint': signStripeEvent(OTHER_SECRET, { body, nowMs: now }),
        'the secret without its prefix': signStripeEvent(STRIPE_SECRET.slice('whsec_'.length), { body, nowMs: now }),
        'no secret': signStripeEvent('', { body, nowMs: now }),
        'more than five minutes ago': signed(body, now - 302_000),
        'more than five minutes ahead': signed(body, now + 302_000),
        'a thousand signatures': `${time}${`,v1=${'0'.repeat(64)}`.repeat(100)},${proof}`,
      }
      for (const [how, header] of Object.entries(forgeries)) {
        const answer = await post(body, header === null ? {} : { [STRIPE_SIGNATURE_HEADER]: header })
        assert.equal(answer.status, 401, how)
        assertRefused(answer, 401, 'invalid_signature')
      }
      for (const [how, altered] of Object.entries({
        'a space more': `${body} `,
        'a space before': ` ${body}`,
        'another amount': body.replace('1999', '2999'),
        'a mark of the byte order': `\ufeff${body}`,
        'nothing at all': '',
      })) {
        const answer = await post(altered, { [STRIPE_SIGNATURE_HEADER]: good })
        assert.equal(answer.status, 401, how)
      }
      assert.deepEqual(await state(), before)
      assert.equal((await orderRow(on.app, orderId))?.status, 'pending')
      // Five minutes less a moment, either way, and beside a signature of the old scheme.
      for (const atMs of [now - 290_000, now + 290_000]) {
        const header = `${signed(body, atMs)},v0=${hex}`
        assert.equal(assertDone(await post(body, { [STRIPE_SIGNATURE_HEADER]: header })).order_status, 'completed')
      }
    })

    test('a genuine event that is not understood is kept and refused by its fields, and moves nothing', async () => {
      const { token, uid } = await on.app.logIn('stripe-hostile')
      const { order_id: orderId } = await createOrder(on.app, token, { payment_channel: 'stripe' })
      const bought = { tag: 'hostile', uid, orderId }
      const cases = notUnderstood(bought)
      const before = withoutEvidence(await state())
      const events = async () => Number((await state())['payment_events'])
      const kept = await events()
      for (const [body, fields] of cases) {
        const answer = await stripe.send(body)
        assert.equal(answer.status, 422, `${body.slice(0, 80)} … ${JSON.stringify(answer.body)}`)
        assertFaults(answer, ...fields)
      }
      assert.deepEqual(withoutEvidence(await state()), before)
      assert.equal(await events(), kept + cases.length)
      assert.deepEqual(
        [(await orderRow(on.app, orderId))?.status, (await playerRow(on.app, uid)).coins],
        ['pending', 0],
      )
      await assertBooks(on.app)
    })

    test('metadata that names what everything has names nothing', async () => {
      const { uid } = await on.app.logIn('stripe-poisoned')
      const bought = { tag: 'poisoned', uid }
      const before = withoutEvidence(await state())
      for (const metadata of [{ constructor: 'x', toString: 'y' }, {}]) {
        const object = { metadata, client_reference_id: uid, payment_link: 'constructor' }
        assert.equal(assertDone(await stripe.tell('checkout.session.completed', bought, { object })).order_id, null)
      }
      assert.deepEqual(withoutEvidence(await state()), before)
      const sku = { metadata: { player_id: uid, sku: 'constructor' } }
      assert.equal(
        assertDone(await stripe.tell('checkout.session.completed', bought, { object: sku })).refusal,
        'item_not_found',
      )
    })

    test('an event of one app’s endpoint is nothing to another app’s', async () => {
      const { uid } = await on.app.logIn('stripe-elsewhere')
      const bought = { tag: 'elsewhere', uid, orderId: 'elsewhere' }
      const body = stripeEvent('checkout.session.completed', bought)
      assertRefused(await stripe.send(body, { instance: 'others' }), 401, 'invalid_signature')
      const told = assertDone(await stripe.send(body, { instance: 'others', secret: OTHER_SECRET }))
      assert.deepEqual([told.order_id, told.refusal], [null, null])
      // Without the name of an app, a player of this one is nobody there.
      const { app_id: _, ...metadata } = metadataOf(bought)
      const nameless = stripeEvent('checkout.session.completed', bought, { object: { metadata } })
      const taken = assertDone(await stripe.send(nameless, { instance: 'others', secret: OTHER_SECRET }))
      assert.deepEqual([taken.order_status, taken.refusal], ['review', 'player_not_found'])
      assert.equal((await playerRow(on.app, uid)).coins, 0)
    })

    test('only what proves and explains an event is kept beside it', async () => {
      const { uid } = await on.app.logIn('stripe-headers')
      const body = stripeEvent('checkout.session.completed', { tag: 'headers', uid, orderId: 'stripe-headers' })
      const headers = { cookie: 'a=b', authorization: 'Bearer nobody', 'x-forwarded-for': '1.2.3.4', 'user-agent': 'x' }
      assertDone(await stripe.send(body, { headers: { ...headers, 'user-agent': 'U'.repeat(400) } }))
      const kept = await on.app.service.database.db
        .selectFrom('payment_events')
        .select('headers')
        .where('order_id', '=', 'stripe-headers' as never)
        .executeTakeFirstOrThrow()
      const names = JSON.parse(kept.headers)
      assert.deepEqual(Object.keys(names).toSorted(), ['content-type', 'stripe-signature', 'user-agent'])
      assert.equal(names['user-agent'].length, 300)
    })
  },
  { variables: { CHANNELS: JSON.stringify({ sandbox: { appId: APP_ID }, ...STRIPE_CHANNELS }) } },
)

test('play money of a sandbox is kept, and grants nothing where its app takes none', async (t) => {
  const CHANNELS = JSON.stringify({ sandbox: { appId: APP_ID }, ...STRIPE_CHANNELS })
  const app = await startApp({ variables: { CHANNELS, APPS: localApps({ testPurchases: false }) } })
  t.after(() => app.close())
  const stripe = stripeOf({ app })
  const { uid } = await app.logIn('stripe-play-money')
  const bought = { tag: 'stripe-play-money', uid, orderId: 'stripe-play-money' }
  const before = withoutEvidence(await stateOf(app))
  for (const type of ['checkout.session.completed', 'checkout.session.expired', 'refund.created']) {
    const told = assertDone(await stripe.tell(type, bought, { event: { livemode: false } }))
    assert.equal(told.refusal, 'test_mode', type)
  }
  const told = await stripe.tell('checkout.session.completed', bought, { object: { livemode: false } })
  assert.equal(assertDone(told).refusal, 'test_mode', 'an event of play money that calls itself real')
  assert.deepEqual(withoutEvidence(await stateOf(app)), before)
  assert.equal(assertDone(await stripe.tell('checkout.session.completed', bought)).order_status, 'completed')
})
