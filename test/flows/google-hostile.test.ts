import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pushBody } from '../../src/channels/google/sign.ts'
import { orderRow, stateOf, verdicts, withoutEvidence, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import {
  notification,
  orderOnPlay,
  PUSH_AUDIENCE,
  PUSH_EMAIL,
  push,
  pushToken,
  SUBSCRIPTION,
  startGoogle,
  verifyOnDevice,
} from '../support/google-app.ts'
import { EC_KID } from '../support/oidc-issuer.ts'
import { playFixture } from '../support/play-server.ts'

const world = await startGoogle()
const { play, issuer } = world
const HOUR = 3600
const honest = { email: PUSH_EMAIL, email_verified: true }
const seconds = () => Math.floor(world.clock.nowMs() / 1000)

/** Tokens that prove nothing, each but for one thing as Google would make it. */
const forged: Record<string, () => Promise<string | null> | string | null> = {
  'no token': () => null,
  'no token in it': () => '',
  'something else': () => 'abc',
  'two parts': () => 'e30.e30',
  'another audience': () => pushToken(world, { aud: 'https://pay.example.com/webhooks/other' }),
  'ours among several audiences': () => pushToken(world, { aud: [PUSH_AUDIENCE, 'https://else.example.com'] }),
  'no audience': () => pushToken(world, { aud: undefined }),
  "somebody else's service account": () => pushToken(world, { email: 'evil@evil-project.iam.gserviceaccount.com' }),
  'the account in capitals': () => pushToken(world, { email: PUSH_EMAIL.toUpperCase() }),
  'no account': () => pushToken(world, { email: undefined }),
  'an account that nobody verified': () => pushToken(world, { email_verified: false }),
  'an account of which nothing is said': () => pushToken(world, { email_verified: undefined }),
  'verified as a text': () => pushToken(world, { email_verified: 'true' }),
  'another issuer': () => pushToken(world, { iss: 'https://accounts.google.com.evil.example.com' }),
  'no issuer': () => pushToken(world, { iss: undefined }),
  expired: () => pushToken(world, { iat: seconds() - 2 * HOUR, exp: seconds() - 90 }),
  'for ever': () => pushToken(world, { exp: undefined }),
  'not yet': () => pushToken(world, { nbf: seconds() + 2 * HOUR }),
  unsigned: () => issuer.written({ header: { alg: 'none' }, claims: honest, by: 'nobody' }),
  'unsigned, and it says otherwise': () => issuer.written({ claims: honest, by: 'nobody' }),
  'signed by a stranger under the name of a key': () => issuer.written({ claims: honest, by: 'stranger' }),
  'a key that Google does not have': () =>
    issuer.written({ header: { kid: 'unknown' }, claims: honest, by: 'stranger' }),
  'the public key as a secret': () =>
    issuer.written({ header: { alg: 'HS256' }, claims: honest, by: { hmac: issuer.publicPem() } }),
  'another algorithm of the same key': () =>
    issuer.written({ header: { alg: 'RS512' }, claims: honest, by: { hash: 'RSA-SHA512' } }),
  'an elliptic key among theirs': () =>
    issuer.written({ header: { alg: 'ES256', kid: EC_KID }, claims: honest, by: 'issuer_ec' }),
  'a key that the token brings along': () =>
    issuer.written({ header: { jku: 'http://127.0.0.1:9/keys' }, claims: honest, by: 'stranger' }),
  'claims that are no object': () => issuer.written({ payload: '[]' }),
  'far too long': async () => pushToken(world, { pad: 'x'.repeat(9000) }),
}

onEveryEngine((on) => {
  const books = async () => withoutMarks(await stateOf(on.app))

  for (const [name, make] of Object.entries(forged)) {
    test(`a push is refused, and changes nothing, whose token is: ${name}`, async () => {
      const { token } = await on.app.logIn(`forged-${name.replaceAll(/\W/g, '-')}`)
      const { orderId, account } = await orderOnPlay(on.app, token)
      const told = notification('one-time-purchased', play.buy({ account }))
      const [before, calls] = [await books(), play.calls.length]
      const answer = await push(world, on.app, told, { bearer: await make() })
      assert.deepEqual([answer.status, answer.body], [401, ''])
      assert.deepEqual(await books(), before)
      assert.equal(play.calls.length, calls, 'Play was not asked')
      assert.equal((await push(world, on.app, told)).status, 204, 'the honest one is taken')
      assert.equal((await orderRow(on.app, orderId))?.status, 'completed')
    })
  }

  test('a push of another subscription, and one in another scheme, are refused', async () => {
    const told = playFixture('test')
    const before = await books()
    const subscription = 'projects/example-project/subscriptions/other'
    assert.equal((await push(world, on.app, told, { subscription })).status, 401)
    const body = pushBody(told, { subscription: SUBSCRIPTION, nowMs: Date.now() })
    for (const authorization of [`Basic ${await pushToken(world)}`, await pushToken(world), 'Bearer']) {
      const headers = { 'content-type': 'application/json', authorization }
      assert.equal((await on.app.call('POST', '/webhooks/google', { body, headers })).status, 401)
    }
    assert.deepEqual(await books(), before)
  })

  test("a caller cannot say that a message was proven: what an operator's replay may is no header and no field", async () => {
    const told = { ...playFixture('test'), wasProven: true }
    const body = JSON.stringify({
      ...JSON.parse(pushBody(told, { subscription: SUBSCRIPTION, nowMs: 1 })),
      wasProven: true,
    })
    const headers = { 'content-type': 'application/json', 'is-proven': 'true', isproven: 'true', 'x-proven-by': 'oidc' }
    assert.equal((await on.app.call('POST', '/webhooks/google', { body, headers })).status, 401)
  })

  test('what is proven and cannot be read is kept and done with: sent again it would be no better', async () => {
    const bodies: Record<string, string> = {
      'no JSON': '{"message":',
      'no push': '{}',
      'a list': '[]',
      'no data': JSON.stringify({ message: { attributes: { a: 'b' } }, subscription: SUBSCRIPTION }),
      'data that is no base64': JSON.stringify({ message: { data: '%%%' }, subscription: SUBSCRIPTION }),
      'data of a number': JSON.stringify({ message: { data: 5 }, subscription: SUBSCRIPTION }),
      garbage: pushBody('\u0000\u0001garbage', { subscription: SUBSCRIPTION, nowMs: 1 }),
      'no UTF-8': JSON.stringify({ message: { data: '/v8=' }, subscription: SUBSCRIPTION }),
      'another app': pushBody(
        { ...playFixture('one-time-purchased'), packageName: 'com.example.else' },
        { subscription: SUBSCRIPTION, nowMs: 1 },
      ),
      'no app': pushBody({ ...playFixture('test'), packageName: undefined }, { subscription: SUBSCRIPTION, nowMs: 1 }),
      'a token with blanks': pushBody(notification('one-time-purchased', { token: 'a b' }), {
        ...{ subscription: SUBSCRIPTION, nowMs: 1 },
      }),
      'a token of a token': pushBody(
        { ...playFixture('test'), voidedPurchaseNotification: { purchaseToken: { a: 1 } } },
        { subscription: SUBSCRIPTION, nowMs: 1 },
      ),
      'a proto': '{"__proto__":{"message":{"data":"e30="},"subscription":"x"}}',
    }
    const before = withoutMarks(withoutEvidence(await stateOf(on.app)))
    const calls = play.calls.length
    const ids: string[] = []
    for (const [name, body] of Object.entries(bodies)) {
      const requestId = `unread-${ids.length}`
      ids.push(requestId)
      const authorization = `Bearer ${await pushToken(world)}`
      const headers = { 'content-type': 'application/json', authorization, 'x-request-id': requestId }
      const answer = await on.app.call('POST', '/webhooks/google', { body, headers })
      assert.deepEqual([answer.status, answer.body], [204, ''], name)
    }
    assert.deepEqual(new Set(await verdicts(on.app, ids)), new Set(['invalid_fields']))
    assert.deepEqual(withoutMarks(withoutEvidence(await stateOf(on.app))), before)
    assert.equal(play.calls.length, calls)
  })

  test('a purchase of nobody is in review for whoever showed it first, and others who show it add one message in all', async () => {
    const bought = play.buy({ account: null })
    const shownBy = async (name: string) => {
      const { token } = await on.app.logIn(name)
      return async () => (await verifyOnDevice(on.app, token, bought)).body.error
    }
    const [first, second, third] = [await shownBy('first'), await shownBy('second'), await shownBy('third')]
    assert.equal(await first(), 'account_mismatch')
    const { payment_events: kept, payment_event_bodies: bodies, ...before } = await stateOf(on.app)
    for (const shows of [second, third, third, second]) assert.equal(await shows(), 'order_conflict')
    const { payment_events: keptThen, payment_event_bodies: bodiesThen, ...then } = await stateOf(on.app)
    assert.deepEqual([keptThen, bodiesThen], [Number(kept) + 1, Number(bodies) + 1])
    assert.deepEqual(withoutMarks(then), withoutMarks(before), 'it waits for whom it waited for')
  })

  test('the keys of Google are fetched once, and kept', async () => {
    const told = playFixture('test')
    assert.equal((await push(world, on.app, told)).status, 204)
    const fetched = issuer.keyFetches
    for (let n = 0; n < 5; n++) assert.equal((await push(world, on.app, told)).status, 204)
    assert.equal(issuer.keyFetches, fetched, 'keys are kept')
  })
}, world.options)

for (const failure of ['down', 'page', 'no_keys', 'huge', 'elsewhere'] as const) {
  const cut = await startGoogle()
  onEveryEngine((on) => {
    test(`while the keys of Google are not to be had (${failure}) a push is answered 500, and taken once they are`, async () => {
      cut.issuer.answerWith(failure)
      const status = failure === 'no_keys' ? 401 : 500
      assert.equal((await push(cut, on.app, playFixture('test'))).status, status)
      if (failure === 'no_keys') return
      cut.issuer.answerWith('keys')
      assert.equal((await push(cut, on.app, playFixture('test'))).status, 204)
    })
  }, cut.options)
}
