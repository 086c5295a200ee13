import { Cluster } from 'ioredis'
import { KeyValueOpenError } from './open-error.ts'
import { openRedisClient } from './redis-client.ts'
import type { RedisConfig } from './redis-config.ts'
import type { KeyValueReport } from './report.ts'

/** What a Redis says of itself; of a cluster, what the first of its masters says. */
export async function reportRedis(config: RedisConfig): Promise<KeyValueReport> {
  const client = await openRedisClient(config)
  try {
    const node = client instanceof Cluster ? client.nodes('master')[0] : client
    if (node === undefined) throw new KeyValueOpenError('the cluster has no master')
    const info = new Map(
      (await node.info()).split(/\r?\n/).map((line) => [line.split(':', 1)[0] ?? '', line.replace(/^[^:]*:/, '')]),
    )
    const [seconds, micros] = await node.time()
    return {
      version: `Redis ${info.get('redis_version') ?? 'of an unknown version'}`,
      notes: notesOf(info),
      clockMs: Number(seconds) * 1000 + Math.floor(Number(micros) / 1000),
    }
  } finally {
    client.disconnect()
  }
}

function notesOf(info: ReadonlyMap<string, string>): string[] {
  const notes: string[] = []
  if (info.get('aof_enabled') === '0') {
    notes.push('Redis keeps no append-only file: when it is restarted, players may have to log in again')
  }
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  // `volatile-` too: all keys of ours have an end, so they are just what is dropped.
  if (info.get('maxmemory') !== '0' && policy !== 'noeviction') {
    notes.push(
      `Redis drops keys when it is full (maxmemory-policy ${policy}), and sessions with them: set it to noeviction`,
    )
  }
  return notes
}
