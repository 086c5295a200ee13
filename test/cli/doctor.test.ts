import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { parseEnv } from 'node:util'
import { VARIABLE_NAMES } from '../../src/config/schema.ts'
import { backupEngines, changeDatabase, editManifest } from '../support/backups.ts'
import { temporaryDirectory } from '../support/child-server.ts'
import { failedChecks, type Healthy, makeHealthy, runDoctor, SAMPLE } from './doctor-patient.ts'

const OTHER_SECRET = 'q8Zt4Vn2Xr6Bk1Mw9Cy3Fp7Jd5Hg0LaTe'
const appsWith = (appSecret: string): string => JSON.stringify([{ appId: 'com.example.game', appSecret }])
const webhooksWith = (webhooks: object): string =>
  JSON.stringify([{ appId: 'com.example.game', appSecret: OTHER_SECRET, webhooks }])
const WEBHOOK_SECRET = `whsec_${randomBytes(32).toString('base64')}`
const GAME_URL = 'https://game.example.com/payments'
const channelsWith = (secret: string): string => JSON.stringify({ signed: { secrets: [secret] } })

/** What is changed, and the one check that must then fail. */
type Spoiled = readonly [changes: Readonly<Record<string, string>>, check: string]

const SPOILED: readonly Spoiled[] = [
  [{ ENV: 'local', HOST: '127.0.0.1' }, 'environment'],
  [{ ENV: 'production' }, 'environment'],
  [{ JWT_SECRET: '' }, 'jwt-secret'],
  [{ JWT_SECRET: 'x7Kq2' }, 'jwt-secret'],
  [{ JWT_SECRET: 'change-me-change-me-change-me-change-me' }, 'jwt-secret'],
  [{ APPS: '' }, 'app-secrets'],
  [{ APPS: '[{"appId": ' }, 'app-secrets'],
  [{ APPS: appsWith('local-app-secret') }, 'app-secrets'],
  [{ APPS: appsWith('u3Jx8TqPz5Wm1') }, 'app-secrets'],
  [{ CHANNELS: '{"sandbox": {}}' }, 'channel-secrets'],
  [{ CHANNELS: '{"paypal": {}}' }, 'channel-secrets'],
  [{ CHANNELS: channelsWith('your-signing-secret-of-the-channel-here') }, 'channel-secrets'],
  [{ CHANNELS: '{"a": {"type": "signed", "secrets": ["short"]}}' }, 'channel-secrets'],
  [{ JWT_SECRET: OTHER_SECRET, APPS: appsWith(OTHER_SECRET) }, 'secrets-apart'],
  [{ METRICS_TOKEN: OTHER_SECRET, CHANNELS: channelsWith(OTHER_SECRET) }, 'secrets-apart'],
  [{ APPS: webhooksWith({ url: GAME_URL, secrets: ['whsec_short'] }) }, 'app-secrets'],
  [{ APPS: webhooksWith({ url: GAME_URL, secrets: [`whsec_${'A'.repeat(43)}=`] }) }, 'app-secrets'],
  [{ APPS: webhooksWith({ url: 'http://game.example.com/', secrets: [WEBHOOK_SECRET] }) }, 'app-secrets'],
  [
    { METRICS_TOKEN: WEBHOOK_SECRET, APPS: webhooksWith({ url: GAME_URL, secrets: [WEBHOOK_SECRET] }) },
    'secrets-apart',
  ],
  [{ PUBLIC_URL: '' }, 'https'],
  [{ PUBLIC_URL: 'http://pay.example.com' }, 'https'],
  [{ PUBLIC_URL: 'http://localhost:8000' }, 'https'],
  [{ PUBLIC_URL: 'https://pay.example.com/api' }, 'https'],
  [{ TRUSTED_PROXIES: '' }, 'proxies'],
  [{ TRUSTED_PROXIES: '0.0.0.0/0' }, 'proxies'],
  [{ CORS_ORIGINS: '*' }, 'cors'],
  [{ CORS_ORIGINS: 'https://shop.example.com,http://shop.example.com' }, 'cors'],
  [{ CORS_ORIGINS: 'http://localhost:*' }, 'cors'],
  [{ CORS_ORIGINS: 'https://shop.example.com/path' }, 'cors'],
  [{ LOG_REQUESTS: '0' }, 'request-log'],
  [{ LOG_LEVEL: 'warn' }, 'request-log'],
  [{ LOG_LEVEL: 'loud' }, 'request-log'],
  [{ LOG_FILE: 'off' }, 'request-log'],
  [{ METRICS_TOKEN: '' }, 'metrics-and-alerts'],
  [{ METRICS_TOKEN: 'metrics-token' }, 'metrics-and-alerts'],
  [{ METRICS_PORT: '8000' }, 'metrics-and-alerts'],
  [{ DATABASE_URL: 'oracle://x' }, 'database'],
  [{ MIGRATE_AT_START: 'perhaps' }, 'database'],
  [{ BACKUP_DIR: '/nowhere/at/all' }, 'backups'],
  [{ WORKERS: 'many' }, 'configuration'],
  [{ PORT: '99999' }, 'configuration'],
  ...(['RATE_LIMIT_PER_MINUTE', 'RATE_LIMIT_LOGIN_PER_MINUTE'] as const)
    .filter((name) => (VARIABLE_NAMES as string[]).includes(name))
    .map((name): Spoiled => [{ [name]: '0' }, 'rate-limits']),
]

