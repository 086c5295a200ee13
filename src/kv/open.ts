import type { Clock } from '../kernel/clock.ts'
import { unreachable } from '../kernel/invariant.ts'
import type { KeyValueStore } from './kv.ts'
import type { RedisConfig } from './redis-config.ts'
import { openSqliteStore } from './sqlite.ts'

export type KeyValueSettings =
  | { readonly kind: 'sqlite'; readonly file: string; readonly clock: Clock }
  | { readonly kind: 'redis'; readonly config: RedisConfig; readonly prefix: string }

/** The store that the settings name, connected and checked; rejects with `KeyValueOpenError` when it can't be used. */
export async function openKeyValueStore(settings: KeyValueSettings): Promise<KeyValueStore> {
  switch (settings.kind) {
    case 'sqlite':
      return await openSqliteStore(settings)
    case 'redis': {
      // Loaded only where it is used: the client costs a tenth of the start.
      const { openRedisStore } = await import('./redis.ts')
      return await openRedisStore(settings)
    }
    default:
      return unreachable(settings, 'kind of key-value store')
  }
}
