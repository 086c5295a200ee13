import type { Clock } from '../../src/kernel/clock.ts'
import type { KeyValueStore } from '../../src/kv/kv.ts'
import { openSqliteStore } from '../../src/kv/sqlite.ts'

/** A key-value store of a test's own that ends with it. Closed, it is a store that is away. */
export function openMemoryStore(clock: Clock): Promise<KeyValueStore> {
  return openSqliteStore({ file: ':memory:', clock })
}
