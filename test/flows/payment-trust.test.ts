import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signBody } from '../../src/channels/signed/index.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { orderRow, reviewEntries, stateOf } from '../support/books.ts'
import { onEveryEngine, type Running } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { callSigned } from '../support/signed-call.ts'
import { type Answer, OTHER_APP_ID, PARTNER_SECRET, payment, SIGNED_SECRET } from '../support/test-app.ts'

const SUCCESS = '/api/v1/payment/success'
const FAILURE = '/api/v1/payment/failure'
const failure = (fields: { order_id: string; uid: string }) => ({
  item_id: 1,
  web_pay_error_code: 'CARD_DECLINED',
  ...fields,
})

/** Runs a call and checks that it neither booked nor kept anything. */
async function assertNothingKept(on: Running, call: () => Promise<Answer>): Promise<Answer> {
  const before = await stateOf(on.app)
  const answer = await call()
  assert.deepEqual(await stateOf(on.app), before)
  return answer
}

onEveryEngine((on) => {
  test('in local an anonymous session may pay for anybody, under any channel name', async () => {
    const { uid } = await on.app.logIn('paid-for')
    const token = await on.app.clientToken()
    for (const [order_id, payment_channel] of [
      ['a1', 'stripe'],
      ['a2', '任意渠道'],
      ['a3', '__proto__'],
      ['a4', 'signed'],
    ]) {
      const body = payment({ order_id: `${order_id}`, uid, payment_channel })
      assert.equal(assertDone(await on.app.call('POST', SUCCESS, { token, body })).order_status, 'completed')
      assert.equal((await orderRow(on.app, `${order_id}`))?.payment_channel, payment_channel)
    }
    assertDone(await on.app.call('POST', FAILURE, { token, body: failure({ order_id: 'a5', uid }) }))
  })

  test('in local a logged-in player pays for themselves only', async () => {
    const own = await on.app.logIn('payer')
    const other = await on.app.logIn('not-payer')
    assertDone(
      await on.app.call('POST', SUCCESS, { token: own.token, body: payment({ order_id: 'b1', uid: own.uid }) }),
    )
    const call = (path: string, body: object) => () => on.app.call('POST', path, { token: own.token, body })
    const named = { order_id: 'b2', uid: other.uid }
    assertRefused(await assertNothingKept(on, call(SUCCESS, payment(named))), 403, 'not_your_account')
    assertRefused(await assertNothingKept(on, call(FAILURE, failure(named))), 403, 'not_your_account')
  })

  test('a payment without token and signature is 401 and changes nothing', async () => {
    const { uid } = await on.app.logIn('nobody-pays')
    for (const [path, body] of [
      [SUCCESS, payment({ order_id: 'c1', uid })],
      [FAILURE, failure({ order_id: 'c1', uid })],
    ] as const) {
      assertRefused(await assertNothingKept(on, () => on.app.call('POST', path, { body })), 401, 'unauthorized')
    }
  })

  test('a signature decides alone, also with a good token beside it', async () => {
    const { token, uid } = await on.app.logIn('signed-beside')
    const body = payment({ order_id: 'd1', uid, payment_channel: 'signed' })
    const call = () => callSigned(on.app, SUCCESS, { body, secret: 'a wrong secret', token })
    assertRefused(await assertNothingKept(on, call), 401, 'invalid_signature')
    const server = await on.app.serverToken()
    const empty = { token: server, body, headers: { 'x-signature': '' } }
    assertRefused(await on.app.call('POST', SUCCESS, empty), 401, 'invalid_signature')
    const other = await on.app.logIn('somebody-else')
    assertDone(await callSigned(on.app, SUCCESS, { body, secret: SIGNED_SECRET, token: other.token }))
  })

  test('a payment of a token belongs to the instance `server`, whatever its channel says', async () => {
    const { token, uid } = await on.app.logIn('two-instances')
    const body = payment({ order_id: 'e1', uid, payment_channel: 'signed', transaction_id: 'e-txn' })
    const byToken = assertDone(await on.app.call('POST', SUCCESS, { token, body }))
    assert.equal(byToken.replayed, false)
    const bySignature = assertDone(await callSigned(on.app, SUCCESS, { body, secret: SIGNED_SECRET }))
    assert.equal(bySignature.replayed, true)
    const [entry] = await reviewEntries(on.app, 'e1')
    assert.equal(entry?.reason, 'duplicate_charge')
  })
})

