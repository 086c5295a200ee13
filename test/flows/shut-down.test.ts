import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ChildServer, startChildServer } from '../support/child-server.ts'
import { connectRaw, type RawConnection } from '../support/raw-connection.ts'
import { until } from '../support/redis-server.ts'
import { request } from '../support/test-app.ts'

/** A call that the server has begun to read and cannot answer before the rest of its body comes. */
async function beginCall(server: ChildServer): Promise<{ connection: RawConnection; finish(): void }> {
  const body = JSON.stringify({ appId: 'com.funtriolimited.slots.casino.free' })
  const connection = await connectRaw(server.url)
  connection.write(
    `POST /api/v1/token HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
  )
  connection.write(body.slice(0, 5))
  // The server takes lines in order: once it answers somebody who came later, it has read ours.
  await server.call('GET', '/health')
  return { connection, finish: () => connection.write(body.slice(5)) }
}

const stopping = (server: ChildServer) => until(async () => server.stdout().includes('finishing what is under way'))

test('SIGTERM finishes the requests under way, takes no new ones, and ends with 0', async (t) => {
  const server = await startChildServer(t)
  const { url } = server
  const { connection, finish } = await beginCall(server)
  server.signal('SIGTERM')
  await stopping(server)
  await until(() => refuses(url))
  finish()
  assert.match(await connection.answer(), /^HTTP\/1\.1 200 /)
  assert.deepEqual(await server.exited(), { code: 0, signal: null })
})

test('a request that reaches a server that stops is asked to come again, in the envelope', async (t) => {
  const server = await startChildServer(t)
  const connection = await connectRaw(server.url)
  connection.write('GET /api/v1/inbox HTTP/1.1\r\nhost: test\r\naccept-language: zh\r\nx-request-id: late-one\r\n')
  // As above: its first lines have been read by then, so that the line counts as busy and stays open.
  await server.call('GET', '/health')
  server.signal('SIGTERM')
  await stopping(server)
  await until(() => refuses(server.url))
  connection.write('\r\n')
  const [head = '', body = ''] = (await connection.answer()).split('\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 503 /)
  assert.match(head, /\r\nretry-after: [1-9]\d*\r\n/i)
  assert.match(head, /\r\nx-request-id: late-one\r\n/i)
  assert.match(head, /\r\nconnection: close\b/i)
  const { error, return_code, action, request_id } = JSON.parse(body)
  assert.deepEqual([error, return_code, action, request_id], ['shutting_down', 0, 'retry_after', 'late-one'])
  assert.deepEqual(await server.exited(), { code: 0, signal: null })
})

test('SIGINT does the same, and an idle connection does not hold the end up', async (t) => {
  const server = await startChildServer(t, { variables: { SHUTDOWN_GRACE_MS: '60000' } })
  const idle = await connectRaw(server.url)
  idle.write('GET /health HTTP/1.1\r\nhost: test\r\n\r\n')
  assert.match(await idle.answer(), /^HTTP\/1\.1 200 /)
  assert.deepEqual(await server.kill('SIGINT'), { code: 0, signal: null })
})

test('a second signal ends the server at once, with 1', async (t) => {
  const server = await startChildServer(t, { variables: { SHUTDOWN_GRACE_MS: '600000' } })
  await beginCall(server)
  server.signal('SIGTERM')
  await stopping(server)
  assert.deepEqual(await server.kill('SIGTERM'), { code: 1, signal: null })
})

test('a request that never ends is left behind when the grace is over', async (t) => {
  const server = await startChildServer(t, { variables: { SHUTDOWN_GRACE_MS: '300' } })
  await beginCall(server)
  assert.deepEqual(await server.kill('SIGTERM'), { code: 1, signal: null })
})

async function refuses(url: string): Promise<boolean> {
  try {
    const answer = await request(`${url}/health`, { method: 'GET' })
    return answer.status === 503
  } catch {
    return true
  }
}
