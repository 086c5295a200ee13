import { type KeyValueSettings, openKeyValueStore } from './open.ts'

/** What the store says of itself, for the operator. */
export interface KeyValueReport {
  readonly version: string
  readonly notes: readonly string[]
  /** The time on the server's own clock; null where there is no server. */
  readonly clockMs: number | null
}

/** Opens the store, asks it, and closes it again. @throws KeyValueOpenError or KeyValueUnavailable in words. */
export async function reportKeyValueStore(settings: KeyValueSettings): Promise<KeyValueReport> {
  if (settings.kind === 'redis') {
    const { reportRedis } = await import('./redis-report.ts')
    return await reportRedis(settings.config)
  }
  const store = await openKeyValueStore(settings)
  try {
    await store.ping()
    return { version: 'a SQLite file', notes: [], clockMs: null }
  } finally {
    await store.close()
  }
}
