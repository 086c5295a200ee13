/**
 * The key-value store: sessions, counters, caches; only what we can afford to lose. Money never depends on it.
 * Two implementations behind one interface: Redis, and a SQLite file that stands in where nothing is installed.
 */
export interface KeyValueStore {
  /** The value under a key, or null when there is none or it has expired. */
  get(key: string): Promise<string | null>
  /** Writes a value that disappears after `ttlMs`; with `ttlMs: null` it stays. */
  set(key: string, value: string, options: KeyValueTtl): Promise<void>
  /** Writes only where nothing stands. True when it wrote. */
  setIfAbsent(key: string, value: string, options: KeyValueTtl): Promise<boolean>
  /**
   * Replaces `expected` by `next` in one step. False when the key holds anything else (or nothing); then nothing changed.
   */
  compareAndSet(key: string, change: { expected: string; next: string } & KeyValueTtl): Promise<boolean>
  /** Removes a key. True when it was there. */
  delete(key: string): Promise<boolean>
  /** Adds one, or `by`, to a counter and returns it; the first increment starts its life of `ttlMs`. */
  increment(key: string, options: { ttlMs: number; by?: number }): Promise<number>
  /**
   * Writes one field of a map, in one step with the map's life: all of it disappears `ttlMs` after its last write. Gives
   * how many fields the map has now. Maps have a name space of their own: a map and a value under one key do not meet.
   */
  setField(key: string, field: string, value: string, options: { ttlMs: number }): Promise<number>
  /** A whole map, without an order; empty when there is none. Whoever writes a map bounds its size. */
  fields(key: string): Promise<ReadonlyMap<string, string>>
  /** Removes one field of a map, and the map with its last one; its life stays as it was. True when it was there. */
  deleteField(key: string, field: string): Promise<boolean>
  /**
   * Moves moments, each by its own step from where it stands, or from now where nothing stands or it has passed: never
   * to before now, and never to more than `aheadMaxMs` after it. A moment is forgotten once it has passed. Gives how many
   * milliseconds each lies ahead now, in the order of the moves. Those of one group are moved in one step; a moment is a
   * value under the key `{group}:key`.
   */
  moveMoments(group: string, moves: readonly MomentMove[], options: MomentBounds): Promise<readonly number[]>
  /** Answers when the store answers; rejects with KeyValueUnavailable when not. */
  ping(): Promise<void>
  close(): Promise<void>
}

export interface MomentMove {
  readonly key: string
  /** Thousandths count; below 0 it moves back. */
  readonly byMs: number
}

export interface MomentBounds {
  /** The caller's clock, and not the store's, so that all callers count from one kind of clock. */
  readonly nowMs: number
  readonly aheadMaxMs: number
}

export interface KeyValueTtl {
  readonly ttlMs: number | null
}

/**
 * The store is gone or too slow: the caller answers 503 `sessions_unavailable`; payments by servers go on. A write that
 * was refused with this may have happened.
 */
export class KeyValueUnavailable extends Error {
  override readonly name = 'KeyValueUnavailable'
}
