import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type KeysAnswer, startOidcIssuer } from '../support/oidc-issuer.ts'
import { GOOGLE, platformLogins } from '../support/platform-logins.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const CLIENT = 'game.apps.googleusercontent.com'
const issuer = await startOidcIssuer({ clock, issuer: 'https://accounts.google.com', audience: CLIENT })
after(() => issuer.stop())

const google = { clientIds: [CLIENT], keysUrl: issuer.keysUrl }
const HOUR_MS = 3_600_000
const COOLDOWN_MS = 10_000
const OUTAGES: readonly KeysAnswer[] = ['down', 'page', 'no_keys', 'huge', 'elsewhere']

onEveryEngine(
  (on) => {
    const { logIn, logText } = platformLogins(on, GOOGLE)
    const honest = async () => logIn({ credential: await issuer.token() })
    const forged = (kid: string) => logIn({ credential: issuer.written({ header: { kid }, by: 'stranger' }) })
    /** Long enough that no key is known any more. */
    const forget = () => clock.moveMs(25 * HOUR_MS)

    test('fifty logins at once fetch the keys once, for every game', async () => {
      forget()
      const before = issuer.keyFetches
      const apps = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? APP_ID : OTHER_APP_ID))
      const answers = await Promise.all(apps.map(async (appId) => logIn({ credential: await issuer.token() }, appId)))
      for (const answer of answers) assertDone(answer)
      assert.equal(issuer.keyFetches, before + 1)
    })

    test('a flood of made-up keys costs the platform a few calls, and nobody a login', async () => {
      clock.moveMs(COOLDOWN_MS)
      const before = issuer.keyFetches
      for (let second = 0; second < 60; second += 1) {
        const flood = await Promise.all(['a', 'b', 'c', 'd'].map((letter) => forged(`${letter}-${second}`)))
        for (const answer of flood) assertRefused(answer, 401, 'proof_unknown_key')
        if (second % 20 === 0) assertDone(await honest())
        clock.moveMs(1000)
      }
      assert.equal(issuer.keyFetches, before + 6)
    })

    test('a token of a new key and one of the key before it are both good, from the first one on', async () => {
      const ofBefore = await issuer.token({ sub: 'rotated' })
      const { uid } = assertDone(await logIn({ credential: ofBefore }))
      clock.moveMs(COOLDOWN_MS)
      issuer.rotate('kept')
      const before = issuer.keyFetches
      for (const credential of [await issuer.token({ sub: 'rotated' }), ofBefore]) {
        assert.equal(assertDone(await logIn({ credential })).uid, uid)
      }
      assert.equal(issuer.keyFetches, before + 1)
    })

    test('a new key is known ten seconds into a flood of made-up ones', async () => {
      clock.moveMs(COOLDOWN_MS)
      assertRefused(await forged('just-before'), 401, 'proof_unknown_key')
      issuer.rotate('kept')
      const credential = await issuer.token()
      assertRefused(await logIn({ credential }), 401, 'proof_unknown_key')
      clock.moveMs(COOLDOWN_MS)
      assertDone(await logIn({ credential }))
    })

    test('a key that the platform has withdrawn is good for ten minutes at most', async () => {
      const credential = await issuer.token()
      assertDone(await logIn({ credential }))
      clock.moveMs(COOLDOWN_MS)
      issuer.rotate('withdrawn')
      const before = issuer.keyFetches
      assertDone(await logIn({ credential }))
      assert.equal(issuer.keyFetches, before)
      clock.moveMs(600_000)
      assertRefused(await logIn({ credential }), 401, 'proof_unknown_key')
      assertDone(await honest())
      assert.equal(issuer.keyFetches, before + 1)
    })

    test('while the platform is away in any way its last keys go on for a day, and the log tells of it', async () => {
      for (const outage of OUTAGES) {
        forget()
        assertDone(await honest())
        issuer.answerWith(outage)
        clock.moveMs(HOUR_MS)
        const before = issuer.keyFetches
        for (let times = 0; times < 5; times += 1) assertDone(await honest())
        assert.equal(issuer.keyFetches, before + 1, 'one question, not one for every login')
        clock.moveMs(23 * HOUR_MS - 1)
        assertDone(await honest())
        clock.moveMs(1)
        assertRefused(await honest(), 503, 'provider_unavailable')
        clock.moveMs(COOLDOWN_MS)
        assertRefused(await honest(), 503, 'provider_unavailable')
        issuer.answerWith('keys')
        clock.moveMs(COOLDOWN_MS)
        assertDone(await honest())
      }
      const text = await logText()
      for (const reason of ['status 500', 'status 200, no JSON', 'no keys in the answer', 'too large an answer']) {
        const words = `"reason":"${reason}","msg":"the keys of a login platform are out of reach; those last known go on"`
        assert.ok(text.includes(words), reason)
      }
      assert.match(text, /"reason":"status 302, no JSON","msg":"[^"]*; nobody can log in by it"/)
    })

    test('a key that is not known while the platform is away is no proof of anything: 503, and not "forged"', async () => {
      clock.moveMs(COOLDOWN_MS)
      issuer.answerWith('down')
      issuer.rotate('kept')
      const credential = await issuer.token()
      assertRefused(await logIn({ credential }), 503, 'provider_unavailable')
      assertRefused(await logIn({ credential }), 503, 'provider_unavailable')
      issuer.answerWith('keys')
      clock.moveMs(COOLDOWN_MS)
      assertDone(await logIn({ credential }))
    })

    test('a platform that does not answer keeps nobody waiting for long: 503, and when to come back', async () => {
      forget()
      issuer.answerWith('hang')
      const answer = await honest()
      issuer.answerWith('keys')
      assertRefused(answer, 503, 'provider_unavailable')
      assert.equal(answer.headers.get('retry-after'), '10')
      // Until then the platform is left alone.
      const before = issuer.keyFetches
      assertRefused(await honest(), 503, 'provider_unavailable')
      assert.equal(issuer.keyFetches, before)
      clock.moveMs(COOLDOWN_MS)
      assertDone(await honest())
    })
  },
  {
    ...{ env: 'online', clock, variables: { LOG_LEVEL: 'warn' } },
    logins: { [APP_ID]: { google }, [OTHER_APP_ID]: { google } },
  },
)
