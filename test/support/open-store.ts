import type { TestContext } from 'node:test'
import type { Database } from '../../src/db/database.ts'
import type { MysqlSettings } from '../../src/db/dialects/mysql.ts'
import { type DatabaseSettings, openDatabase } from '../../src/db/open-database.ts'
import type { Engine } from './engines.ts'

/** A database of a test's own without the app around it, and a second way in, as another process would have. */
export interface OpenStore {
  readonly database: Database
  readonly settings: DatabaseSettings
  openAgain(): Promise<Database>
}

/** Opens an empty database on the engine; everything is closed and dropped when the test ends. */
export async function openStore(t: TestContext, engine: Engine): Promise<OpenStore> {
  const store = await engine.create()
  const settings = settingsOf(store.url)
  const opened: Database[] = []
  t.after(async () => {
    for (const database of opened) await database.close()
    await store.drop()
  })
  const openAgain = async (): Promise<Database> => {
    const database = await openDatabase(settings)
    opened.push(database)
    return database
  }
  return { database: await openAgain(), settings, openAgain }
}

export function settingsOf(url: string): DatabaseSettings {
  const file = /^sqlite:\/\/\/(.+)$/.exec(url)?.[1]
  return file === undefined ? { kind: 'mysql', ...mysqlSettingsOf(new URL(url)) } : { kind: 'sqlite', file }
}

export function mysqlSettingsOf(url: URL): MysqlSettings {
  return {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    tls: 'off',
    tlsCaFile: null,
  }
}
