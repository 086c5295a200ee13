import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { StorageUnavailable, TransactionConflict } from '../db/errors.ts'
import { createServer } from './server.ts'

test('a database that is out of reach, or cannot settle a conflict, is a reason to try again', async (t) => {
  const logger = pino({ level: 'silent' })
  const server = createServer({ logger, trustedProxies: [], logRequests: false, strictTransport: false })
  t.after(() => server.close())
  const failures = {
    lost: new StorageUnavailable('gone'),
    conflict: new TransactionConflict('deadlock'),
    bug: new Error(),
  }
  for (const [name, error] of Object.entries(failures)) server.get(`/${name}`, () => Promise.reject(error))
  const answered = async (path: string) => {
    const { statusCode, headers, body } = await server.inject(path)
    return [statusCode, JSON.parse(body).error, headers['retry-after']]
  }
  assert.deepEqual(await answered('/lost'), [503, 'storage_unavailable', '5'])
  assert.deepEqual(await answered('/conflict'), [503, 'storage_unavailable', '5'])
  assert.deepEqual(await answered('/bug'), [500, 'internal_error', undefined])
})
