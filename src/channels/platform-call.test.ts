import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { callPlatform, isSafeAddress } from './platform-call.ts'

const SECRET = 'the-secret-of-the-call'

/** A platform that does as told, for as long as `use` runs. */
async function withPlatform(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const call = (url: string, more: object = {}) =>
  callPlatform({ method: 'POST', url, headers: { 'x-token': SECRET }, body: { a: 1 }, ...more })

test('a platform is told JSON with our headers, and its status and JSON come back', async () => {
  let told = ''
  await withPlatform(
    (request, response) => {
      request.on('data', (chunk) => {
        told += chunk
      })
      request.on('end', () => {
        told += ` ${request.method} ${request.headers['x-token']} ${request.headers['content-type']}`
        response.writeHead(422).end('{"message":"no"}')
      })
    },
    async (url) => {
      assert.deepEqual(await call(url), { answered: true, status: 422, json: { message: 'no' } })
      assert.equal(told, `{"a":1} POST ${SECRET} application/json`)
    },
  )
})

test('a redirect is not followed, and what is no JSON is none', async () => {
  let calls = 0
  await withPlatform(
    (request, response) => {
      calls += 1
      if (request.url === '/') response.writeHead(307, { location: '/elsewhere' }).end()
      else response.writeHead(200).end('<html>')
    },
    async (url) => {
      assert.deepEqual(await call(url), { answered: false, reason: 'a redirect, status 307' })
      assert.equal(calls, 1)
      assert.deepEqual(await call(`${url}page`), { answered: true, status: 200, json: undefined })
    },
  )
})

test('what a platform never ends, or ends too late, is a fault of its own and quotes nothing of ours', async () => {
  await withPlatform(
    (request, response) => {
      if (request.url === '/large') response.end('x'.repeat(2_000))
      else if (request.url === '/broken') request.socket.destroy()
      else response.writeHead(200).write('{')
    },
    async (url) => {
      const large = await call(`${url}large`, { bodyBytesMax: 1_000 })
      assert.deepEqual(large, { answered: false, reason: 'too large an answer' })
      assert.deepEqual(await call(`${url}hang`, { timeoutMs: 50 }), { answered: false, reason: 'timeout' })
      const broken = JSON.stringify(await call(`${url}broken?key=${SECRET}`))
      assert.match(broken, /"answered":false/)
      assert.doesNotMatch(broken, new RegExp(SECRET))
    },
  )
})

test('secrets go over TLS, or to this machine', async () => {
  for (const safe of ['https://api.example.com', 'http://127.0.0.1:80/a', 'http://localhost', 'http://[::1]:9']) {
    assert.ok(isSafeAddress(safe), safe)
  }
  for (const unsafe of ['http://api.example.com', 'http://127.0.0.1.example.com', 'ftp://127.0.0.1', 'api', '']) {
    assert.ok(!isSafeAddress(unsafe), unsafe)
  }
  const answer = await call('http://api.example.com/')
  assert.deepEqual(answer, { answered: false, reason: 'its address is neither https nor on this machine' })
})
