import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { before, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { forge, type HeldKey, heldKey, IMPLICIT_KEY, JWT_SECRET, readToken, rotate } from '../support/signing-keys.ts'
import { APP_ID, APP_SECRET, OTHER_APP_ID } from '../support/test-app.ts'

type Claims = Readonly<Record<string, unknown>>
/** What is wrong with a token: its words, and how it is made of a good one. */
type Forgery = readonly [what: string, make: (good: Good) => string]

interface Good {
  readonly key: HeldKey
  readonly head: Claims
  readonly claims: Claims
  readonly nowSeconds: number
}

// The commands run by the machine's clock, so the server's begins there too.
const clock = fakeClock(Date.now())
const WRONG_SECRET: HeldKey = { kid: null, alg: 'HS256', secret: Buffer.from('another secret of the same kind') }
const stranger = generateKeyPairSync('ed25519')
const STRANGER: HeldKey = { kid: 'x', alg: 'EdDSA', secret: stranger.privateKey, publicKey: stranger.publicKey }

/** What holds for a key of any kind. */
const FORGERIES: readonly Forgery[] = [
  ['by another key', ({ head, claims, key }) => forge(head, claims, key.alg === 'HS256' ? WRONG_SECRET : STRANGER)],
  ['alg none, unsigned', ({ head, claims, key }) => forge({ ...head, alg: 'none' }, claims, key).replace(/[^.]*$/, '')],
  ['alg none, signed', ({ head, claims, key }) => forge({ ...head, alg: 'none' }, claims, key)],
  ['alg None', ({ head, claims, key }) => forge({ ...head, alg: 'None' }, claims, key)],
  ['no alg', ({ head, claims, key }) => forge({ ...head, alg: undefined }, claims, key)],
  ['an alg that is no text', ({ head, claims, key }) => forge({ ...head, alg: [head['alg']] }, claims, key)],
  ...['HS384', 'HS512', 'RS256', 'ES256', 'PS256', 'Ed448'].map(
    (alg): Forgery => [`alg ${alg}`, ({ head, claims, key }) => forge({ ...head, alg }, claims, key)],
  ),
  ['the other algorithm', ({ head, claims, key }) => forge({ ...head, alg: swapped(key) }, claims, key)],
  ['an unknown kid', ({ head, claims, key }) => forge({ ...head, kid: 'nobody-has-made-it' }, claims, key)],
  ['a kid that is no text', ({ head, claims, key }) => forge({ ...head, kid: 7 }, claims, key)],
  ['a kid that is a path', ({ head, claims, key }) => forge({ ...head, kid: '../../dev/null' }, claims, key)],
  ['a kid that is SQL', ({ head, claims, key }) => forge({ ...head, kid: "' or '1'='1" }, claims, key)],
  ['a kid without an end', ({ head, claims, key }) => forge({ ...head, kid: 'k'.repeat(1000) }, claims, key)],
  ['another issuer', ({ head, claims, key }) => forge(head, { ...claims, iss: 'payment-api.example.com' }, key)],
  ['no issuer', ({ head, claims, key }) => forge(head, { ...claims, iss: undefined }, key)],
  ['issuers in a list', ({ head, claims, key }) => forge(head, { ...claims, iss: ['payment-api'] }, key)],
  ['another typ', ({ head, claims, key }) => forge({ ...head, typ: 'at+jwt' }, claims, key)],
  ['no typ', ({ head, claims, key }) => forge({ ...head, typ: undefined }, claims, key)],
  ['crit', ({ head, claims, key }) => forge({ ...head, crit: ['exp'], exp: 1 }, claims, key)],
  ['crit of nothing', ({ head, claims, key }) => forge({ ...head, crit: [] }, claims, key)],
  ['b64 off', ({ head, claims, key }) => forge({ ...head, crit: ['b64'], b64: false }, claims, key)],
  ['not valid for 61 s', (good) => withTimes(good, { nbf: good.nowSeconds + 61 })],
  ['issued in 61 s', (good) => withTimes(good, { iat: good.nowSeconds + 61 })],
  ['no end', (good) => withTimes(good, { exp: undefined })],
  ['no beginning', (good) => withTimes(good, { iat: undefined })],
  ['an end that is text', (good) => withTimes(good, { exp: String(good.nowSeconds + 60) })],
  ['an end that is no number', (good) => withTimes(good, { exp: '9'.repeat(400) })],
  ['another app', ({ head, claims, key }) => forge(head, { ...claims, app: OTHER_APP_ID }, key)],
  ['an app that there is not', ({ head, claims, key }) => forge(head, { ...claims, app: '__proto__' }, key)],
  ['no app', ({ head, claims, key }) => forge(head, { ...claims, app: undefined }, key)],
  ['another scope', ({ head, claims, key }) => forge(head, { ...claims, scope: 'admin' }, key)],
  ['claims that are a list', ({ head, key }) => forge(head, [1], key)],
  ['claims that are no JSON', ({ head, key }) => forge(head, '{"iss":', key)],
  ['a head that is no JSON', ({ claims, key }) => forge('{"alg":', claims, key)],
  ['a fourth part', ({ head, claims, key }) => `${forge(head, claims, key)}.AAAA`],
  ['an unsigned change', ({ head, claims, key }) => graft(forge(head, claims, key), { ...claims, sub: 'ses_1' })],
  ['a head of four thousand bytes', ({ head, claims, key }) => forge({ ...head, pad: 'x'.repeat(4000) }, claims, key)],
  ['claims of four thousand bytes', ({ head, claims, key }) => forge(head, { ...claims, pad: 'x'.repeat(4000) }, key)],
  ...['jwk', 'jku', 'x5u', 'x5c'].map(
    (name): Forgery => [
      `a key that it brings along (${name})`,
      ({ head, claims }) =>
        forge({ ...head, alg: 'EdDSA', [name]: stranger.publicKey.export({ format: 'jwk' }) }, claims, STRANGER),
    ],
  ),
]

function swapped(key: HeldKey): string {
  return key.alg === 'HS256' ? 'EdDSA' : 'HS256'
}

function withTimes({ head, claims, key }: Good, times: Claims): string {
  return forge(head, { ...claims, ...times }, key)
}

function graft(token: string, claims: Claims): string {
  const [head, , signature] = token.split('.')
  return `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`
}

onEveryEngine(
  (on) => {
    const keys: HeldKey[] = [IMPLICIT_KEY]
    before(async () => {
      for (const alg of ['EdDSA', 'HS256']) {
        keys.push(await heldKey(on.app, await rotate(on.app, '--in', '3600', '--alg', alg)))
      }
    })
    /** A call that a token of a logged-in player may make, and one that a game server's may. */
    const tryClient = (token: string) => on.app.call('GET', '/api/v1/daily_gift', { token })
    const tryServer = (token: string) => on.app.call('GET', '/api/v1/server/users/10001', { token })
    const nowSeconds = () => Math.floor(clock.nowMs() / 1000)
    const goodBy = (key: HeldKey, claims: Claims): Good => ({
      ...{ key, claims, nowSeconds: nowSeconds() },
      head: { alg: key.alg, typ: 'JWT', ...(key.kid === null ? {} : { kid: key.kid }) },
    })
    const clientClaims = async () => readToken((await on.app.logIn('forged')).token).claims
    const serverClaims = async () => readToken(await on.app.serverToken()).claims

    test('a token that is put together by hand by the server’s own key is taken, whatever the kind of key', async () => {
      for (const key of keys) {
        for (const [claims, attempt] of [
          [await clientClaims(), tryClient],
          [await serverClaims(), tryServer],
        ] as const) {
          const { head, claims: good } = goodBy(key, claims)
          assertDone(await attempt(forge(head, good, key)))
        }
      }
    })

    for (const [what, make] of FORGERIES) {
      test(`a token is refused for: ${what}`, async () => {
        const [client, server] = [await clientClaims(), await serverClaims()]
        for (const key of keys) {
          // Another app that there is has no such session, and no such secret.
          const codes = what === 'another app' ? ['session_revoked'] : ['unauthorized']
          const answers = [await tryClient(make(goodBy(key, client))), await tryServer(make(goodBy(key, server)))]
          for (const answer of answers) {
            assert.equal(answer.status, 401, `${key.alg}: ${JSON.stringify(answer.body)}`)
            assert.ok(codes.includes(answer.body.error), `${key.alg}: ${answer.body.error}`)
          }
        }
      })
    }

    test('the public key of a pair, taken for a secret, signs nothing', async () => {
      const claims = await clientClaims()
      for (const key of keys) {
        if (key.alg !== 'EdDSA') continue
        const jwk = key.publicKey.export({ format: 'jwk' })
        const secrets = [
          Buffer.from(jwk.x ?? '', 'base64url'),
          Buffer.from(jwk.x ?? ''),
          Buffer.from(JSON.stringify(jwk)),
          Buffer.from(key.publicKey.export({ format: 'pem', type: 'spki' })),
          key.publicKey.export({ format: 'der', type: 'spki' }),
          Buffer.alloc(0),
        ]
        for (const secret of secrets) {
          for (const kid of [{ kid: key.kid }, {}]) {
            const token = forge({ alg: 'HS256', typ: 'JWT', ...kid }, claims, { kid: null, alg: 'HS256', secret })
            assertRefused(await tryClient(token), 401, 'unauthorized')
          }
        }
      }
    })

    test('a key signs under its own name only', async () => {
      const claims = await clientClaims()
      for (const by of keys) {
        for (const named of keys) {
          if (by === named) continue
          const { head } = goodBy(named, claims)
          assertRefused(await tryClient(forge(head, claims, by)), 401, 'unauthorized')
          assertRefused(await tryClient(forge({ ...head, alg: by.alg }, claims, by)), 401, 'unauthorized')
        }
      }
    })

    test('a token that has run out says so, to the second', async () => {
      const claims = await clientClaims()
      for (const key of keys) {
        const good = goodBy(key, claims)
        const { nowSeconds: now } = good
        for (const exp of [now, now - 1, now - 59, now - 61, 0, -1]) {
          assertRefused(await tryClient(withTimes(good, { exp, iat: now - 7200 })), 401, 'token_expired')
        }
        assertDone(await tryClient(withTimes(good, { exp: now + 2 })))
      }
    })

    test('clocks of ours may be a minute apart', async () => {
      const claims = await clientClaims()
      for (const key of keys) {
        const good = goodBy(key, claims)
        const { nowSeconds: now } = good
        for (const times of [{ nbf: now + 60 }, { iat: now + 60 }]) assertDone(await tryClient(withTimes(good, times)))
      }
    })

    test('a token with something behind it is refused whole, and not cut to one that is good', async () => {
      const { token } = await on.app.logIn('oversized')
      assertDone(await tryClient(token))
      for (const blanks of [1, 3000, 4096, 8000]) {
        for (const behind of ['x', '.', '=']) {
          const headers = { authorization: `Bearer ${token}${' '.repeat(blanks)}${behind}` }
          assertRefused(await on.app.call('GET', '/api/v1/daily_gift', { headers }), 401, 'unauthorized')
        }
      }
      const headers = { authorization: `Bearer ${' '.repeat(5000)}${token}` }
      assertRefused(await on.app.call('GET', '/api/v1/daily_gift', { headers }), 401, 'unauthorized')
    })

    test('a token is taken from the head of a request alone', async () => {
      const { token } = await on.app.logIn('elsewhere')
      for (const name of ['token', 'access_token', 'authorization']) {
        assertRefused(await on.app.call('GET', `/api/v1/daily_gift?${name}=${token}`), 401, 'unauthorized')
        const headers = { cookie: `${name}=${token}` }
        assertRefused(await on.app.call('GET', '/api/v1/daily_gift', { headers }), 401, 'unauthorized')
      }
    })

    test('a server token that names a secret which is none of the app’s is refused', async () => {
      const claims = await serverClaims()
      const sk = createHmac('sha256', 'guess').update('x').digest('hex').slice(0, 16)
      for (const key of keys) {
        const { head } = goodBy(key, claims)
        assertRefused(await tryServer(forge(head, { ...claims, sk }, key)), 401, 'session_revoked')
        assertRefused(await tryServer(forge(head, { ...claims, sk: undefined }, key)), 401, 'unauthorized')
      }
      const body = { appId: APP_ID, appSecret: APP_SECRET }
      assert.equal(assertDone(await on.app.call('POST', '/api/v1/token', { body })).scope, 'server')
    })
  },
  { clock, variables: { JWT_SECRET } },
)
