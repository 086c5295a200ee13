import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { after, test } from 'node:test'
import { jwtVerify } from 'jose'
import { assertDone } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { graphError, startGraphServer } from '../support/graph-server.ts'
import { allThatIsKept, byProvider, PAGES, pageCalls } from '../support/login-page.ts'
import { startOidcIssuer } from '../support/oidc-issuer.ts'
import { APPLE, FACEBOOK, GOOGLE, platformLogins } from '../support/platform-logins.ts'
import { APP_ID } from '../support/test-app.ts'
import { startTokenEndpoint, type TokenEndpoint } from '../support/token-endpoint.ts'

const clock = fakeClock()
const BACK = 'https://store.example.com/back'
const STORE = 'store.apps.googleusercontent.com'
const SECRET = 'the-secret-of-the-google-client'
const SERVICES_ID = 'com.example.store'
const TEAM = 'TEAM123456'
const KEY = 'KEY1234567'
const facebook = { appId: '123456789012345', appSecret: 'the-secret-of-the-facebook-app' }
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** As Apple reads what stands in for a secret: a token of five minutes that the team's key has signed. */
async function isSecretOfApple(clientId: string, secret: string): Promise<boolean> {
  const now = new Date(clock.nowMs())
  const checks = { issuer: TEAM, audience: 'https://appleid.apple.com', subject: clientId, algorithms: ['ES256'] }
  const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }))
  const read = await jwtVerify(secret, key, { ...checks, currentDate: now, requiredClaims: ['iat', 'exp'] })
  return read.protectedHeader.kid === KEY && Number(read.payload.exp) - Number(read.payload.iat) <= 15_777_000
}

const google = await startOidcIssuer({ clock, issuer: 'https://accounts.google.com', audience: STORE })
const apple = await startOidcIssuer({ clock, issuer: 'https://appleid.apple.com', audience: SERVICES_ID })
const graph = await startGraphServer(facebook)
const ofGoogle = await startTokenEndpoint({ isSecretOf: (id, secret) => id === STORE && secret === SECRET })
const ofApple = await startTokenEndpoint({ isSecretOf: (id, secret) => isSecretOfApple(id, secret).catch(() => false) })
after(() => Promise.all([google, apple, graph, ofGoogle, ofApple].map((server) => server.stop())))

const logins = {
  [APP_ID]: {
    google: {
      ...{ clientIds: [STORE], keysUrl: google.keysUrl, tokenUrl: ofGoogle.url },
      pageClients: [
        { clientId: STORE, clientSecret: SECRET, redirectUri: BACK },
        { clientId: 'tokens-only' },
        { clientId: 'misconfigured', clientSecret: 'an-old-secret', redirectUri: BACK },
      ],
    },
    apple: {
      ...{ clientIds: [SERVICES_ID], keysUrl: apple.keysUrl, tokenUrl: ofApple.url },
      pageClients: [{ clientId: SERVICES_ID, teamId: TEAM, keyId: KEY, privateKey: privatePem, redirectUri: BACK }],
    },
    facebook: { ...facebook, graphUrl: graph.url, pageRedirectUri: BACK },
  },
}

