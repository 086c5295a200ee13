import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createConnection } from 'mysql2/promise'

/** A place for one test's data, gone afterwards. */
export interface EngineStore {
  readonly url: string
  /** Further environment variables that go with it: where the sessions are kept. */
  readonly variables: Readonly<Record<string, string>>
  drop(): Promise<void>
}

/** A pair of database and key-value store that the whole suite runs on. */
export interface Engine {
  readonly name: string
  create(): Promise<EngineStore>
}

const { TEST_DATABASE_URL, TEST_REDIS_URL } = process.env

/** The server that `TEST_DATABASE_URL` names (`mysql://root@127.0.0.1:3306/any`), or null: tests then say so loudly. */
export const testMysqlUrl: URL | null = TEST_DATABASE_URL ? new URL(TEST_DATABASE_URL) : null

/** Every engine that this run can reach: SQLite always, the others where the environment names them. */
export function engines(): Engine[] {
  return testMysqlUrl === null ? [sqliteEngine] : [sqliteEngine, mysqlEngine(testMysqlUrl)]
}

const sqliteEngine: Engine = {
  name: 'SQLite',
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'payment-api-db-'))
    return {
      url: `sqlite:///${join(directory, 'test.db')}`,
      variables: {},
      drop: () => rm(directory, { recursive: true, force: true }),
    }
  },
}

/** A schema with a random name, so that runs at the same time never meet; its sessions in Redis where one is named. */
function mysqlEngine(server: URL): Engine {
  return {
    name: TEST_REDIS_URL ? 'MySQL and Redis' : 'MySQL',
    create: async () => {
      const suffix = randomBytes(6).toString('hex')
      const schema = `payment_api_test_${suffix}`
      const prefix = `test-${suffix}:`
      await runOn(server, `create database ${schema}`)
      const url = new URL(server)
      url.pathname = `/${schema}`
      return {
        url: url.href,
        variables: TEST_REDIS_URL ? { REDIS_URL: TEST_REDIS_URL, REDIS_PREFIX: prefix } : {},
        drop: async () => {
          await runOn(server, `drop database ${schema}`)
          if (TEST_REDIS_URL) await deleteKeys(TEST_REDIS_URL, prefix)
        },
      }
    },
  }
}

async function runOn(server: URL, statement: string): Promise<void> {
  const connection = await createConnection({
    host: server.hostname,
    port: Number(server.port || 3306),
    user: decodeURIComponent(server.username),
    password: decodeURIComponent(server.password),
  })
  try {
    await connection.query(statement)
  } finally {
    await connection.end()
  }
}

async function deleteKeys(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url)
  try {
    const keys = await redis.keys(`${prefix}*`)
    if (keys.length > 0) await redis.del(...keys)
  } finally {
    redis.disconnect()
  }
}
