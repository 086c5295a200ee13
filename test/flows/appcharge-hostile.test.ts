import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SIGNATURE_HEADER, signAppcharge, TOKEN_HEADER } from '../../src/channels/appcharge/index.ts'
import {
  appchargeBody,
  appchargeChannels,
  awardOf,
  MAIN_KEY,
  OLD_MAIN_KEY,
  PUBLISHER_TOKEN,
  type Sending,
  sendAppcharge,
} from '../support/appcharge.ts'
import { playerRow, stateOf, withoutEvidence, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { startApp } from '../support/test-app.ts'

const MINUTE_MS = 60_000
const FORGED = 'The signature or the publisher token is not right.'
const FORGED_ANSWERS = {
  award: { publisherErrorMessage: FORGED },
  events: { error: FORGED },
  auth: { error: FORGED },
  'auth-initiate': { error: FORGED },
  personalize: { error: FORGED },
}
const BODIES = {
  award: (uid: string) => awardOf(uid, { orderId: 'hostile' }),
  events: (uid: string) => appchargeBody('order-payment-failed', { customer: { id: uid } }),
  auth: (uid: string) => appchargeBody('auth-otp', { userName: uid }),
  'auth-initiate': () => appchargeBody('auth-initiate'),
  personalize: (uid: string) => appchargeBody('personalize', { playerId: uid }),
}
const CALLBACKS = Object.keys(BODIES) as (keyof typeof BODIES)[]

/** What a call is sent with that nobody at Appcharge sends; each by what it does to the headers of a genuine one. */
function forgeries(body: string): readonly (Sending & { readonly how: string })[] {
  const nowMs = Date.now()
  const genuine = signAppcharge(MAIN_KEY, { body, nowMs })
  const [time = '', digest = ''] = genuine.split(',')
  const signedAs = (signature: string | undefined, more: Sending['headers'] = {}) => ({
    headers: { [SIGNATURE_HEADER]: signature, ...more },
  })
  return [
    { how: 'with another key', key: 'another-key' },
    { how: 'six minutes ago', nowMs: nowMs - 6 * MINUTE_MS },
    { how: 'six minutes ahead', nowMs: nowMs + 6 * MINUTE_MS },
    { how: 'over other bytes', ...signedAs(signAppcharge(MAIN_KEY, { body: `${body} `, nowMs })) },
    { how: 'in seconds', ...signedAs(signAppcharge(MAIN_KEY, { body, nowMs: Math.floor(nowMs / 1000) })) },
    { how: 'with a time of another length', ...signedAs(signAppcharge(MAIN_KEY, { body, nowMs: nowMs * 10 })) },
    { how: 'without a signature', ...signedAs(undefined) },
    { how: 'with an empty signature', ...signedAs('') },
    { how: 'without a time', ...signedAs(digest) },
    { how: 'without a digest', ...signedAs(time) },
    { how: 'with two times', ...signedAs(`${time},${genuine}`) },
    { how: 'with two digests', ...signedAs(`${genuine},${digest}`) },
    { how: 'with a short digest', ...signedAs(genuine.slice(0, -2)) },
    { how: 'with a digest in capitals', ...signedAs(`${time},v1=${digest.slice(3).toUpperCase()}`) },
    { how: 'with a digest of another version', ...signedAs(genuine.replace('v1=', 'v0=')) },
    { how: 'with a wrong token', headers: { [TOKEN_HEADER]: `${PUBLISHER_TOKEN}x` } },
    { how: 'with the word that replaces a token', headers: { [TOKEN_HEADER]: 'verified' } },
    { how: 'without a token', headers: { [TOKEN_HEADER]: undefined } },
    { how: 'for another project', headers: { 'x-project-id': 'another' } },
  ]
}

onEveryEngine(
  (on) => {
    const books = async () => withoutMarks(await stateOf(on.app))

    for (const callback of CALLBACKS) {
      test(`${callback}: whatever is not genuine is refused with 401 in its form, and nothing is kept of it`, async () => {
        const { uid } = await on.app.logIn(`hostile-${callback}`)
        const body = JSON.stringify(BODIES[callback](uid))
        const before = await books()
        for (const { how, ...sending } of forgeries(body)) {
          const answer = await sendAppcharge(on.app, { callback, body, how: sending })
          assert.deepEqual([answer.status, answer.body], [401, FORGED_ANSWERS[callback]], how)
          assert.equal(answer.headers.get('content-type'), 'application/json')
        }
        assert.deepEqual(await books(), before)
        const answer = await sendAppcharge(on.app, { callback, body, how: { key: OLD_MAIN_KEY } })
        assert.notEqual(answer.status, 401, 'the same, genuine, is let in')
      })
    }

    test('an event names its project', async () => {
      const body = appchargeBody('webstore-login')
      const answer = await sendAppcharge(on.app, {
        callback: 'events',
        body,
        how: { headers: { 'x-project-id': undefined } },
      })
      assert.deepEqual([answer.status, answer.body], [401, { error: FORGED }])
    })

    test('the parts of a signature may stand in any order; seconds are taken where that is configured', async () => {
      const { uid } = await on.app.logIn('hostile-order')
      const body = JSON.stringify(appchargeBody('personalize', { playerId: uid }))
      const nowMs = Date.now()
      const turned = signAppcharge(MAIN_KEY, { body, nowMs }).split(',').toReversed().join(', ')
      const ask = (headers: Sending['headers'] & object, instance = 'appcharge') =>
        sendAppcharge(on.app, { callback: 'personalize', body, how: { headers, instance } })
      assert.equal((await ask({ [SIGNATURE_HEADER]: turned })).status, 200)
      const inSeconds = signAppcharge(MAIN_KEY, { body, nowMs: Math.floor(nowMs / 1000) })
      assert.equal((await ask({ [SIGNATURE_HEADER]: inSeconds })).status, 401)
      assert.equal((await ask({ [SIGNATURE_HEADER]: inSeconds }, 'seconds')).status, 200)
    })

    test('an address without one of the callbacks is not found, in their form, and nothing is kept', async () => {
      const before = await books()
      for (const callback of ['', 'awards', 'grant', 'constructor']) {
        const answer = await sendAppcharge(on.app, { callback, body: appchargeBody('award') })
        assert.deepEqual([answer.status, answer.body], [404, { error: 'There is no such callback.' }], callback)
      }
      assert.deepEqual(await books(), before)
    })

    test('an award that cannot be read is refused and kept, and moves nothing', async () => {
      const { uid } = await on.app.logIn('hostile-award')
      const before = withoutMarks(withoutEvidence(await stateOf(on.app)))
      const kept = Number((await stateOf(on.app))['payment_events'])
      const digits = '123456789012345678901234'
      const award = (changes: object) => JSON.stringify(awardOf(uid, { orderId: 'unread', ...changes }))
      const bodies = [
        ...['', 'no JSON', 'null', '[]', '7', '{}', '{"orderId":"unread"}'],
        award({}).replace('"subTotal":1999', `"subTotal":${digits}`),
        award({}).replace('"priceInCents":2349', `"priceInCents":${digits}`),
        ...[{ subTotal: -1 }, { subTotal: 19.99 }, { subTotal: '1999' }, { subTotal: null }, { priceInCents: -1 }],
        ...[{ tax: -350 }, { discount: -1 }, { currency: 'XXX' }, { currency: 'US' }, { currency: 840 }],
        ...[
          { playerId: 'ana' },
          { playerId: '' },
          { playerId: '0' },
          { playerId: `${uid} ` },
          { playerId: Number(uid) },
        ],
        ...[{ orderId: '' }, { orderId: 'a:b' }, { orderId: 7 }, { orderId: 'x'.repeat(121) }, { orderId: '../x' }],
        ...[{ action: 'gift' }, { action: null }, { actionStatus: 'pending' }, { action: 'bonus' }],
        ...[{ products: 'coins' }, { products: [7] }, { products: [{ amount: -1, sku: 'coins' }] }],
        ...[{ products: [{ amount: 1.5, sku: 'coins' }] }, { products: [{ amount: '1', sku: 'coins' }] }],
        ...[{ sku: 7 }, { sku: {} }, { purchaseId: 7 }, { purchaseId: 'a b' }],
      ].map((body) => (typeof body === 'string' ? body : award(body)))
      for (const body of bodies) {
        const answer = await sendAppcharge(on.app, { callback: 'award', body })
        assert.deepEqual(
          [answer.status, answer.body],
          [400, { publisherErrorMessage: 'Some fields are not valid.' }],
          body,
        )
      }
      assert.deepEqual(withoutMarks(withoutEvidence(await stateOf(on.app))), before)
      assert.equal(Number((await stateOf(on.app))['payment_events']), kept + bodies.length)
    })

    test('an award of coins of twenty-four digits is granted by our own list', async () => {
      const { uid } = await on.app.logIn('hostile-digits')
      const products = [{ amount: 1, sku: 'coins' }]
      const body = JSON.stringify(awardOf(uid, { orderId: 'digits', products })).replace(
        '"amount":1,',
        '"amount":123456789012345678901234,',
      )
      const answer = await sendAppcharge(on.app, { callback: 'award', body })
      assert.deepEqual([answer.status, answer.body], [200, { publisherPurchaseId: 'appcharge:digits' }])
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
    })

    test('another instance of the same app believes nothing that was signed for this one', async () => {
      const { uid } = await on.app.logIn('hostile-instance')
      const answer = await sendAppcharge(on.app, {
        callback: 'award',
        body: awardOf(uid, { orderId: 'elsewhere' }),
        how: { instance: 'other' },
      })
      assert.deepEqual([answer.status, answer.body], [401, { publisherErrorMessage: FORGED }])
    })
  },
  {
    variables: {
      CHANNELS: appchargeChannels(
        { seconds: { acceptSeconds: true }, other: { mainKeys: ['the key of another project'] } },
        { authMethods: ['otp', 'userPassword'] },
      ),
    },
  },
)

test('a database that is away: an award and an event are asked for again, a login and the store in their own form', async (t) => {
  const app = await startApp({ variables: { CHANNELS: appchargeChannels() } })
  t.after(() => app.close())
  const { uid } = await app.logIn('hostile-away')
  await app.service.database.close()
  const send = async (callback: keyof typeof BODIES) => {
    const { status, body } = await sendAppcharge(app, { callback, body: BODIES[callback](uid) })
    return [status, body]
  }
  const words = 'Something went wrong on our side; try again.'
  assert.deepEqual(await send('award'), [503, { publisherErrorMessage: words }])
  assert.deepEqual(await send('events'), [503, { error: words }])
  assert.deepEqual(await send('personalize'), [503, { error: words }])
})

test('online the sandbox pays for nothing: its awards are refused in words, its events taken, and no book moves', async (t) => {
  const app = await startApp({
    env: 'online',
    // By itself it would ask the platform for what it told.
    jobs: 'by_hand',
    variables: { CHANNELS: appchargeChannels({}, { environment: 'sandbox' }) },
  })
  t.after(() => app.close())
  const before = withoutMarks(withoutEvidence(await stateOf(app)))
  const told = await sendAppcharge(app, { callback: 'award', body: awardOf('10001', { orderId: 'play-money' }) })
  const words = 'This is a test purchase, and this game takes none here.'
  assert.deepEqual([told.status, told.body], [400, { publisherErrorMessage: words }])
  const event = await sendAppcharge(app, { callback: 'events', body: appchargeBody('order-refunded') })
  assert.deepEqual([event.status, event.body], [200, ''])
  assert.deepEqual(withoutMarks(withoutEvidence(await stateOf(app))), before)
})
