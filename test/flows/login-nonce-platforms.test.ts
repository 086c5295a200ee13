import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { NONCE_TTL_MS, OPEN_NONCES_MAX } from '../../src/features/account/login-nonces.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { startOidcIssuer, type TokenClaims } from '../support/oidc-issuer.ts'
import { APPLE, FACEBOOK, GOOGLE } from '../support/platform-logins.ts'
import { type Answer, APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const CLIENTS = {
  google: { issuer: 'https://accounts.google.com', audience: '1234-abc.apps.googleusercontent.com' },
  apple: { issuer: 'https://appleid.apple.com', audience: 'com.example.game' },
  facebook: { issuer: 'https://www.facebook.com', audience: '1234567890' },
}
const google = await startOidcIssuer({ clock, ...CLIENTS.google })
const apple = await startOidcIssuer({ clock, ...CLIENTS.apple })
const facebook = await startOidcIssuer({ clock, ...CLIENTS.facebook })
after(() => Promise.all([google, apple, facebook].map((issuer) => issuer.stop())))

const PLATFORMS = [
  { loginType: GOOGLE, issuer: google },
  { loginType: APPLE, issuer: apple },
  { loginType: FACEBOOK, issuer: facebook },
] as const
type Platform = (typeof PLATFORMS)[number]

const required = { nonce: 'required' }
const logins = {
  [APP_ID]: {
    google: { clientIds: [CLIENTS.google.audience], keysUrl: google.keysUrl, ...required },
    apple: { clientIds: [CLIENTS.apple.audience], keysUrl: apple.keysUrl, ...required },
    facebook: { appId: CLIENTS.facebook.audience, appSecret: 'secret', keysUrl: facebook.keysUrl, ...required },
  },
  [OTHER_APP_ID]: {
    google: { clientIds: [CLIENTS.google.audience], keysUrl: google.keysUrl, ...required },
  },
}
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

onEveryEngine(
  (on) => {
    const nonceFor = async (token: string): Promise<string> =>
      assertDone(await on.app.call('POST', '/api/v1/login/nonce', { token, body: {} })).nonce
    const logIn = (token: string, body: object): Promise<Answer> =>
      on.app.call('POST', '/api/v1/login', { token, body })
    /** The body of an honest login with a nonce. */
    const proof = async ({ loginType, issuer }: Platform, nonce: string, claims: TokenClaims = {}) => ({
      ...{ loginType, nonce, credential: await issuer.token({ nonce, ...claims }) },
    })

    test('a genuine token with the nonce of its session logs in once; shown again, on any session, it does not', async () => {
      for (const platform of PLATFORMS) {
        const token = await on.app.clientToken()
        const body = await proof(platform, await nonceFor(token))
        const first = assertDone(await logIn(token, body))
        assert.equal(first.is_new, true)
        assertRefused(await logIn(token, body), 401, 'proof_wrong_nonce')
        assertRefused(await logIn(await on.app.clientToken(), body), 401, 'proof_wrong_nonce')
        const link = { token, body }
        assertRefused(await on.app.call('POST', '/api/v1/account/link', link), 401, 'proof_wrong_nonce')
      }
    })

    test('a nonce of another session, of another app, of nobody or of the past lets no genuine token in', async () => {
      for (const platform of PLATFORMS) {
        const [token, elsewhere] = [await on.app.clientToken(), await on.app.clientToken()]
        const stolen = await proof(platform, await nonceFor(elsewhere))
        assertRefused(await logIn(token, stolen), 401, 'proof_wrong_nonce')
        const ofOtherApp = await proof(platform, await nonceFor(await on.app.clientToken(OTHER_APP_ID)))
        assertRefused(await logIn(token, ofOtherApp), 401, 'proof_wrong_nonce')
        for (const unknown of ['chosen-by-the-client', `0${'A'.repeat(43)}`]) {
          assertRefused(await logIn(token, await proof(platform, unknown)), 401, 'proof_wrong_nonce')
        }
        const late = await nonceFor(token)
        clock.moveMs(NONCE_TTL_MS)
        assertRefused(await logIn(token, await proof(platform, late)), 401, 'proof_wrong_nonce')
        // What was refused elsewhere is still its own session's.
        const intime = await nonceFor(elsewhere)
        assertRefused(await logIn(token, await proof(platform, intime)), 401, 'proof_wrong_nonce')
        clock.moveMs(NONCE_TTL_MS - 1)
        assertDone(await logIn(elsewhere, await proof(platform, intime)))
      }
    })

    test('a token without a nonce, with another open one, or with a nonce that is not sent beside it is refused', async () => {
      for (const platform of PLATFORMS) {
        const { loginType, issuer } = platform
        const token = await on.app.clientToken()
        const [nonce, other] = [await nonceFor(token), await nonceFor(token)]
        const wrong: object[] = [
          { loginType, credential: await issuer.token() },
          { loginType, credential: await issuer.token({ nonce }) },
          { loginType, nonce, credential: await issuer.token() },
          { loginType, nonce, credential: await issuer.token({ nonce_supported: false }) },
          { loginType, nonce, credential: await issuer.token({ nonce: other }) },
          { loginType, nonce, credential: await issuer.token({ nonce: [nonce] }) },
        ]
        for (const body of wrong) assertRefused(await logIn(token, body), 401, 'proof_wrong_nonce')
        // None of them has used it up.
        assertDone(await logIn(token, await proof(platform, nonce)))
      }
    })

    test('a token that is wrong in another way, or of another user than was named, uses no nonce up', async () => {
      for (const platform of PLATFORMS) {
        const token = await on.app.clientToken()
        const nonce = await nonceFor(token)
        const forged = platform.issuer.written({ claims: { nonce }, by: 'stranger' })
        assertRefused(
          await logIn(token, { ...(await proof(platform, nonce)), credential: forged }),
          401,
          'invalid_proof',
        )
        const expired = await proof(platform, nonce, { exp: Math.floor(clock.nowMs() / 1000) - 61 })
        assertRefused(await logIn(token, expired), 401, 'proof_expired')
        const named = { ...(await proof(platform, nonce)), loginId: 'somebody-else' }
        assertRefused(await logIn(token, named), 401, 'proof_wrong_user')
        assertDone(await logIn(token, await proof(platform, nonce)))
      }
    })

    test("Apple's token may hold the hash of the nonce; nobody else's may, and the hash itself is no nonce", async () => {
      const hashed = async (platform: Platform) => {
        const token = await on.app.clientToken()
        const nonce = await nonceFor(token)
        const body = await proof(platform, nonce, { nonce: sha256(nonce) })
        return { token, body, answer: await logIn(token, { ...body, nonce: sha256(nonce) }) }
      }
      for (const platform of PLATFORMS) {
        const { token, body, answer } = await hashed(platform)
        assertRefused(answer, 401, 'proof_wrong_nonce')
        if (platform.loginType === APPLE) assertDone(await logIn(token, body))
        assertRefused(await logIn(token, body), 401, 'proof_wrong_nonce')
      }
    })

    test('of a hundred logins at once with one token and its nonce, one gets in and one player is made', async () => {
      for (const platform of PLATFORMS) {
        const token = await on.app.clientToken()
        const body = await proof(platform, await nonceFor(token))
        const answers = await Promise.all(Array.from({ length: 100 }, () => logIn(token, body)))
        const [winner, ...others] = answers.toSorted((a, b) => a.status - b.status)
        assert.ok(winner)
        const { uid } = assertDone(winner)
        for (const other of others) assertRefused(other, 401, 'proof_wrong_nonce')
        const later = await on.app.clientToken()
        const { sub } = JSON.parse(Buffer.from(body.credential.split('.')[1] ?? '', 'base64url').toString())
        const again = assertDone(await logIn(later, await proof(platform, await nonceFor(later), { sub })))
        assert.deepEqual([again.uid, again.is_new], [uid, false])
      }
    })

    test('of six nonces of one session the first no longer counts, and the other five do', async () => {
      const [platform] = PLATFORMS
      const token = await on.app.clientToken()
      const nonces: string[] = []
      for (let n = 0; n <= OPEN_NONCES_MAX; n++) nonces.push(await nonceFor(token))
      const sub = 'one-user-many-nonces'
      const [first = '', ...rest] = nonces
      assertRefused(await logIn(token, await proof(platform, first, { sub })), 401, 'proof_wrong_nonce')
      for (const nonce of rest) assertDone(await logIn(token, await proof(platform, nonce, { sub })))
    })

    test("a Facebook access token holds no nonce and gets nobody in, and an app's own token does not open another", async () => {
      const token = await on.app.clientToken()
      const nonce = await nonceFor(token)
      const access = { loginType: FACEBOOK, credential: 'EAAaccessToken' }
      assertRefused(await logIn(token, access), 401, 'proof_wrong_nonce')
      assertRefused(await logIn(token, { ...access, nonce }), 401, 'proof_wrong_nonce')
      const [platform] = PLATFORMS
      const other = await on.app.clientToken(OTHER_APP_ID)
      const sub = 'plays-both-games'
      const here = assertDone(await logIn(token, await proof(platform, nonce, { sub })))
      const there = assertDone(await logIn(other, await proof(platform, await nonceFor(other), { sub })))
      assert.deepEqual([there.is_new, there.uid === here.uid], [true, false])
    })

    test('the name and the picture of a token are those of the new player, made fit to be shown', async () => {
      const [platform] = PLATFORMS
      const shown = async (claims: TokenClaims) => {
        const token = await on.app.clientToken()
        const body = await proof(platform, await nonceFor(token), claims)
        const { user_name, avatar_url, uid } = assertDone(await logIn(token, body))
        return { name: user_name === `Player ${uid}` ? null : user_name, avatar_url }
      }
      const picture = 'https://lh3.googleusercontent.com/a/anna=s96-c'
      assert.deepEqual(await shown({ name: ' Anna Müller ', picture }), { name: 'Anna Müller', avatar_url: picture })
      const names: [unknown, string | null][] = [
        ['玩家一号', '玩家一号'],
        ['\u202egnp.anna\u202c', 'gnp.anna'],
        ['<script>alert(1)</script>', '<script>alert(1)</script>'],
        ["'; DROP TABLE users; --", "'; DROP TABLE users; --"],
        ['x'.repeat(100), 'x'.repeat(64)],
        ['\u3164', null],
        ['\u200b\u2060', null],
        ['line\nbreak', null],
        ['x'.repeat(101), null],
        [{ first: 'Anna' }, null],
        [42, null],
      ]
      for (const [name, expected] of names) {
        assert.equal((await shown({ name })).name, expected, JSON.stringify(name))
      }
      for (const hostile of ['http://example.com/a.png', 'javascript:alert(1)', 'https://u:p@example.com/', ['x'], 7]) {
        assert.equal((await shown({ picture: hostile })).avatar_url, '', JSON.stringify(hostile))
      }
    })

    test('who is known keeps their name, whatever a later token says', async () => {
      const [platform] = PLATFORMS
      const sub = 'renamed-there'
      for (const name of ['Anna', 'Berta']) {
        const token = await on.app.clientToken()
        const answer = await logIn(token, await proof(platform, await nonceFor(token), { sub, name }))
        assert.equal(assertDone(answer).user_name, 'Anna')
      }
    })
  },
  { env: 'online', clock, logins },
)
