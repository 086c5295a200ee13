import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { openKeySeal } from '../../src/features/sessions/seal-key.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { runProgram } from '../support/child-server.ts'
import { engines } from '../support/engines.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { aheadClock, type FakeClock } from '../support/fake-clock.ts'
import { until } from '../support/redis-server.ts'
import { forge, heldKey, IMPLICIT_KEY, JWT_SECRET, readToken, rotate, runKeys } from '../support/signing-keys.ts'
import { APP_ID, startApp, type TestApp } from '../support/test-app.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** A server of its own for each test: its keys are its own. */
function onOwnServer(what: string, work: (app: TestApp, clock: FakeClock) => Promise<void>): void {
  for (const engine of engines()) {
    test(`${what} (${engine.name})`, async (t) => {
      const clock = aheadClock()
      const app = await startApp({ engine, clock, variables: { JWT_SECRET } })
      t.after(() => app.close())
      await work(app, clock)
    })
  }
}

const begin = async (app: TestApp) => assertDone(await app.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
const renew = (app: TestApp, refresh_token: string) =>
  app.call('POST', '/api/v1/token/refresh', { body: { refresh_token } })
const call = (app: TestApp, token: string) => app.call('GET', '/api/v1/daily_gift', { token })
const kidOf = (token: string) => readToken(token).head['kid']
const keySet = async (app: TestApp) => (await app.call('GET', '/.well-known/jwks.json')).body
/** Moves the clock past the age at which keys are read again, and looks until they were. */
const follow = async (clock: FakeClock, fact: () => Promise<boolean>) => {
  clock.moveMs(5_000)
  await until(fact)
}

onOwnServer('a new key signs from its moment on, and what was signed before stays good', async (app, clock) => {
  const { token: before } = await app.logIn('rotates')
  const server = await app.serverToken()
  assert.equal(kidOf(before), undefined)
  const kid = await rotate(app, '--in', '3600')
  assert.equal(kidOf((await begin(app)).token), undefined, 'not yet')
  clock.moveMs(HOUR_MS)
  await follow(clock, async () => kidOf((await begin(app)).token) === kid)
  const { token: after } = await app.logIn('rotates')
  assert.equal(readToken(after).head['alg'], 'EdDSA')
  for (const token of [before, after]) assertDone(await call(app, token))
  for (const token of [server, await app.serverToken()]) {
    assertRefused(await app.call('GET', '/api/v1/server/users/99999999', { token }), 404, 'player_not_found')
  }
  // One of HS256 beside that of EdDSA and JWT_SECRET. The server's clock is ahead of the command's by now.
  const second = await rotate(app, '--in', '3660', '--alg', 'HS256')
  clock.moveMs(MINUTE_MS)
  await follow(clock, async () => kidOf((await begin(app)).token) === second)
  const { token: last } = await app.logIn('rotates')
  assert.equal(readToken(last).head['alg'], 'HS256')
  for (const token of [before, after, last]) assertDone(await call(app, token))
})

onOwnServer('a token by a key that this server has not read yet is taken at once', async (app) => {
  const { token } = await app.logIn('ahead')
  const key = await heldKey(app, await rotate(app, '--in', '0'))
  const ahead = forge({ alg: 'EdDSA', typ: 'JWT', kid: key.kid }, readToken(token).claims, key)
  assertDone(await call(app, ahead))
})

onOwnServer('a key retires when the last token that it can have signed is over', async (app, clock) => {
  const pair = await begin(app)
  const body = { loginType: 1, loginId: 'retires' }
  assertDone(await app.call('POST', '/api/v1/login', { token: pair.token, body }))
  await rotate(app, '--in', '0')
  await follow(clock, async () => kidOf((await begin(app)).token) !== undefined)
  // A token of JWT_SECRET that a thief would have made later: it lives no longer than the key.
  const { claims } = readToken(pair.token)
  const forged = (exp: number) => forge({ alg: 'HS256', typ: 'JWT' }, { ...claims, exp }, IMPLICIT_KEY)
  const long = forged(Math.floor((clock.nowMs() + 30 * HOUR_MS) / 1000))
  assertDone(await call(app, long))
  clock.moveMs(3 * HOUR_MS - MINUTE_MS)
  assertDone(await call(app, long))
  clock.moveMs(7 * MINUTE_MS)
  assertRefused(await call(app, long), 401, 'token_expired')
  assertRefused(await call(app, forged(Number(claims['exp']) + 40 * 3600)), 401, 'token_expired')
  const renewed = assertDone(await renew(app, pair.refresh_token))
  assertDone(await call(app, renewed.token))
})

onOwnServer('a revoked key ends its tokens, and their clients go on by their refresh tokens', async (app, clock) => {
  const kid = await rotate(app, '--in', '0')
  await follow(clock, async () => kidOf((await begin(app)).token) === kid)
  const pair = await begin(app)
  assertDone(await app.call('POST', '/api/v1/login', { token: pair.token, body: { loginType: 1, loginId: 'revoked' } }))
  const server = await app.serverToken()
  assertDone(await call(app, pair.token))
  await runKeys(app, 'revoke', kid)
  await follow(clock, async () => (await call(app, pair.token)).status === 401)
  assertRefused(await call(app, pair.token), 401, 'unauthorized')
  assertRefused(await app.call('GET', '/api/v1/server/users/10001', { token: server }), 401, 'unauthorized')
  // JWT_SECRET signs again, and the session was never ended.
  const renewed = assertDone(await renew(app, pair.refresh_token))
  assert.equal(kidOf(renewed.token), undefined)
  assertDone(await call(app, renewed.token))
  assert.deepEqual(await keySet(app), { keys: [] })
})

onOwnServer('anybody can check a token by the public keys, and only by them', async (app, clock) => {
  assert.deepEqual(await keySet(app), { keys: [] })
  const kid = await rotate(app, '--in', '60')
  await follow(clock, async () => (await keySet(app)).keys.length === 1)
  clock.moveMs(61_000)
  const answer = await app.call('GET', '/.well-known/jwks.json')
  assert.equal(answer.headers.get('cache-control'), 'public, max-age=60')
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
  const [shown] = answer.body.keys
  assert.deepEqual({ ...shown, x: '' }, { kty: 'OKP', crv: 'Ed25519', x: '', kid, alg: 'EdDSA', use: 'sig' })
  const { token } = await app.logIn('public')
  const checked = await jwtVerify(token, createLocalJWKSet(answer.body), {
    issuer: 'payment-api',
    typ: 'JWT',
    currentDate: new Date(clock.nowMs()),
  })
  assert.deepEqual([checked.protectedHeader.kid, checked.payload['app']], [kid, APP_ID])
  const { token: other } = await app.logIn('public')
  const grafted = `${token.split('.').slice(0, 2).join('.')}.${other.split('.')[2]}`
  await assert.rejects(jwtVerify(grafted, createLocalJWKSet(answer.body)))
})

onOwnServer(
  'keys that were sealed under another JWT_SECRET are left out, and the server goes on',
  async (app, clock) => {
    const kid = await rotate(app, '--in', '0')
    await follow(clock, async () => kidOf((await begin(app)).token) === kid)
    const sealed_key = openKeySeal('another').seal({ kid, alg: 'EdDSA', material: new Uint8Array(32).fill(7) })
    await app.service.database.inTransaction((tx) => tx.updateTable('signing_keys').set({ sealed_key }).execute())
    await follow(clock, async () => kidOf((await begin(app)).token) === undefined)
    const { keys } = JSON.parse(await runKeys(app, 'list', '--json'))
    assert.deepEqual(
      keys.map(({ state }: { state: string }) => state),
      ['sealed', 'signing'],
    )
  },
)

onEveryEngine(
  (on) => {
    const run = (...args: string[]) =>
      runProgram('src/cli/keys.ts', { args, variables: { ...on.app.variables, TZ: 'Asia/Shanghai' } })

    test('list shows every key with its state, and nothing that signs', async () => {
      const [first, second] = [
        await rotate(on.app, '--in', '0'),
        await rotate(on.app, '--in', '3600', '--alg', 'HS256'),
      ]
      const revoked = await rotate(on.app, '--in', '7200')
      await runKeys(on.app, 'revoke', revoked)
      const text = await runKeys(on.app, 'list')
      assert.match(text, /^kid +alg +made +state\n/)
      assert.match(text, new RegExp(`\\n${first} +EdDSA +\\S+Z +signing\\n`))
      assert.match(text, new RegExp(`\\n${second} +HS256 +\\S+Z +next: signs from \\S+Z\\n`))
      assert.match(text, new RegExp(`\\n${revoked} +EdDSA +\\S+Z +revoked\\n`))
      assert.match(text, /\n\(JWT_SECRET\) +HS256 +- +verifying until \S+Z\n$/)
      const json = await runKeys(on.app, 'list', '--json')
      const listed = JSON.parse(json)
      assert.equal(listed.source, 'database')
      const states = listed.keys.map(({ kid, state }: { kid: string | null; state: string }) => [kid, state])
      assert.deepEqual(new Map(states).get(null), 'verifying')
      assert.deepEqual(new Map(states).get(revoked), 'revoked')
      const rows = await on.app.service.database.db.selectFrom('signing_keys').selectAll().execute()
      for (const { sealed_key, kid, alg } of rows) {
        const material = openKeySeal(JWT_SECRET).open({ kid, alg: alg as 'EdDSA', sealed: sealed_key })
        assert.ok(material)
        for (const form of ['base64url', 'base64', 'hex'] as const) {
          assert.ok(!`${text}${json}`.includes(Buffer.from(material).toString(form)))
        }
        assert.ok(!`${text}${json}`.includes(sealed_key))
      }
    })

    test('a key is revoked once, and one that there is not is refused', async () => {
      const kid = await rotate(on.app)
      assert.match(await runKeys(on.app, 'revoke', kid), /is revoked/)
      assert.match(await runKeys(on.app, 'revoke', kid), /was revoked before; nothing changes/)
      const refused = await run('revoke', `${kid}x`)
      assert.deepEqual([refused.code, refused.stdout], [1, ''])
      assert.match(refused.stderr, /^there is no key ".*": see `npm run keys -- list`\n$/)
    })

    test('what is called wrongly exits with 2 and makes no key', async () => {
      const count = async () =>
        (await on.app.service.database.db.selectFrom('signing_keys').select('kid').execute()).length
      const before = await count()
      for (const args of [
        ['rotate', '--alg', 'none'],
        ['rotate', '--alg', 'RS256'],
        ['rotate', '--in', '-1'],
        ['rotate', '--in', 'soon'],
        ['rotate', '--in', '99999999'],
        ['rotate', 'now'],
        ['revoke'],
        ['lst'],
        [],
      ]) {
        const { code, stderr } = await run(...args)
        assert.equal(code, 2, args.join(' '))
        assert.match(stderr, /error|Usage/)
      }
      assert.equal(await count(), before)
    })
  },
  { variables: { JWT_SECRET } },
)
