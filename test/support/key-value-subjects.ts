import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { Redis } from 'ioredis'
import type { KeyValueStore } from '../../src/kv/kv.ts'
import { MAP_KEY_PREFIX } from '../../src/kv/limits.ts'
import { openKeyValueStore } from '../../src/kv/open.ts'
import type { RedisSingleConfig } from '../../src/kv/redis-config.ts'
import { until } from './redis-server.ts'

/**
 * A store, with what its contract can't see from outside: the time that a key has left, and a way to its end. A map is
 * named with `map:` before its key.
 */
export interface KeyValueSubject {
  readonly store: KeyValueStore
  lifeLeftMs(key: string): Promise<number | null>
  outlive(key: string): Promise<void>
  end(): Promise<void>
}

export async function sqliteSubject(): Promise<KeyValueSubject> {
  const folder = mkdtempSync(join(tmpdir(), 'payment-api-kv-'))
  const file = join(folder, 'kv.db')
  let nowMs = Date.UTC(2026, 10, 1)
  const store = await openKeyValueStore({ kind: 'sqlite', file, clock: { nowMs: () => nowMs } })
  const reader = new Database(file, { readonly: true })
  const lifeLeftMs = async (key: string) => {
    const table = key.startsWith(MAP_KEY_PREFIX) ? 'kv_fields' : 'kv'
    const endMs = reader
      .prepare(`SELECT max(expires_at_ms) FROM ${table} WHERE key = ?`)
      .pluck()
      .get(key.replace(MAP_KEY_PREFIX, ''))
    return typeof endMs === 'number' ? endMs - nowMs : null
  }
  return {
    store,
    lifeLeftMs,
    async outlive(key) {
      nowMs += (await lifeLeftMs(key)) ?? 0
    },
    async end() {
      await store.close()
      reader.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export async function redisSubject(config: RedisSingleConfig): Promise<KeyValueSubject> {
  const prefix = `test-${randomBytes(6).toString('hex')}:`
  const store = await openKeyValueStore({ kind: 'redis', config, prefix })
  const { mode: _, ...address } = config
  const reader = new Redis(address)
  return {
    store,
    async lifeLeftMs(key) {
      const left = await reader.pttl(prefix + key)
      return left < 0 ? null : left
    },
    async outlive(key) {
      await reader.pexpire(prefix + key, 1)
      await until(async () => (await reader.exists(prefix + key)) === 0)
    },
    async end() {
      await store.close()
      const keys = await reader.keys(`${prefix}*`)
      if (keys.length > 0) await reader.del(keys)
      await reader.quit()
    },
  }
}