for (const env of ['local', 'online'] as const) {
  const clock = fakeClock()
  onEveryEngine(
    (on) => {
      // Online nobody can log in without proof yet; a signed payment for an unknown player shows that it was believed.
      const uid = '77777'
      const sign = (fields: object, options: Partial<Parameters<typeof callSigned>[2]> = {}) => {
        const body = payment({ order_id: `${env}-signed`, uid, ...fields })
        return callSigned(on.app, SUCCESS, { body, secret: SIGNED_SECRET, nowMs: clock.nowMs(), ...options })
      }
      const believed = (answer: Answer) => assertRefused(answer, 404, 'player_not_found')
      const refusedUnkept = async (call: () => Promise<Answer>) =>
        assertRefused(await assertNothingKept(on, call), 401, 'invalid_signature')

      test(`${env}: X-Channel names the instance, else payment_channel, else \`signed\``, async () => {
        believed(await sign({ payment_channel: 'signed' }))
        believed(await sign({ payment_channel: undefined }))
        believed(await sign({ payment_channel: 'stripe' }, { channel: 'signed' }))
        believed(await sign({ payment_channel: 'signed' }, { channel: 'partner', secret: PARTNER_SECRET }))
        await refusedUnkept(() => sign({ payment_channel: 'stripe' }))
        await refusedUnkept(() => sign({ payment_channel: 'signed' }, { channel: 'stripe' }))
        await refusedUnkept(() => sign({ payment_channel: 'partner' }))
        for (const name of ['__proto__', 'constructor', 'toString', 'server', 'sandbox', 'SIGNED', '']) {
          await refusedUnkept(() => sign({ payment_channel: name }))
          await refusedUnkept(() => sign({ payment_channel: 'signed' }, { channel: name }))
        }
      })

      test(`${env}: a signature holds for five minutes either way`, async () => {
        const fiveMinutesMs = 5 * 60 * 1000
        const now = clock.nowMs()
        believed(await sign({ payment_channel: 'signed' }, { nowMs: now - fiveMinutesMs }))
        believed(await sign({ payment_channel: 'signed' }, { nowMs: now + fiveMinutesMs }))
        await refusedUnkept(() => sign({ payment_channel: 'signed' }, { nowMs: now - fiveMinutesMs - 1000 }))
        await refusedUnkept(() => sign({ payment_channel: 'signed' }, { nowMs: now + fiveMinutesMs + 1000 }))
      })

      test(`${env}: a secret that is being replaced still signs`, async () => {
        const old = { channel: 'partner', secret: 'test-signing-secret-that-is-older' }
        believed(await sign({ payment_channel: 'x' }, old))
      })

      test(`${env}: one changed byte of the body, or an unreadable header, is refused`, async () => {
        const body = JSON.stringify(payment({ order_id: `${env}-bytes`, uid, payment_channel: 'signed' }))
        const signed = { body, signature: signBody(SIGNED_SECRET, { body, nowMs: clock.nowMs() }) }
        const send = (body: string, signature: string) =>
          on.app.call('POST', SUCCESS, { body, headers: { 'x-signature': signature } })
        believed(await send(signed.body, signed.signature))
        await refusedUnkept(() => send(signed.body.replace('19.99', '19.98'), signed.signature))
        await refusedUnkept(() => send(`${signed.body} `, signed.signature))
        const [t, v1] = signed.signature.split(',')
        for (const bad of [
          v1,
          t,
          `${v1},${t}`,
          `${t},${v1?.toUpperCase()}`,
          `${t},${v1},${v1}`,
          `${signed.signature}0`,
          'x',
        ]) {
          await refusedUnkept(() => send(signed.body, `${bad}`))
        }
      })

      test(`${env}: the instance names the app: another app's player is unknown to it`, async () => {
        const answer = await sign({ order_id: `${env}-partner` }, { channel: 'partner', secret: PARTNER_SECRET })
        believed(answer)
        const [entry] = await reviewEntries(on.app, `${env}-partner`)
        assert.equal(entry?.app_id, OTHER_APP_ID)
      })
    },
    { env, clock },
  )
}

onEveryEngine(
  (on) => {
    test('online a client token never pays, and a server token pays for players of its own app', async () => {
      const client = await on.app.clientToken()
      const body = payment({ order_id: 'online-1', uid: '10001' })
      const call = (path: string, sent: object) => () => on.app.call('POST', path, { token: client, body: sent })
      assertRefused(await assertNothingKept(on, call(SUCCESS, body)), 403, 'channel_not_trusted')
      const failed = failure({ order_id: 'online-1', uid: '10001' })
      assertRefused(await assertNothingKept(on, call(FAILURE, failed)), 403, 'channel_not_trusted')
      const server = await on.app.serverToken()
      assertRefused(await on.app.call('POST', SUCCESS, { token: server, body }), 404, 'player_not_found')
      const [entry] = await reviewEntries(on.app, 'online-1')
      assert.deepEqual([entry?.reason, entry?.state], ['player_not_found', 'open'])
    })
  },
  { env: 'online' },
)