const OF_ENGINE: Readonly<Record<'sqlite' | 'mysql', readonly Spoiled[]>> = {
  sqlite: [
    [{ DATABASE_URL: 'sqlite:////nowhere/at/all.db' }, 'database'],
    [{ WORKERS: '2' }, 'configuration'],
    [{ REDIS_URL: 'redis://127.0.0.1:1' }, 'sessions'],
  ],
  mysql: [
    [{ DATABASE_URL: 'mysql://payments:wrong@127.0.0.1:1/payments' }, 'database'],
    [{ REDIS_URL: '' }, 'sessions'],
    [{ REDIS_URL: 'redis://127.0.0.1:1' }, 'sessions'],
    [{ REDIS_CONF: '{}' }, 'sessions'],
    [{ REDIS_PREFIX: 'with a blank' }, 'sessions'],
  ],
}

for (const engine of backupEngines()) {
  if (engine.name === 'mysql' && !process.env['TEST_REDIS_URL']) {
    process.stderr.write('LEFT OUT: the doctor on MySQL/MariaDB, as TEST_REDIS_URL is not set\n')
    continue
  }
  describe(`npm run doctor on ${engine.name}`, () => {
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
    /** The same with a copy of its backup, to be spoilt. */
    const withBackup = (t: TestContext): { patient: Healthy; folder: string } => {
      const directory = temporaryDirectory(t)
      const folder = join(directory, 'payment-api-20260101T000000.000Z')
      cpSync(healthy.backup.folder, folder, { recursive: true })
      return { patient: withChanges({ BACKUP_DIR: directory }), folder }
    }

    test('the sample of a production configuration passes, the books included', async () => {
      const { code, stdout, stderr } = await runDoctor(healthy, '--audit')
      assert.equal(code, 0, `${stdout}\n${stderr}`)
      assert.match(stdout, /\n\n\d+ passed, 0 failed\n$/)
      assert.doesNotMatch(stdout, /FAIL|Remedy/)
      assert.ok(!stdout.includes('\x1b'), 'no colours where nobody sees them')
      for (const check of ['backups', 'durability', 'sessions', 'schema', 'https', 'books']) {
        assert.match(stdout, new RegExp(`^pass {2}${check} `, 'm'))
      }
      for (const secret of healthy.secrets) assert.ok(!stdout.includes(secret))
      if (engine.name === 'sqlite') assert.match(stdout, /Note: SQLite is one process on one machine/)
    })

    for (const [changes, check] of [...SPOILED, ...OF_ENGINE[engine.name]]) {
      const shown = Object.entries(changes).map(([name, value]) => `${name}=${value}`)
      test(`${check} alone fails with ${shown.join(' ')}`, async () => {
        assert.deepEqual(await failedChecks(withChanges(changes)), [check])
      })
    }

    test('the doctor says which game servers are told of orders, and which not', async () => {
      const silent = await runDoctor(healthy)
      assert.match(
        silent.stdout,
        /^pass {2}webhooks +0 of 1 apps .*\n +Note: the game server of "com.example.game" is/m,
      )
      const secrets = [WEBHOOK_SECRET, `whsec_${randomBytes(24).toString('base64')}`]
      const { code, stdout } = await runDoctor(withChanges({ APPS: webhooksWith({ url: GAME_URL, secrets }) }))
      assert.equal(code, 0, stdout)
      assert.match(stdout, /^pass {2}webhooks +1 of 1 apps .*\n +Note: the endpoint of "com.example.game" has several/m)
      for (const secret of secrets) assert.ok(!stdout.includes(secret))
    })

    test('a backup that is too old, from the future, damaged, half or of another engine is none', async (t) => {
      const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString()
      const spoils: ((folder: string) => void)[] = [
        (folder) => editManifest(folder, (manifest) => Object.assign(manifest, { created_at: hoursAgo(25.1) })),
        (folder) => editManifest(folder, (manifest) => Object.assign(manifest, { created_at: hoursAgo(-2) })),
        (folder) => rmSync(join(folder, 'manifest.json')),
        (folder) => rmSync(join(folder, healthy.backup.manifest.data.file)),
        (folder) => {
          const file = join(folder, healthy.backup.manifest.data.file)
          const bytes = readFileSync(file)
          writeFileSync(file, bytes.fill(0, 50, 60))
        },
        (folder) =>
          editManifest(folder, (manifest) =>
            Object.assign(manifest, { engine: engine.name === 'sqlite' ? 'mariadb' : 'sqlite' }),
          ),
      ]
      for (const spoil of spoils) {
        const { patient, folder } = withBackup(t)
        spoil(folder)
        assert.deepEqual(await failedChecks(patient), ['backups'], String(spoil))
      }
      const { patient, folder } = withBackup(t)
      editManifest(folder, (manifest) => Object.assign(manifest, { created_at: hoursAgo(24.5) }))
      assert.deepEqual(await failedChecks(patient), [])
    })

    test('a schema of an older or a newer release fails', async () => {
      const future = "('9000-from-the-future.01', '')"
      await changeDatabase(healthy.variables, `insert into schema_migrations (name, timestamp) values ${future}`)
      assert.deepEqual(await failedChecks(healthy, '--audit'), ['schema'])
      await changeDatabase(healthy.variables, "delete from schema_migrations where name like '9000%'")
      await changeDatabase(healthy.variables, "update schema_migrations set name = 'x' where name like '0010%.05'")
      await changeDatabase(healthy.variables, "delete from schema_migrations where name = 'x'")
      assert.deepEqual(await failedChecks(healthy, '--audit'), ['schema'])
      await changeDatabase(
        healthy.variables,
        "insert into schema_migrations (name, timestamp) values ('0010-gifts-and-reasons.05', '')",
      )
      assert.deepEqual(await failedChecks(healthy, '--audit'), [])
    })

    test('an .env that others can read fails', async (t) => {
      const cwd = temporaryDirectory(t)
      writeFileSync(join(cwd, '.env'), 'JWT_SECRET=secret\n')
      for (const [mode, failed] of [
        [0o600, []],
        [0o640, []],
        [0o644, ['env-file']],
        [0o660, ['env-file']],
      ] as const) {
        chmodSync(join(cwd, '.env'), mode)
        assert.deepEqual(await failedChecks({ ...healthy, cwd }), failed, mode.toString(8))
      }
    })

    test('books that are not clean fail when they are looked at', async () => {
      await changeDatabase(
        healthy.variables,
        `insert into users (app_id, status, user_name, avatar_url, level_hundredths, vip_level, coins, tokens,
          inbox_coins, inbox_tokens, ledger_seq, chain_hash, event_seq, created_at_ms)
        values ('broken', 'active', '', '', 0, 0, 5, 0, 0, 0, 0, '${'0'.repeat(64)}', 0, 1)`,
      )
      assert.deepEqual(await failedChecks(healthy, '--audit'), ['books'])
      assert.deepEqual(await failedChecks(healthy), [])
      await changeDatabase(healthy.variables, "delete from users where app_id = 'broken'")
    })
  })
}

