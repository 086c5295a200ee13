import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERROR_CODES } from '../../src/kernel/error-codes.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { connectRaw } from '../support/raw-connection.ts'
import { APP_ID, startApp } from '../support/test-app.ts'

onEveryEngine((on) => {
  const token = (headers: Record<string, string>, body: unknown = { appId: APP_ID }) =>
    on.app.call('POST', '/api/v1/token', { body, headers })

  test('the caller names the request when the name is a plain one, else we do', async () => {
    for (const name of ['a', 'A-z_0.9', 'x'.repeat(64)]) {
      assert.equal((await token({ 'x-request-id': name })).headers.get('x-request-id'), name)
    }
    const ours = new Set<string | null>()
    for (const name of ['', 'a b', 'x'.repeat(65), 'ü', '<script>', 'a,b', '../x']) {
      const answer = await on.app.call('GET', '/api/v1/inbox', { headers: { 'x-request-id': name } })
      assertRefused(answer, 401, 'unauthorized')
      ours.add(answer.headers.get('x-request-id'))
    }
    assert.equal(ours.size, 7)
    for (const id of ours) assert.match(id ?? '', /^[A-Za-z0-9._-]{1,64}$/)
  })

  test('every answer says that it is not to be sniffed, kept or framed', async () => {
    const answers = [
      await token({}),
      await token({}, { appId: 'nobody' }),
      await on.app.call('GET', '/health'),
      await on.app.call('GET', '/nothing/here'),
      await on.app.call('GET', '/api/v1/login?loginType=1&loginId=x'),
    ]
    for (const { headers } of answers) {
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(headers.get('content-security-policy'), "default-src 'none'; frame-ancestors 'none'")
      assert.equal(headers.get('referrer-policy'), 'no-referrer')
      assert.equal(headers.get('server'), null)
      assert.equal(headers.get('x-powered-by'), null)
      assert.equal(headers.get('strict-transport-security'), null)
    }
  })

  test('a refusal speaks the language that is asked for', async () => {
    const words = async (language: string) => (await token({ 'accept-language': language }, { appId: 'x' })).body.msg
    assert.equal(await words('zh-CN,zh;q=0.9'), ERROR_CODES.invalid_app.zh)
    assert.equal(await words('fr'), ERROR_CODES.invalid_app.en)
    assert.equal(await words('en,zh;q=0.5'), ERROR_CODES.invalid_app.en)
  })

  test('a path that is none of ours, or a method that it does not have, is 404 in the envelope', async () => {
    const paths = [
      '/',
      '/api',
      '/api/v1',
      '/api/v2/token',
      '/api/v1/token/x',
      '/admin',
      '/.env',
      '/api/v1/orders',
      '/docs/../x',
    ]
    for (const path of paths) assertRefused(await on.app.call('GET', path), 404, 'not_found')
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      assertRefused(await on.app.call(method, '/api/v1/payment/success'), 404, 'not_found')
    }
    const broken = await on.app.call('GET', '/api/v1/orders/%E0%A4%A')
    assertRefused(broken, 400, 'bad_request')
    assert.equal(broken.headers.get('x-content-type-options'), 'nosniff')
  })

  test('what is no HTTP, or has too long a head, is 400 in the envelope', async () => {
    for (const text of [
      'hello\r\n\r\n',
      `GET /health HTTP/1.1\r\nhost: test\r\nx-long: ${'x'.repeat(17_000)}\r\n\r\n`,
    ]) {
      const connection = await connectRaw(on.app.url)
      connection.write(text)
      const [head = '', body = ''] = (await connection.answer()).split('\r\n\r\n')
      assert.match(head, /^HTTP\/1\.1 400 /)
      const { error, request_id } = JSON.parse(body)
      assert.equal(error, 'bad_request')
      assert.equal(/\r\nx-request-id: (\S+)/.exec(head)?.[1], request_id)
      await connection.hungUp()
    }
  })

  test('only a listed page may call, and none is given credentials', async () => {
    const allowed = async (origin: string, method = 'POST') => {
      const headers = { origin, ...(method === 'OPTIONS' ? { 'access-control-request-method': 'POST' } : {}) }
      const answer = await on.app.call(method, '/api/v1/token', { headers })
      assert.equal(answer.headers.get('access-control-allow-credentials'), null)
      return answer.headers.get('access-control-allow-origin')
    }
    for (const origin of ['http://localhost:5173', 'http://localhost', 'http://127.0.0.1:3000']) {
      assert.equal(await allowed(origin), origin)
      assert.equal(await allowed(origin, 'OPTIONS'), origin)
    }
    const strangers = [
      'https://evil.example',
      'null',
      'http://localhost.evil.example',
      'https://localhost:1',
      'http://localhost:x',
    ]
    for (const origin of strangers) {
      assert.equal(await allowed(origin), null, origin)
      assert.equal(await allowed(origin, 'OPTIONS'), null, origin)
    }
  })
})

test('online only the listed origins may call, and answers insist on HTTPS', async () => {
  const app = await startApp({
    env: 'online',
    variables: { CORS_ORIGINS: 'https://shop.example.com,https://b.example' },
  })
  try {
    const allowed = async (origin: string) => {
      const answer = await app.call('POST', '/api/v1/token', { body: { appId: APP_ID }, headers: { origin } })
      assertDone(answer)
      assert.match(answer.headers.get('strict-transport-security') ?? '', /max-age=\d{7}/)
      return answer.headers.get('access-control-allow-origin')
    }
    assert.equal(await allowed('https://shop.example.com'), 'https://shop.example.com')
    assert.equal(await allowed('https://b.example'), 'https://b.example')
    for (const origin of [
      'http://shop.example.com',
      'https://shop.example.com:8443',
      'https://x.b.example',
      'http://localhost',
    ]) {
      assert.equal(await allowed(origin), null, origin)
    }
  } finally {
    await app.close()
  }
})
