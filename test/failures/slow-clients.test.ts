import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type ChildServer, startChildServer } from '../support/child-server.ts'
import { connectRaw, type RawConnection } from '../support/raw-connection.ts'
import { payment } from '../support/test-app.ts'

const SLOW_CLIENTS = 100
const BODY_LENGTH = 5000

const KINDS: readonly { name: string; begin(connection: RawConnection): void }[] = [
  {
    name: 'that send their headers for ever',
    begin: (connection) => connection.write('POST /api/v1/payment/success HTTP/1.1\r\nhost: test\r\nx-slow: a'),
  },
  {
    name: 'that send half a body',
    begin: (connection) =>
      connection.write(
        `POST /api/v1/token HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: ${BODY_LENGTH}\r\n\r\n{"appId"`,
      ),
  },
  {
    name: 'that ask for much and never read the answers',
    begin: (connection) => {
      connection.stopReading()
      connection.write('GET /openapi.json HTTP/1.1\r\nhost: test\r\n\r\n'.repeat(40))
    },
  },
  { name: 'that connect and say nothing', begin: () => {} },
]

for (const { name, begin } of KINDS) {
  test(`${SLOW_CLIENTS} clients ${name} do not stop the others`, async (t) => {
    const server = await startChildServer(t)
    const { uid } = await server.logIn('quick')
    const connections = await openSlowOnes(t, { server, begin })
    await payAll(server, { uid, orders: 60 })
    // Those that vanish half-way leave nothing behind either.
    for (const connection of connections) connection.destroy()
    const health = await server.call('GET', '/health')
    assert.equal(health.status, 200)
    assert.deepEqual(await server.kill('SIGTERM'), { code: 0, signal: null })
    assert.doesNotMatch(server.stdout() + server.stderr(), /ERROR|FATAL/)
  })
}

async function openSlowOnes(
  t: TestContext,
  { server, begin }: { server: ChildServer; begin: (connection: RawConnection) => void },
): Promise<RawConnection[]> {
  const connections: RawConnection[] = []
  t.after(() => {
    for (const connection of connections) connection.destroy()
  })
  for (let index = 0; index < SLOW_CLIENTS; index++) {
    const connection = await connectRaw(server.url)
    connections.push(connection)
    begin(connection)
  }
  return connections
}

async function payAll(server: ChildServer, { uid, orders }: { uid: string; orders: number }): Promise<void> {
  const token = await server.serverToken()
  const answers = await Promise.all(
    Array.from({ length: orders }, (_, index) =>
      server.call('POST', '/api/v1/payment/success', { token, body: payment({ order_id: `order-${index}`, uid }) }),
    ),
  )
  for (const answer of answers) assert.equal(answer.status, 200, JSON.stringify(answer.body))
  const account = await server.call('POST', '/api/v1/refresh', { token, body: { uid } })
  assert.equal(account.body.coins, 1000 * orders)
}