describe('the doctor', () => {
  test('fails the sample as long as its placeholders stand in it', async (t) => {
    const variables = parseEnv(readFileSync(SAMPLE, 'utf8')) as Record<string, string>
    const { code, stdout } = await runDoctor({ variables, cwd: temporaryDirectory(t) })
    assert.equal(code, 1)
    for (const check of ['jwt-secret', 'app-secrets', 'channel-secrets', 'database', 'sessions']) {
      assert.match(stdout, new RegExp(`^FAIL {2}${check} `, 'm'))
    }
  })

  test('tells every fault at once where nothing is configured, and makes no file', async (t) => {
    const cwd = temporaryDirectory(t)
    const { code, stdout } = await runDoctor({ variables: { ENV: 'online' }, cwd })
    assert.equal(code, 1)
    assert.match(stdout, /^\d+ passed, (\d+) failed\n$/m)
    assert.ok((stdout.match(/^ +Remedy: \S/gm) ?? []).length >= 9, stdout)
    assert.deepEqual(readdirSync(cwd), [])
  })

  test('fails events that go out open, or signed by a secret that can be guessed, in local too', async (t) => {
    const secrets = [`whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`]
    const variables = { ENV: 'local', APPS: webhooksWith({ url: 'http://game.example.com/', secrets }) }
    const { stdout } = await runDoctor({ variables, cwd: temporaryDirectory(t) })
    assert.match(stdout, /^FAIL {2}webhooks +events of "com.example.game" go out unencrypted$/m)
    assert.match(stdout, /^FAIL {2}webhooks +a secret of the webhooks of "com.example.game" is a default/m)
  })

  test('with an option that there is not exits with 2', async (t) => {
    const { code, stderr } = await runDoctor({ variables: {}, cwd: temporaryDirectory(t) }, '--jason')
    assert.equal(code, 2)
    assert.match(stderr, /unknown option '--jason'/)
  })
})
