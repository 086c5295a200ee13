import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFaults, loadConfig } from './load.ts'

const SECRET = '9f2c71d0ab84e6535cc0f1e87a6db3249f'
const APPS = JSON.stringify([{ appId: 'com.example.game', appSecret: SECRET }])
const ONLINE = { ENV: 'online', JWT_SECRET: 'kT7vQ2mZx9LwB4nR8sYc1HfJ6pD3gA5uEa', APPS }

function limitsFor(variables: Readonly<Record<string, string>>) {
  const loaded = loadConfig(variables)
  assert.ok(loaded.ok, loaded.ok ? '' : describeFaults(loaded.faults))
  return loaded.config.http.rateLimit
}

test('calls are limited in production unless that is switched off, and in development not', () => {
  const on = { perMinute: 600, loginPerMinute: 30, playerPerMinute: 300, appPerMinute: 0 }
  assert.deepEqual(limitsFor(ONLINE), { ...on, routes: { 'POST /api/v1/login/code': 10 } })
  const none = { perMinute: 0, loginPerMinute: 0, playerPerMinute: 0, appPerMinute: 0, routes: {} }
  const off = {
    ...{ RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_LOGIN_PER_MINUTE: '0', RATE_LIMIT_PLAYER_PER_MINUTE: '0' },
    RATE_LIMIT_ROUTES: '{}',
  }
  assert.deepEqual(limitsFor({ ...ONLINE, ...off }), none)
  assert.deepEqual(limitsFor({}), none)
})

test('limits of single calls are whole numbers by method and path, and not too many', () => {
  const routesOf = (limits: object) => limitsFor({ RATE_LIMIT_ROUTES: JSON.stringify(limits) })
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`GET /api/v1/${n}`, n]))
  for (const limits of [many(20), { 'PATCH /api/v1/server/users/{uid}/progress': 0 }]) {
    assert.deepEqual(routesOf(limits).routes, limits)
  }
  const wrong = ['[]', '10', '{"POST": 10}', '{"/api/v1/login/code": 10}', '{"DELETE /x": 1}', '{"GET /x": -1}']
  const wronger = [
    '{"GET /x": 1.5}',
    '{"GET /x": "10"}',
    '{"GET /x": 1, "GET /x": 2}',
    '{"GET /x y": 1}',
    '{"__proto__": 1}',
  ]
  for (const text of [...wrong, ...wronger, '{', JSON.stringify(many(21))]) {
    const loaded = loadConfig({ RATE_LIMIT_ROUTES: text })
    assert.ok(!loaded.ok, text)
    for (const fault of loaded.faults) assert.equal(fault.variable, 'RATE_LIMIT_ROUTES')
  }
})