onEveryEngine(
  (on) => {
    const { logIn, cameIn } = pageCalls(on)
    const googlePlayer = async (sub: string): Promise<string> =>
      assertDone(await platformLogins(on, GOOGLE).logIn({ credential: await google.token({ sub }) })).uid
    let codes = 0
    const newCode = (): string => {
      codes += 1
      return `4/0AX4Xf.${codes}-${'w'.repeat(60)}`
    }
    /** A code of Google that is good for a token of this user. */
    const googleCode = async (claims: object, redirectUri = BACK): Promise<string> => {
      const code = newCode()
      ofGoogle.giveCode(code, { clientId: STORE, redirectUri, idToken: await google.token({ ...claims }) })
      return code
    }

    test('a code of Google is exchanged with the secret of its client, and its player comes in', async () => {
      const uid = await googlePlayer('by code')
      const code = await googleCode({ sub: 'by code' })
      assert.equal(await cameIn(byProvider('google', code, STORE)), uid)
      assert.deepEqual(ofGoogle.calls.at(-1), {
        ...{ grant_type: 'authorization_code', code, redirect_uri: BACK },
        ...{ client_id: STORE, client_secret: SECRET },
      })
      // A token is still a token.
      const calls = ofGoogle.calls.length
      assert.equal(await cameIn(byProvider('google', await google.token({ sub: 'by code' }), STORE)), uid)
      assert.equal(ofGoogle.calls.length, calls)
    })

    test('a code of Apple, with dots in it, is exchanged by a token that the team’s key has signed', async () => {
      const sub = '000999.apple'
      const { uid } = assertDone(await platformLogins(on, APPLE).logIn({ credential: await apple.token({ sub }) }))
      for (const code of ['c1d2e3f4a5.0.mrtz.Hxyz', 'c1d2e3.0.mrtz']) {
        ofApple.giveCode(code, { clientId: SERVICES_ID, redirectUri: BACK, idToken: await apple.token({ sub }) })
        assert.equal(await cameIn(byProvider('apple', code)), uid)
        assert.equal(await cameIn(byProvider('apple', code)), 'invalid_proof', 'once')
      }
    })

    test('a code of Facebook is exchanged, and the token that comes of it is asked about as any', async () => {
      graph.issue('EAAofcode', { userId: '55' })
      graph.issue('EAAgame', { userId: '55' })
      const inGame = assertDone(await platformLogins(on, FACEBOOK).logIn({ credential: 'EAAgame' }))
      graph.giveCode('AQDcode1', { token: 'EAAofcode', redirectUri: BACK })
      assert.equal(await cameIn(byProvider('facebook', 'AQDcode1', facebook.appId)), inGame.uid)
      assert.equal(await cameIn(byProvider('facebook', 'AQDcode1')), 'invalid_proof', 'once')
      assert.ok(graph.calls.includes('POST /v23.0/oauth/access_token'), 'nothing secret stands in the address')
      // Where pages bring codes, a token is none.
      assert.equal(await cameIn(byProvider('facebook', 'EAAgame')), 'invalid_proof')
    })

    test('the token that a code gives is proven like any other', async () => {
      await googlePlayer('proven')
      const now = Math.floor(clock.nowMs() / 1000)
      const wrongs: [object, string][] = [
        [{ aud: 'tokens-only' }, 'proof_wrong_audience'],
        [{ aud: [STORE, 'tokens-only'] }, 'proof_wrong_audience'],
        [{ exp: now - 61 }, 'proof_expired'],
        [{ iat: now + 61 }, 'proof_not_yet_valid'],
        [{ iss: 'https://accounts.example.com' }, 'proof_wrong_issuer'],
        [{ sub: '' }, 'proof_malformed'],
        [{ sub: 'nobody' }, 'player_not_found'],
      ]
      for (const [claims, refusal] of wrongs) {
        const code = await googleCode({ sub: 'proven', ...claims })
        assert.equal(await cameIn(byProvider('google', code, STORE)), refusal, JSON.stringify(claims))
      }
      const forged = newCode()
      const idToken = google.written({ claims: { sub: 'proven' }, by: 'stranger' })
      ofGoogle.giveCode(forged, { clientId: STORE, redirectUri: BACK, idToken })
      assert.equal(await cameIn(byProvider('google', forged, STORE)), 'invalid_proof')
      for (const data of [{ app_id: '999' }, { is_valid: false }, { type: 'PAGE' }]) {
        graph.issue('EAAwrong', { userId: '55', data })
        graph.giveCode('AQDwrong', { token: 'EAAwrong', redirectUri: BACK })
        const code = 'app_id' in data ? 'proof_wrong_audience' : 'invalid_proof'
        assert.equal(await cameIn(byProvider('facebook', 'AQDwrong')), code, JSON.stringify(data))
      }
    })

    test('a code that is unknown, used, of another client or no code at all lets nobody in', async () => {
      const uid = await googlePlayer('codes')
      const code = await googleCode({ sub: 'codes' })
      assert.equal(await cameIn(byProvider('google', code, 'tokens-only')), 'proof_malformed')
      assert.equal(await cameIn(byProvider('google', code, 'nobody')), 'proof_wrong_audience')
      assert.equal(await cameIn(byProvider('google', code, '')), 'proof_wrong_audience')
      // Two clients could have it: it is not tried on each.
      assert.equal(await cameIn(byProvider('google', code)), 'proof_wrong_audience')
      assert.equal(await cameIn(byProvider('google', code, STORE)), uid)
      for (const wrong of [code, 'unknown', 'ya29.a0AfB_byC', 'a.b.c', 'ey.ey.ey']) {
        assert.equal(await cameIn(byProvider('google', wrong, STORE)), 'invalid_proof', wrong)
      }
      const calls = ofGoogle.calls.length
      for (const wrong of ['', 'two words', 'line\nbreak', '中文', 'x'.repeat(2049)]) {
        assert.equal(await cameIn(byProvider('google', wrong, STORE)), 'proof_malformed', wrong.slice(0, 20))
        assert.equal(await cameIn(byProvider('facebook', wrong)), 'proof_malformed', wrong.slice(0, 20))
      }
      assert.equal(ofGoogle.calls.length, calls, 'no platform is troubled with what can be no code')
    })

    test('where our own settings are wrong nobody is told that theirs is, and the log says what to look at', async () => {
      await googlePlayer('settings')
      const code = await googleCode({ sub: 'settings' })
      assert.equal(await cameIn(byProvider('google', code, 'misconfigured')), 'provider_unavailable')
      clock.moveMs(60_001)
      const elsewhere = await googleCode({ sub: 'settings' }, 'https://store.example.com/other')
      assert.equal(await cameIn(byProvider('google', elsewhere, STORE)), 'provider_unavailable')
      graph.giveCode('AQDelsewhere', { token: 'EAAofcode', redirectUri: 'https://store.example.com/other' })
      assert.equal(await cameIn(byProvider('facebook', 'AQDelsewhere')), 'invalid_proof')
      for (const error of [graphError(1), graphError(101), graphError(4)]) {
        graph.answerWith('oauth/access_token', error)
        assert.equal(await cameIn(byProvider('facebook', 'AQDany')), 'provider_unavailable')
      }
      graph.answerWith('oauth/access_token', null)
      const log = await platformLogins(on, GOOGLE).logText()
      assert.match(log, /"reason":"invalid_client".*pageClients right/)
      assert.match(log, /"reason":"redirect_uri_mismatch"/)
      assert.match(log, /Facebook gave a code for another address/)
    })

    test('a platform that is away, hangs, or answers something else is told as away', async () => {
      await googlePlayer('outages')
      const answers: Parameters<TokenEndpoint['answerWith']>[0][] = [
        { status: 500, body: '{}' },
        { status: 503, body: 'away' },
        { status: 200, body: '<html></html>' },
        { status: 200, body: '{}' },
        { status: 200, body: 'null' },
        { status: 200, body: '[]' },
        { status: 200, body: '{"id_token":5}' },
        { status: 200, body: JSON.stringify({ id_token: 'x'.repeat(100_000) }) },
        { status: 400, body: JSON.stringify({ error: 'Something\n"else"' }) },
        { status: 307, body: '{}', location: ofGoogle.url },
        'hang',
      ]
      for (const answer of answers) {
        ofGoogle.answerWith(answer)
        const came = await cameIn(byProvider('google', newCode(), STORE))
        assert.equal(came, 'provider_unavailable', JSON.stringify(answer).slice(0, 60))
      }
      ofGoogle.answerWith(null)
      for (const answer of [
        { status: 200, body: '{}' },
        { status: 200, body: '[]' },
        { status: 502, body: 'away' },
      ]) {
        graph.answerWith('oauth/access_token', answer)
        assert.equal(await cameIn(byProvider('facebook', 'AQDaway')), 'provider_unavailable', answer.body)
      }
      graph.answerWith('oauth/access_token', null)
    })

    test('a hundred bring one code at once, and no more come in than its platform lets', async () => {
      const uid = await googlePlayer('hundred')
      const code = await googleCode({ sub: 'hundred' })
      const came = await Promise.all(Array.from({ length: 100 }, () => cameIn(byProvider('google', code, STORE))))
      assert.equal(came.filter((one) => one === uid).length, 1)
    })

    test('of a flood of codes no more than a hundred are asked about at once, and one platform’s stops no other’s', async () => {
      ofGoogle.answerWith('hang')
      const calls = ofGoogle.calls.length
      const flood = Array.from({ length: 150 }, () => cameIn(byProvider('google', newCode(), STORE)))
      assert.equal(await Promise.any(flood), 'provider_unavailable')
      assert.equal(await cameIn(byProvider('facebook', 'AQDunknown')), 'invalid_proof')
      await Promise.all(flood)
      assert.equal(ofGoogle.calls.length - calls, 100)
      ofGoogle.answerWith(null)
      const uid = await googlePlayer('after the flood')
      assert.equal(await cameIn(byProvider('google', await googleCode({ sub: 'after the flood' }), STORE)), uid)
    })

    test('no code, token or secret is in the trail, the messages or the log', async () => {
      await googlePlayer('kept nowhere')
      const code = await googleCode({ sub: 'kept nowhere' })
      await logIn(byProvider('google', code, STORE))
      await logIn(byProvider('google', `${code}-wrong`, 'misconfigured'))
      graph.giveCode('AQDkept', { token: 'EAAofcode', redirectUri: BACK })
      await logIn(byProvider('facebook', 'AQDkept'))
      const kept = (await allThatIsKept(on)) + (await platformLogins(on, GOOGLE).logText())
      const secrets = [code, SECRET, 'an-old-secret', facebook.appSecret, 'AQDkept', 'EAA', 'eyJ', 'PRIVATE KEY']
      for (const secret of [...secrets, privatePem.slice(60, 90)]) assert.ok(!kept.includes(secret), secret)
    })
  },
  { env: 'online', clock, logins, channels: PAGES, variables: { LOG_LEVEL: 'debug' } },
)
