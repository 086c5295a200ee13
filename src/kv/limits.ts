import { invariant } from '../kernel/invariant.ts'
import type { MomentBounds, MomentMove } from './kv.ts'

/** Keys are ours and short; a longer one is input that nobody hashed. */
const KEY_CHARS_MAX = 512

/** A session is a few hundred bytes. One value above this would hold up every other caller of the same Redis. */
export const VALUE_BYTES_MAX = 1_048_576

/** Redis keeps all keys together: this stands before those of maps, and no caller's own key may begin with it. */
export const MAP_KEY_PREFIX = 'map:'

/** Both stores refuse the same keys, so that nothing works on SQLite and fails on Redis. */
export function assertKey(key: string): void {
  invariant(key.length > 0 && key.length <= KEY_CHARS_MAX, 'a key has 1 to 512 characters')
  invariant(!key.startsWith(MAP_KEY_PREFIX), 'keys that begin with "map:" are kept for maps')
}

export function assertField(field: string): void {
  invariant(field.length > 0 && field.length <= KEY_CHARS_MAX, 'a field has 1 to 512 characters')
}

export function assertValue(value: string): void {
  // A character takes at least one byte and at most three, so most values need no counting.
  if (value.length * 3 <= VALUE_BYTES_MAX) return
  invariant(Buffer.byteLength(value) <= VALUE_BYTES_MAX, 'a value has at most 1 MiB')
}

/** Redis refuses a life of 0, and SQLite would write a row that was never there. */
export function assertTtl(ttlMs: number | null): void {
  invariant(ttlMs === null || (Number.isSafeInteger(ttlMs) && ttlMs > 0), 'ttlMs is a positive whole number or null')
}

export function assertStep(by: number): void {
  invariant(Number.isSafeInteger(by) && by > 0, 'a counter grows by a positive whole number')
}

/** Some tenths of a millisecond of Redis' time, for which everybody else waits. */
export const MOMENTS_MAX = 200

/** The keys of a group's moments. Its braces put them all in one slot of a cluster. */
export function momentKeys(group: string, moves: readonly MomentMove[]): string[] {
  invariant(/^[^{}]+$/.test(group), 'a group of moments has a name without braces')
  invariant(moves.length <= MOMENTS_MAX, `at most ${MOMENTS_MAX} moments are moved at once`)
  return moves.map(({ key }) => `{${group}}:${key}`)
}

export function assertMoments(moves: readonly MomentMove[], { nowMs, aheadMaxMs }: MomentBounds): void {
  invariant(Number.isFinite(nowMs) && Number.isFinite(aheadMaxMs) && aheadMaxMs > 0, 'a moment has finite bounds')
  for (const { byMs } of moves) invariant(Number.isFinite(byMs), 'a moment is moved by a finite step')
}
