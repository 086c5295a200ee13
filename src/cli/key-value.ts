import { existsSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { systemClock } from '../kernel/clock.ts'
import type { KeyValueStore } from '../kv/kv.ts'
import { type KeyValueSettings, openKeyValueStore } from '../kv/open.ts'

/**
 * The store of sessions, or null where it is a SQLite file that no server has made yet: a command must not make it, as
 * it may run as somebody whose files the server cannot write.
 */
export async function openExistingStore({ keyValue }: Config): Promise<KeyValueStore | null> {
  if (keyValue.kind === 'sqlite' && !existsSync(keyValue.file)) return null
  const settings: KeyValueSettings =
    keyValue.kind === 'sqlite'
      ? { ...keyValue, clock: systemClock }
      : { kind: 'redis', config: keyValue.sessions, prefix: keyValue.prefix }
  return await openKeyValueStore(settings)
}
