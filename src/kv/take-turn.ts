import type { KeyValueStore } from './kv.ts'

// Whoever loses this often against calls of the same name has called far too often.
const ATTEMPTS_MAX = 3

/**
 * Lets one caller through every `everyMs` under a name, in all processes together and by our own clock. Gives 0 to whom
 * it lets through, else how many milliseconds to wait.
 * @throws KeyValueUnavailable
 */
export async function takeTurn(
  kv: KeyValueStore,
  turn: { name: string; everyMs: number; nowMs: number },
): Promise<number> {
  const { name, everyMs, nowMs } = turn
  const next = String(nowMs)
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const text = await kv.get(name)
    const sinceMs = text === null ? everyMs : nowMs - Number(text)
    // A clock that went back must not make anybody wait longer than one turn.
    if (sinceMs >= 0 && sinceMs < everyMs) return everyMs - sinceMs
    const ttl = { ttlMs: everyMs }
    const taken =
      text === null
        ? await kv.setIfAbsent(name, next, ttl)
        : await kv.compareAndSet(name, { expected: text, next, ...ttl })
    if (taken) return 0
  }
  return everyMs
}
