import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection, type RowDataPacket } from 'mysql2/promise'

/** A place for one test's data, gone afterwards. */
export interface EngineStore {
  readonly url: string
  /** Further environment variables that an app on it needs. */
  readonly variables: Readonly<Record<string, string>>
  drop(): Promise<void>
}

/** A kind of database that the whole suite runs on; `mysql` is MySQL or MariaDB. */
export interface Engine {
  readonly name: 'sqlite' | 'mysql'
  create(): Promise<EngineStore>
}

const { TEST_DATABASE_URL } = process.env

/** The server that `TEST_DATABASE_URL` names (`mysql://root@127.0.0.1:3306/any`), or null: tests then say so loudly. */
export const testMysqlUrl: URL | null = TEST_DATABASE_URL ? new URL(TEST_DATABASE_URL) : null

/** Every engine that this run can reach: SQLite always, the others where the environment names them. */
export function engines(): Engine[] {
  return testMysqlUrl === null ? [sqliteEngine] : [sqliteEngine, mysqlEngine(testMysqlUrl)]
}

const sqliteEngine: Engine = {
  name: 'sqlite',
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'payment-api-db-'))
    return {
      url: `sqlite:///${join(directory, 'test.db')}`,
      variables: {},
      drop: () => rm(directory, { recursive: true, force: true }),
    }
  },
}

/** A schema with a random name, so that runs at the same time never meet. */
function mysqlEngine(server: URL): Engine {
  return {
    name: 'mysql',
    create: async () => {
      const schema = `payment_api_test_${randomBytes(6).toString('hex')}`
      await runOn(server, `create database ${schema}`)
      const url = new URL(server)
      url.pathname = `/${schema}`
      return { url: url.href, variables: {}, drop: () => dropWithReplaced(server, schema) }
    },
  }
}

/** With what a restore has moved aside. */
async function dropWithReplaced(server: URL, schema: string): Promise<void> {
  const find = 'select schema_name as name from information_schema.schemata where schema_name like'
  const aside = await runOn(server, `${find} '${schema}\\_replaced\\_%'`)
  for (const name of [schema, ...aside.map((row) => row['name'])]) {
    await runOn(server, `drop database if exists ${name}`)
  }
}

async function runOn(server: URL, statement: string): Promise<RowDataPacket[]> {
  const connection = await createConnection({
    host: server.hostname,
    port: Number(server.port || 3306),
    user: decodeURIComponent(server.username),
    password: decodeURIComponent(server.password),
  })
  try {
    const [rows] = await connection.query<RowDataPacket[]>(statement)
    return rows
  } finally {
    await connection.end()
  }
}
