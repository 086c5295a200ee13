import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signSandboxMessage } from '../../src/channels/sandbox/index.ts'
import type { ErrorCode } from '../../src/kernel/error-codes.ts'
import { assertFaults, assertRefused } from '../support/answers.ts'
import { stateOf, withoutEvidence } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { PARTNERS_CLOCK as clock, PARTNERS, paid, partnersOf, SECOND_SECRET, textOf } from '../support/partners.ts'
import { type Answer, PARTNER_SECRET, payment } from '../support/test-app.ts'

const SIX_MINUTES_MS = 6 * 60_000

onEveryEngine(
  (on) => {
    const { signature, post, send, notice } = partnersOf(on)

    /** What must change nothing, each with its one answer. `kept`: genuine, so its message is kept as evidence. */
    interface Hostile {
      readonly name: string
      readonly call: (of: { uid: string; order_id: string }) => Promise<Answer>
      readonly answer: readonly [number, ErrorCode]
      readonly faults?: readonly string[]
      readonly kept?: true
    }
    const FORGED = [401, 'invalid_signature'] as const
    const INVALID = [422, 'invalid_fields'] as const
    const forged: readonly Hostile[] = [
      { name: 'no signature', call: (of) => post(paid(of), {}), answer: FORGED },
      { name: 'an empty signature', call: (of) => post(paid(of), { 'x-signature': '' }), answer: FORGED },
      { name: 'a guessed secret', call: (of) => send(paid(of), { secret: 'guessed' }), answer: FORGED },
      {
        name: "another instance's secret",
        call: (of) => send(paid(of), { secret: SECOND_SECRET }),
        answer: FORGED,
      },
      { name: "another app's secret", call: (of) => send(paid(of), { secret: PARTNER_SECRET }), answer: FORGED },
      { name: 'our secret elsewhere', call: (of) => send(paid(of), { instance: 'partner' }), answer: FORGED },
      {
        name: 'another instance in X-Channel',
        call: (of) => send(paid(of), { secret: SECOND_SECRET, headers: { 'x-channel': 'second' } }),
        answer: FORGED,
      },
      {
        name: 'a stale signature',
        call: (of) => send(paid(of), { atMs: clock.nowMs() - SIX_MINUTES_MS }),
        answer: FORGED,
      },
      {
        name: 'a future signature',
        call: (of) => send(paid(of), { atMs: clock.nowMs() + SIX_MINUTES_MS }),
        answer: FORGED,
      },
      {
        name: 'two signatures',
        call: (of) => post(paid(of), { 'x-signature': `${signature(paid(of))}, ${signature(paid(of))}` }),
        answer: FORGED,
      },
      {
        name: 'two values in one signature',
        call: (of) => post(paid(of), { 'x-signature': `${signature(paid(of))},v1=${'0'.repeat(64)}` }),
        answer: FORGED,
      },
      {
        name: 'a tampered amount',
        call: (of) => post(textOf(paid(of)).replace('19.99', '0.01'), { 'x-signature': signature(paid(of)) }),
        answer: FORGED,
      },
      {
        name: 'a tampered currency',
        call: (of) => post(textOf(paid(of)).replace('USD', 'VND'), { 'x-signature': signature(paid(of)) }),
        answer: FORGED,
      },
      {
        name: 'a failure made a success',
        call: (of) => {
          const failed = { ...paid(of), type: 'payment.failed', web_pay_error_code: 'X' }
          return post(paid(of), { 'x-signature': signature(failed) })
        },
        answer: FORGED,
      },
      {
        name: 'a body cut off after it was signed',
        call: (of) => post(textOf(paid(of)).slice(0, -2), { 'x-signature': signature(paid(of)) }),
        answer: FORGED,
      },
      {
        name: 'a signature of the sandbox',
        call: async (of) => {
          const secret = (await on.app.service.kv.get('sandbox-secret')) ?? ''
          const own = signSandboxMessage(secret, { body: textOf(paid(of)), nowMs: clock.nowMs() })
          return post(paid(of), { 'x-signature': own, 'x-sandbox-signature': own })
        },
        answer: FORGED,
      },
      {
        name: "a server's token",
        call: async (of) => post(paid(of), { authorization: `Bearer ${await on.app.serverToken()}` }),
        answer: FORGED,
      },
      {
        name: 'a forged refund',
        call: (of) => send(notice('refund.succeeded', { order_id: of.order_id }), { secret: 'guessed' }),
        answer: FORGED,
      },
      {
        name: 'two mebibytes',
        call: (of) => send({ ...paid(of), custom_param: 'x'.repeat(2 * 1024 * 1024) }),
        answer: [413, 'body_too_large'],
      },
      {
        name: 'an instance that is a property of every object',
        call: (of) => send(paid(of), { instance: 'constructor' }),
        answer: [404, 'channel_not_found'],
      },
    ]
    const genuine: readonly Hostile[] = [
      ...['', 'null', '[]', '7', '"x"', '{', '\u0000', '{"type":'].map(
        (body): Hostile => ({
          ...{ name: `signed, and no message: ${JSON.stringify(body)}`, call: () => send(body) },
          ...{ answer: INVALID, faults: ['type'], kept: true },
        }),
      ),
      ...[
        '__proto__',
        'constructor',
        'toString',
        '',
        null,
        7,
        ['payment.succeeded'],
        'PAYMENT.SUCCEEDED',
        'refund',
      ].map(
        (type): Hostile => ({
          ...{ name: `the type ${JSON.stringify(type)}`, call: (of) => send({ ...paid(of), type }) },
          ...{ answer: INVALID, faults: ['type'], kept: true },
        }),
      ),
      {
        ...{ name: 'its fields in __proto__', answer: INVALID, faults: ['type'], kept: true },
        call: (of) => send(`{"__proto__":${textOf(paid(of))}}`),
      },
      {
        ...{ name: 'a body for another door', answer: INVALID, faults: ['type'], kept: true },
        call: (of) => send(payment(of)),
      },
      {
        ...{
          name: 'a failure under the type of a success',
          answer: INVALID,
          faults: ['web_pay_error_code'],
          kept: true,
        },
        call: (of) => send({ ...paid(of), web_pay_error_code: 'CARD_DECLINED' }),
      },
      {
        ...{
          name: 'a success under the type of a failure',
          answer: INVALID,
          faults: ['web_pay_error_code'],
          kept: true,
        },
        call: (of) => send({ ...paid(of), type: 'payment.failed' }),
      },
      ...Object.entries({
        uid: ['', '0', '-1', '1.5', 10001, '9'.repeat(16), null, '__proto__'],
        order_id: ['', 'a:b', 'history', '..', 'x'.repeat(129), 'a b', null, { a: 1 }],
        item_id: [0, -1, 1.5, '01', 2_147_483_648, null, '__proto__'],
        price: [-1, '1e3', '19.999', Number.MAX_SAFE_INTEGER, '', null, {}, 'NaN'],
        currency: ['XXX', 'US', 'USDT', '', null, 7],
        transaction_id: ['', 'a b', 'x'.repeat(201), null, 7],
        payment_channel: ['x'.repeat(65), 'a\u0000b', 7],
      }).flatMap(([field, values]) =>
        values.map(
          (value): Hostile => ({
            ...{
              name: `${field} ${JSON.stringify(value)?.slice(0, 40)}`,
              answer: INVALID,
              faults: [field],
              kept: true,
            },
            call: (of) => send({ ...paid(of), [field]: value }),
          }),
        ),
      ),
      ...Object.entries({
        reversal_id: [undefined, '', 'a b', 'x'.repeat(201), null, 7],
        amount: [-1, '1e3', '9.999', null, {}],
        currency: ['XXX', 'US', null, undefined],
        occurred_at: [
          ...[
            undefined,
            '',
            'yesterday',
            1_700_000_000_000,
            '2026-13-01T00:00:00Z',
            '2026-01-01',
            '1969-01-01T00:00:00Z',
          ],
          ...['9999-01-01T00:00:00Z', null],
        ],
        order_id: ['a:b', null, ['x']],
      }).flatMap(([field, values]) =>
        values.map(
          (value): Hostile => ({
            ...{ name: `a refund with ${field} ${JSON.stringify(value)?.slice(0, 40)}` },
            ...{ answer: INVALID, faults: [field], kept: true },
            call: ({ order_id }) =>
              send({ ...notice('refund.succeeded', { order_id, amount: 1, currency: 'USD' }), [field]: value }),
          }),
        ),
      ),
      {
        ...{ name: 'a refund of nothing', answer: INVALID, faults: ['transaction_id'], kept: true },
        call: () => send(notice('refund.succeeded', {})),
      },
    ]

    test('what is forged changes nothing and is not kept', async () => {
      const { uid } = await on.app.logIn('signed-forged')
      for (const [n, { name, call, answer }] of forged.entries()) {
        const before = await stateOf(on.app)
        assertRefused(await call({ uid, order_id: `forged-${n}` }), ...answer)
        assert.deepEqual(await stateOf(on.app), before, name)
      }
    })

    test('what is genuine and no message of ours is kept, told by its fields, and changes nothing', async () => {
      const { uid } = await on.app.logIn('signed-genuine')
      for (const [n, { name, call, faults = [] }] of genuine.entries()) {
        const before = await stateOf(on.app)
        const told = await call({ uid, order_id: `genuine-${n}` })
        assert.equal(told.status, 422, `${name}: ${JSON.stringify(told.body)}`)
        assertFaults(told, ...faults)
        const after = await stateOf(on.app)
        assert.deepEqual(withoutEvidence(after), withoutEvidence(before), name)
        assert.equal(after['payment_events'], Number(before['payment_events']) + 1, name)
      }
    })

    test('both doors of a partner refuse the same fields', async () => {
      const { uid } = await on.app.logIn('signed-doors')
      const wrong: Readonly<Record<string, readonly unknown[]>> = {
        uid: ['0', 1, ''],
        order_id: ['a:b', '', 'history'],
        item_id: ['x', 0, null],
        price: [-1, 'x', null],
        currency: ['US', 1],
        transaction_id: ['', 'a b'],
        payment_channel: ['a\nb', 1],
        payment_method: ['x'.repeat(65)],
        ip: [1],
        country: ['x'.repeat(65)],
        email: ['x'.repeat(255)],
        web_pay_error_code: ['X'],
      }
      for (const [field, values] of Object.entries(wrong)) {
        for (const value of values) {
          const body = { ...payment({ order_id: 'doors', uid }), payment_channel: 'signed', [field]: value }
          const headers = { 'x-signature': signature(body), 'x-channel': 'signed' }
          assertFaults(await on.app.call('POST', '/api/v1/payment/success', { body: textOf(body), headers }), field)
          assertFaults(await send({ type: 'payment.succeeded', ...body }), field)
        }
      }
    })
  },
  { clock, variables: { CHANNELS: PARTNERS } },
)
