import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { Type } from 'typebox'
import { accepted, refused } from '../kernel/outcome.ts'
import { mountRoutes } from './mount.ts'
import { defineRoute } from './route.ts'
import { createServer } from './server.ts'

const call = {
  ...{ summary: '', tag: '', answer: Type.Object({ query: Type.String() }), errors: [] },
  ...({ access: 'open', examples: { answer: { query: '' } } } as const),
}
const listing = defineRoute({
  ...call,
  query: Type.Object({ limit: Type.Optional(Type.Integer()), uid: Type.Optional(Type.String()) }),
  handle: async ({ query }) => accepted({ query: JSON.stringify(query) }),
})
const none = defineRoute({ ...call, handle: async ({ query }) => accepted({ query: JSON.stringify(query) }) })

test('a handler meets the fields of a query that its call lists, and no other', async (t) => {
  const logger = pino({ level: 'silent' })
  const server = createServer({ logger, trustedProxies: [], logRequests: false, strictTransport: false })
  t.after(() => server.close())
  await mountRoutes(server, {
    routes: [
      ['GET', '/listing', listing],
      ['GET', '/none', none],
    ],
    authenticate: async () => refused('unauthorized'),
    verifySigner: () => refused('invalid_signature'),
    limiter: null,
  })
  const met = async (url: string) => JSON.parse((await server.inject(url)).json().query)
  assert.deepEqual(await met('/listing?limit=7&uid=8'), { limit: 7, uid: '8' })
  const strange = 'credential=x&nonce=y&__proto__=z&constructor=1&toString=2&limit%00=3&playerId=4'
  assert.deepEqual(await met(`/listing?uid=8&${strange}`), { uid: '8' })
  assert.deepEqual(await met(`/none?uid=8&${strange}`), {})
  assert.equal((await server.inject('/listing?limit=7&limit=8')).statusCode, 422)
  assert.equal((await server.inject('/listing?limit=seven')).statusCode, 422)
})
