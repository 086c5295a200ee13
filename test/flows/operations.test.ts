import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { payment, startApp } from '../support/test-app.ts'

const METRICS_TOKEN = 'k3Wv9Zq2Lx7Rb5Tn8Yc4Md1Hs6Gf0JpXa'

onEveryEngine((on) => {
  test('health is exactly this, and nothing that can fail is asked', async () => {
    const answer = await on.app.call('GET', '/health')
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.body, { status: 'healthy', message: 'Payment API is running' })
  })

  test('ready names each part with its latency', async () => {
    const answer = await on.app.call('GET', '/ready')
    assert.equal(answer.status, 200)
    assert.equal(answer.body.status, 'ready')
    const parts = Object.entries<{ status: string; latency_ms: number }>(answer.body.checks)
    assert.ok(parts.some(([name]) => name === 'database'))
    assert.equal(parts.length, 2)
    for (const [, { status, latency_ms }] of parts) {
      assert.equal(status, 'ok')
      assert.ok(latency_ms >= 0 && latency_ms < 5000)
    }
  })

  test('metrics are for this machine, and for nobody who came through a proxy', async () => {
    const answer = await on.app.call('GET', '/metrics')
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain/)
    for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip']) {
      const headers = { [name]: name === 'forwarded' ? 'for=127.0.0.1' : '127.0.0.1' }
      assertRefused(await on.app.call('GET', '/metrics', { headers }), 403, 'metrics_forbidden')
    }
  })

  test('metrics count payments by what came of them, and name no order and no player', async () => {
    const { token, uid } = await on.app.logIn('counted')
    const body = payment({ order_id: 'counted-order', uid })
    assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body }))
    assertDone(await on.app.call('GET', '/api/v1/orders/counted-order', { token }))
    const text = String((await on.app.call('GET', '/metrics')).body)
    assert.match(text, /payment_events_total\{kind="payment",verdict="granted"\} 1\b/)
    assert.match(text, /route="\/api\/v1\/orders\/:order_id"/)
    assert.equal(text.includes('counted-order') || text.includes(uid), false)
  })

  test('the docs are served from here alone, and the document describes every call', async () => {
    for (const path of ['/docs', '/redoc', '/redoc/redoc.js']) {
      const answer = await on.app.call('GET', path)
      assert.equal(answer.status, 200, path)
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'self'/)
      const loads = String(answer.body).match(/(?:src|href)="https?:\/\/[^"]+"/g) ?? []
      if (path !== '/redoc/redoc.js') assert.deepEqual(loads, [])
    }
    const { body } = await on.app.call('GET', '/openapi.json')
    assert.match(body.openapi, /^3\.1/)
    assert.ok(Object.keys(body.paths).length >= 14)
  })
})

test('online the docs are off where the configuration says so, and metrics want a token', async () => {
  const app = await startApp({ env: 'online', variables: { DOCS: '0', METRICS_TOKEN } })
  try {
    for (const path of ['/docs', '/redoc', '/openapi.json', '/docs/json']) {
      assertRefused(await app.call('GET', path), 404, 'not_found')
    }
    assertRefused(await app.call('GET', '/metrics'), 403, 'metrics_forbidden')
    for (const token of ['x', `${METRICS_TOKEN}x`, METRICS_TOKEN.toLowerCase()]) {
      assertRefused(await app.call('GET', '/metrics', { token }), 403, 'metrics_forbidden')
    }
    assert.equal((await app.call('GET', '/metrics', { token: METRICS_TOKEN })).status, 200)
    assert.equal((await app.call('GET', '/health')).status, 200)
  } finally {
    await app.close()
  }
})

test('online there are no metrics without a token or a port of their own', async () => {
  const app = await startApp({ env: 'online' })
  try {
    assertRefused(await app.call('GET', '/metrics'), 404, 'not_found')
  } finally {
    await app.close()
  }
})
