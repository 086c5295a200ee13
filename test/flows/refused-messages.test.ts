import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine, type Running } from '../support/every-engine.ts'
import { callSigned } from '../support/signed-call.ts'
import { type Answer, APP_ID, OTHER_APP_ID, PARTNER_SECRET, payment, SIGNED_SECRET } from '../support/test-app.ts'

const SUCCESS = '/api/v1/payment/success'
const FAILURE = '/api/v1/payment/failure'

interface BadMessage {
  readonly path: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly fault: string
}

/** The first half breaks what the document says of the fields, the second half only what they mean. */
const BAD: readonly BadMessage[] = [
  { path: SUCCESS, fields: { payment_method: null }, fault: 'payment_method' },
  { path: SUCCESS, fields: { order_id: 'a:b' }, fault: 'order_id' },
  { path: SUCCESS, fields: { web_pay_error_code: 'DECLINED' }, fault: 'web_pay_error_code' },
  { path: FAILURE, fields: { web_pay_error_code: '' }, fault: 'web_pay_error_code' },
  { path: FAILURE, fields: { web_pay_error_code: 'X', order_id: 'a:b' }, fault: 'order_id' },
  { path: SUCCESS, fields: { currency: 'XBT' }, fault: 'currency' },
  { path: SUCCESS, fields: { price: 19.999 }, fault: 'price' },
  { path: SUCCESS, fields: { uid: '9999999999999999' }, fault: 'uid' },
  { path: FAILURE, fields: { web_pay_error_code: 'X', uid: '9999999999999999' }, fault: 'uid' },
]

onEveryEngine((on) => {
  // As a partner writes it, not as we would: what is kept is what was sent.
  const bodyOf = (uid: string, { fields }: BadMessage) =>
    JSON.stringify(payment({ order_id: 'refused', uid, payment_channel: 'signed', ...fields }), null, 3)

  for (const sender of ['server', 'signed', 'partner'] as const) {
    test(`a message of \`${sender}\` with a field that is refused is 422, and is kept as it was sent`, async () => {
      const { uid } = await on.app.logIn(`refused-by-${sender}`)
      const token = await on.app.serverToken()
      for (const bad of BAD) {
        const body = bodyOf(uid, bad)
        const before = await stateOf(on.app)
        const answer =
          sender === 'server'
            ? await on.app.call('POST', bad.path, { token, body })
            : await callSigned(on.app, bad.path, {
                body,
                channel: sender,
                secret: sender === 'signed' ? SIGNED_SECRET : PARTNER_SECRET,
              })
        assertFaults(answer, bad.fault)
        assert.deepEqual(withoutMarks(await stateOf(on.app)), withoutMarks(grownByOne(before)))
        const kept = await keptMessage(on, answer)
        assert.equal(kept.app_id, sender === 'partner' ? OTHER_APP_ID : APP_ID)
        assert.deepEqual(
          [kept.instance, kept.environment, kept.kind, kept.verdict, kept.payment_id, kept.order_id],
          [sender, 'live', bad.path === SUCCESS ? 'payment' : 'failure', 'invalid_fields', null, null],
        )
        assert.equal(Buffer.from(kept.body).toString(), body)
        assert.equal(kept.body_sha256, createHash('sha256').update(body).digest('hex'))
        assert.doesNotMatch(kept.headers, /bearer|authorization/i)
      }
    })
  }

  test('a body that is no object at all is kept too', async () => {
    const token = await on.app.serverToken()
    for (const body of ['[]', 'null', '7', '"x"', '{}']) {
      const answer = await on.app.call('POST', SUCCESS, {
        token,
        body,
        headers: { 'content-type': 'application/json' },
      })
      assertRefused(answer, 422, 'invalid_fields')
      const kept = await keptMessage(on, answer)
      assert.equal(kept.verdict, 'invalid_fields')
      assert.equal(Buffer.from(kept.body).toString(), body)
    }
  })

  test("what a player's own client says is refused and not kept", async () => {
    const { token, uid } = await on.app.logIn('refused-client')
    const anonymous = await on.app.clientToken()
    const before = await stateOf(on.app)
    for (const bad of BAD) {
      const { fields, path, fault } = bad
      const body = bodyOf(uid, bad)
      assertFaults(await on.app.call('POST', path, { token: anonymous, body }), fault)
      const own = await on.app.call('POST', path, { token, body })
      assert.equal(own.status, 422, JSON.stringify({ fields, body: own.body }))
    }
    assert.deepEqual(withoutMarks(await stateOf(on.app)), withoutMarks(before))
  })

  test('what nobody vouches for is 401, says nothing of its fields and is not kept', async () => {
    const { uid } = await on.app.logIn('refused-stranger')
    const before = await stateOf(on.app)
    for (const bad of BAD) {
      const body = bodyOf(uid, bad)
      for (const answer of [
        await on.app.call('POST', bad.path, { body }),
        await on.app.call('POST', bad.path, { body, token: 'x' }),
        await callSigned(on.app, bad.path, { body, secret: 'a-secret-that-signs-nothing-here', channel: 'signed' }),
        await callSigned(on.app, bad.path, { body, secret: SIGNED_SECRET, channel: 'nobody' }),
      ]) {
        assert.equal(answer.status, 401, JSON.stringify(answer.body))
        assert.equal(answer.body.details, undefined)
      }
    }
    assert.deepEqual(withoutMarks(await stateOf(on.app)), withoutMarks(before))
  })

  test('the same message with its field mended is granted, and the books hold', async () => {
    const { uid } = await on.app.logIn('refused-then-mended')
    const token = await on.app.serverToken()
    const send = (fields: object) =>
      on.app.call('POST', SUCCESS, { token, body: payment({ order_id: 'mended', uid, ...fields }) })
    assertFaults(await send({ currency: 'XBT' }), 'currency')
    assertFaults(await send({ payment_method: null }), 'payment_method')
    assert.equal(assertDone(await send({})).replayed, false)
    await assertBooks(on.app)
  })
})

function grownByOne(state: Record<string, unknown>): Record<string, unknown> {
  const grown = (name: string) => Number(state[name]) + 1
  return {
    ...state,
    payment_events: grown('payment_events'),
    payment_event_bodies: grown('payment_event_bodies'),
  }
}

async function keptMessage(on: Running, answer: Answer) {
  return on.app.service.database.db
    .selectFrom('payment_events')
    .innerJoin('payment_event_bodies', 'payment_event_bodies.event_id', 'payment_events.event_id')
    .selectAll('payment_events')
    .select('body')
    .where('request_id', '=', answer.body.request_id)
    .executeTakeFirstOrThrow()
}
