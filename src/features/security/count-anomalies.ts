import { LRUCache } from 'lru-cache'
import type { Row } from '../../db/schema.ts'
import { type KeyValueStore, KeyValueUnavailable } from '../../kv/kv.ts'
import { ANOMALIES, type Anomaly, type Sign, signsOf } from './rules.ts'

export interface AnomalyDeps {
  readonly kv: KeyValueStore
  /** Told once for each subject and window, whichever process notices it. */
  readonly report: (anomaly: Anomaly) => void
  /** Told of a fault of ours. A store that is away is none: what it does not count is not counted. */
  readonly failed: (error: unknown) => void
}

// A flood shows in a part of itself; the store has better things to do than to count all of it.
const KEYS_PER_BATCH = 500
// What this process has told, or knows to be counted, costs the store nothing more.
const KNOWN_MAX = 10_000

/** Counts events towards anomalies, in the store of all processes and off every call's path. Never rejects. */
export function openAnomalyCounter(deps: AnomalyDeps): (events: readonly Row<'security_events'>[]) => Promise<void> {
  const told = new LRUCache<string, true>({ max: KNOWN_MAX })
  const counted = new LRUCache<string, true>({ max: KNOWN_MAX })
  const isNews = ({ key, distinct }: Sign): boolean =>
    !told.has(key) && (distinct === null || !counted.has(`${key}:${distinct}`))
  const count = async (key: string, signs: readonly Sign[]): Promise<void> => {
    const last = signs.at(-1)
    if (last === undefined) return
    const { windowMs: ttlMs, above } = ANOMALIES[last.kind]
    const total = await add(deps.kv, { key, signs, ttlMs })
    for (const { distinct } of signs) if (distinct !== null) counted.set(`${key}:${distinct}`, true)
    if (total <= above) return
    told.set(key, true)
    const isFirst = await deps.kv.setIfAbsent(`${key}:told`, '1', { ttlMs })
    if (isFirst) deps.report({ kind: last.kind, event: last.event, count: total })
  }
  return async (events) => {
    const byKey = Map.groupBy(events.flatMap(signsOf).filter(isNews), ({ key }) => key)
    const counts = [...byKey].slice(0, KEYS_PER_BATCH).map(([key, signs]) => count(key, signs))
    for (const result of await Promise.allSettled(counts)) {
      if (result.status === 'rejected' && !(result.reason instanceof KeyValueUnavailable)) deps.failed(result.reason)
    }
  }
}

/** How many there are now. Different values are the fields of a map, of which one more than the threshold is enough. */
async function add(
  kv: KeyValueStore,
  { key, signs, ttlMs }: { key: string; signs: readonly Sign[]; ttlMs: number },
): Promise<number> {
  const [first] = signs
  if (first === undefined || first.distinct === null) return kv.increment(key, { ttlMs, by: signs.length })
  const most = ANOMALIES[first.kind].above + 1
  const values = new Set(signs.flatMap(({ distinct }) => distinct ?? []))
  const sizes = [...values].slice(0, most).map((value) => kv.setField(key, value, '1', { ttlMs }))
  return Math.max(...(await Promise.all(sizes)))
}
