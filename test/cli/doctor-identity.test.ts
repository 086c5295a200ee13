import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { backupEngines, changeDatabase } from '../support/backups.ts'
import { rotate } from '../support/signing-keys.ts'
import { failedChecks, type Healthy, makeHealthy, runDoctor } from './doctor-patient.ts'

const APP_SECRET = 'q8Zt4Vn2Xr6Bk1Mw9Cy3Fp7Jd5Hg0LaTe'
const DAY_MS = 24 * 60 * 60 * 1000
const appsWith = (logins: object): string =>
  JSON.stringify([{ appId: 'com.example.game', appSecret: APP_SECRET, logins }])
const hs256 = (secret: string) => JSON.stringify([{ kid: 'a', alg: 'HS256', secret }])
const seed = () => randomBytes(32).toString('base64url')
const oidc = { clientIds: ['com.example.game'] }
const facebook = { appId: '1', appSecret: 'x'.repeat(32) }

/** What is changed, and the one check that must then fail. */
const SPOILED: readonly (readonly [changes: Readonly<Record<string, string>>, check: string])[] = [
  [{ JWT_KEYS: '[' }, 'signing-keys'],
  [{ JWT_KEYS: '[]' }, 'signing-keys'],
  [{ JWT_KEYS: hs256('short') }, 'signing-keys'],
  [{ JWT_KEYS: hs256('change-me-change-me-change-me-change-me') }, 'signing-keys'],
  [{ JWT_KEYS: '[{"kid": "a", "alg": "EdDSA", "privateKey": "AAAA"}]' }, 'signing-keys'],
  [{ JWT_KEYS: hs256(APP_SECRET), APPS: appsWith({}) }, 'secrets-apart'],
  [{ APPS: appsWith({ guest: false }) }, 'logins'],
  [{ APPS: appsWith({ apple: { ...oidc, keysUrl: 'http://127.0.0.1:9/keys' } }) }, 'logins'],
  [{ APPS: appsWith({ google: { ...oidc, keysUrl: 'http://localhost:9/keys' } }) }, 'logins'],
  [{ APPS: appsWith({ facebook: { ...facebook, graphUrl: 'http://127.0.0.1:9' } }) }, 'logins'],
  [{ APPS: appsWith({ facebook: { ...facebook, keysUrl: 'http://127.0.0.1:9/keys' } }) }, 'logins'],
]

/** What is set, and what the rows of identity then say, without failing. */
const TOLD: readonly (readonly [changes: Readonly<Record<string, string>>, said: RegExp])[] = [
  [{}, /^pass {2}logins +com\.example\.game: guest, facebook, google, apple$/m],
  [{}, /Note: a token of facebook that is stolen/],
  [{}, /^pass {2}signing-keys +JWT_SECRET signs\n +Note: .*npm run keys -- rotate/m],
  [{ APPS: appsWith({ guest: false, apple: oidc }) }, /^pass {2}logins +com\.example\.game: apple\n +Note: .* apple /m],
  [
    { APPS: appsWith({ guest: false }), SMTP_URL: 'smtps://u:p@mail.example.com:465', MAIL_FROM: 'a@example.com' },
    /^pass {2}logins +com\.example\.game: mail$/m,
  ],
  [
    { JWT_KEYS: JSON.stringify([{ kid: '2026-11', alg: 'EdDSA', privateKey: seed() }]) },
    /^pass {2}signing-keys +"2026-11" of JWT_KEYS signs \(EdDSA\)$/m,
  ],
]

for (const engine of backupEngines()) {
  if (engine.name === 'mysql' && !process.env['TEST_REDIS_URL']) continue
  describe(`the doctor's rows of identity on ${engine.name}`, () => {
    const undone: (() => unknown)[] = []
    let healthy: Healthy
    before(async () => {
      healthy = await makeHealthy({ after: (work) => void undone.push(work) }, engine)
    })
    after(async () => {
      for (const undo of undone) await undo()
    })
    const withChanges = (changes: Readonly<Record<string, string>>): Healthy => ({
      ...healthy,
      variables: { ...healthy.variables, ...changes },
    })

    for (const [changes, check] of SPOILED) {
      test(`${check} alone fails with ${JSON.stringify(changes)}`, async () => {
        assert.deepEqual(await failedChecks(withChanges(changes)), [check])
      })
    }

    for (const [changes, said] of TOLD) {
      test(`with ${Object.keys(changes).join(', ') || 'the sample'} the doctor says ${said}`, async () => {
        const { code, stdout } = await runDoctor(withChanges(changes))
        assert.equal(code, 0, stdout)
        assert.match(stdout, said)
      })
    }

    test('the key that signs is named with its age, and after half a year the doctor says: rotate', async () => {
      const kid = await rotate(healthy, '--in', '0')
      const young = await runDoctor(healthy)
      assert.match(young.stdout, new RegExp(`^pass {2}signing-keys +"${kid}" signs \\(EdDSA\\), for 0 days now$`, 'm'))
      await changeDatabase(healthy.variables, `update signing_keys set signs_from_ms = ${Date.now() - 181 * DAY_MS}`)
      const { code, stdout } = await runDoctor(healthy)
      assert.equal(code, 0)
      assert.match(stdout, /for 181 days now\n +Note: it has signed for more than 180 days: npm run keys -- rotate$/m)
    })

    test('a key that was sealed under another JWT_SECRET fails, and passes once it is revoked', async () => {
      const kid = await rotate(withChanges({ JWT_SECRET: randomBytes(32).toString('hex') }), '--in', '0')
      assert.deepEqual(await failedChecks(healthy), ['signing-keys'])
      const { stdout } = await runDoctor(healthy)
      assert.match(stdout, new RegExp(`Remedy: .*npm run keys -- revoke ${kid} && npm run keys -- rotate`))
      await changeDatabase(healthy.variables, `update signing_keys set revoked_at_ms = 1 where kid = '${kid}'`)
      assert.deepEqual(await failedChecks(healthy), [])
    })
  })
}
