import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { assertDone, assertRefused } from '../support/answers.ts'
import { runProgram } from '../support/child-server.ts'
import { type Engine, engines } from '../support/engines.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { forge, IMPLICIT_KEY, JWT_SECRET, pairOf, readToken, rotate, runKeys } from '../support/signing-keys.ts'
import { APP_ID, startApp, type TestApp } from '../support/test-app.ts'

const HOUR_MS = 60 * 60 * 1000
const SEED = randomBytes(32)
const OLDER_SECRET = 'p4Vt9Xk2Lm7Rb1Zq8Wc5Yn3Hd6Jf0GsTe'
const KEYS = JSON.stringify([
  { kid: '2026-11', alg: 'EdDSA', privateKey: SEED.toString('base64url') },
  { kid: '2026-05', alg: 'HS256', secret: OLDER_SECRET },
])

const call = (app: TestApp, token: string) => app.call('GET', '/api/v1/daily_gift', { token })

for (const engine of engines()) {
  const start = async (t: TestContext, more: { engine?: Engine } = {}) => {
    const clock = fakeClock()
    const app = await startApp({ engine, clock, variables: { JWT_SECRET, JWT_KEYS: KEYS }, ...more })
    t.after(() => app.close())
    return { app, clock }
  }

  test(`the first of JWT_KEYS signs and every one of them verifies (${engine.name})`, async (t) => {
    const { app, clock } = await start(t)
    const { token } = await app.logIn('given')
    const { head, claims } = readToken(token)
    assert.deepEqual(head, { alg: 'EdDSA', typ: 'JWT', kid: '2026-11' })
    assertDone(await call(app, token))
    const older = { kid: '2026-05', alg: 'HS256', secret: Buffer.from(OLDER_SECRET) } as const
    const first = { kid: '2026-11', alg: 'EdDSA', ...pairOf(SEED) } as const
    assertDone(await call(app, forge({ alg: 'HS256', typ: 'JWT', kid: '2026-05' }, claims, older)))
    // Each by its own algorithm and under its own name only.
    for (const [kid, by] of [
      ['2026-11', older],
      ['2026-05', first],
      ['2026-06', older],
    ] as const) {
      assertRefused(await call(app, forge({ alg: by.alg, typ: 'JWT', kid }, claims, by)), 401, 'unauthorized')
    }
    const { body } = await app.call('GET', '/.well-known/jwks.json')
    assert.deepEqual(
      body.keys.map(({ kid }: { kid: string }) => kid),
      ['2026-11'],
    )
    assert.ok(!JSON.stringify(body).includes(SEED.toString('base64url')))
    await jwtVerify(token, createLocalJWKSet(body), { currentDate: new Date(clock.nowMs()) })
  })

  test(`tokens without a kid are good for a token’s life after the start (${engine.name})`, async (t) => {
    const { app, clock } = await start(t)
    const pair = assertDone(await app.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
    const body = { loginType: 1, loginId: 'without-kid' }
    assertDone(await app.call('POST', '/api/v1/login', { token: pair.token, body }))
    const { claims } = readToken(pair.token)
    const iat = Math.floor(clock.nowMs() / 1000)
    const old = forge({ alg: 'HS256', typ: 'JWT' }, { ...claims, exp: iat + 30 * 3600 }, IMPLICIT_KEY)
    assertDone(await call(app, old))
    clock.moveMs(3 * HOUR_MS)
    assertDone(await call(app, old))
    clock.moveMs(5 * 60 * 1000)
    assertRefused(await call(app, old), 401, 'token_expired')
  })

  test(`with JWT_KEYS no key is made, and an entry is offered that works (${engine.name})`, async (t) => {
    const { app } = await start(t)
    const run = (...args: string[]) => runProgram('src/cli/keys.ts', { args, variables: app.variables })
    for (const alg of ['EdDSA', 'HS256']) {
      const { code, stdout, stderr } = await run('rotate', '--alg', alg)
      assert.equal(code, 1)
      assert.match(stderr, /^JWT_KEYS is set/)
      const entry = JSON.parse(stdout)
      assert.equal(entry.alg, alg)
      const listed = await runProgram('src/cli/keys.ts', {
        args: ['list', '--json'],
        variables: { ...app.variables, JWT_KEYS: JSON.stringify([entry, ...JSON.parse(KEYS)]) },
      })
      assert.deepEqual(
        JSON.parse(listed.stdout).keys.map(({ kid, state }: { kid: string; state: string }) => [kid, state]),
        [
          [entry.kid, 'signing'],
          ['2026-11', 'verifying'],
          ['2026-05', 'verifying'],
        ],
      )
      assert.ok(!listed.stdout.includes(entry.secret ?? entry.privateKey))
    }
    const revoked = await run('revoke', '2026-05')
    assert.deepEqual([revoked.code, revoked.stdout], [1, ''])
    assert.match(revoked.stderr, /^JWT_KEYS is set: take the key out/)
    assert.deepEqual(await app.service.database.db.selectFrom('signing_keys').selectAll().execute(), [])
    // Those that were made before are not used beside it.
    const { JWT_KEYS: _, ...without } = app.variables
    const kid = await rotate({ variables: without }, '--in', '0')
    assert.match(await runKeys({ variables: without }, 'list'), new RegExp(`${kid} .*signing`))
    assert.equal(readToken((await app.logIn('given-still')).token).head['kid'], '2026-11')
  })
}
