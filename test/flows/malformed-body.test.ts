import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { APP_ID, payment } from '../support/test-app.ts'

const LIMIT_BYTES = 64 * 1024

onEveryEngine((on) => {
  /** The bytes as they are, with only the headers that are given. */
  const sendBytes = async (bytes: Uint8Array | string, headers: Record<string, string> = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; error: unknown }>()
    const sent = request(`${on.app.url}/api/v1/token`, { method: 'POST', headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString())
        resolve({ status: answer.statusCode ?? 0, error: body.error })
      })
    })
    sent.on('error', reject)
    sent.end(bytes)
    return promise
  }
  const json = { 'content-type': 'application/json' }
  const sized = (bytes: number) => {
    const start = `{"appId":"${APP_ID}","pad":"`
    return `${start}${'x'.repeat(bytes - start.length - 2)}"}`
  }

  test('what is not JSON is 400', async () => {
    const texts = [' ', '{', '}', '{"appId"', "{'appId':'x'}", '{"a":1,}', 'undefined', 'NaN', '{"a":01}', '[1', '"']
    for (const body of texts) {
      assert.deepEqual(await sendBytes(body, json), { status: 400, error: 'malformed_json' }, JSON.stringify(body))
    }
  })

  test('a POST of no bytes is one without a body, also when it names the type of one', async () => {
    const { token } = await on.app.logIn('says-nothing')
    const say = (path: string, headers: Record<string, string>) =>
      on.app.call('POST', path, { token, body: '', headers: { ...json, ...headers } })
    assertDone(await say('/api/v1/refresh', {}))
    assertDone(await say('/api/v1/inbox/claim_all', {}))
    assertFaults(await say('/api/v1/token', {}), 'appId')
    assert.deepEqual(await sendBytes('', json), { status: 422, error: 'invalid_fields' })
    const chunked = { ...json, 'transfer-encoding': 'chunked' }
    assert.deepEqual(await sendBytes('', chunked), { status: 422, error: 'invalid_fields' })
  })

  test('bytes that are not UTF-8 are 400', async () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc3, 0x28, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xc0, 0xaf, 0x22],
    ]) {
      assert.deepEqual(await sendBytes(Uint8Array.from(bytes), json), { status: 400, error: 'malformed_json' })
    }
    const utf16 = Buffer.from(JSON.stringify({ appId: APP_ID }), 'utf16le')
    assert.deepEqual(await sendBytes(utf16, json), { status: 400, error: 'malformed_json' })
  })

  test('keys that reach for a prototype are 400, at any depth', async () => {
    const bodies = [
      '{"__proto__":{"appId":"x"}}',
      `{"appId":"${APP_ID}","constructor":{"prototype":{"x":1}}}`,
      `{"appId":"${APP_ID}","deep":[{"__proto__":1}]}`,
      `{"appId":"${APP_ID}","\\u005f_proto__":1}`,
      `{"appId":"${APP_ID}","constructor":1}`,
    ]
    for (const body of bodies) {
      assert.deepEqual(await sendBytes(body, json), { status: 400, error: 'malformed_json' }, body)
    }
    assert.equal('x' in {}, false)
  })

  test('JSON that is no object is 422', async () => {
    for (const body of ['null', '1', '"x"', '[]', 'true', '[{"appId":"x"}]']) {
      assert.deepEqual(await sendBytes(body, json), { status: 422, error: 'invalid_fields' }, body)
    }
  })

  test('64 KiB are taken, one byte more is 413', async () => {
    assert.equal((await sendBytes(sized(LIMIT_BYTES), json)).status, 200)
    assert.deepEqual(await sendBytes(sized(LIMIT_BYTES + 1), json), { status: 413, error: 'body_too_large' })
    const chunked = { ...json, 'transfer-encoding': 'chunked' }
    assert.deepEqual(await sendBytes(sized(LIMIT_BYTES * 2), chunked), { status: 413, error: 'body_too_large' })
  })

  test('JSON of any depth is read or refused, and never breaks the server', async () => {
    for (const depth of [100, 10_000, 32_000]) {
      for (const body of [
        '['.repeat(depth) + ']'.repeat(depth),
        `${'{"a":'.repeat(depth / 10)}1${'}'.repeat(depth / 10)}`,
      ]) {
        const answer = await sendBytes(body, json)
        assert.ok([400, 422].includes(answer.status), `depth ${depth}: ${answer.status}`)
      }
      const body = `{"appId":"${APP_ID}","unknown":${'['.repeat(depth)}${']'.repeat(depth)}}`
      assert.equal((await sendBytes(body, json)).status, 200)
    }
    assert.equal((await on.app.call('GET', '/health')).status, 200)
  })

  test('any other kind of body is 415', async () => {
    const body = JSON.stringify({ appId: APP_ID })
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
      'application/jsonx',
      '*/*',
      'json',
    ]
    for (const type of types) {
      const answer = await sendBytes(body, { 'content-type': type })
      assert.deepEqual(answer, { status: 415, error: 'unsupported_media_type' }, type)
    }
    assert.deepEqual(await sendBytes(body), { status: 415, error: 'unsupported_media_type' })
    assert.equal((await sendBytes(body, { 'content-type': 'application/json; charset=utf-8' })).status, 200)
  })

  test('unknown fields are ignored, and what a platform adds is kept with the message', async () => {
    const { token, uid } = await on.app.logIn('extra-fields')
    const extras = { amount: 'x', custom_param: { any: [1, null, { thing: true }] }, ip: '::1', country: 'DE' }
    const body = payment({ order_id: 'extra-fields', uid, ...extras })
    assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body }))
  })

  test('none of it reaches the books', async () => {
    const { token, uid } = await on.app.logIn('no-books')
    const before = await stateOf(on.app)
    const body = JSON.stringify(payment({ order_id: 'no-books', uid }))
    const send = (text: string, headers = {}) =>
      on.app.call('POST', '/api/v1/payment/success', { token, body: text, headers })
    assertRefused(await send(`${body}x`), 400, 'malformed_json')
    assertRefused(await send(body.replace('{', '{"__proto__":1,')), 400, 'malformed_json')
    assertRefused(await send(body, { 'content-type': 'text/plain' }), 415, 'unsupported_media_type')
    assertRefused(await send(body.replace('{', `{"pad":"${'x'.repeat(LIMIT_BYTES)}",`)), 413, 'body_too_large')
    assert.deepEqual(await stateOf(on.app), before)
  })
})
