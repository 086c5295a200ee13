import { accepted, type Outcome, refusedField } from './outcome.ts'

/** Where a page ends, as an opaque text that a client hands back: a time and an id, never an offset. */
export interface PagePosition {
  readonly createdAtMs: number
  readonly id: string
}

export function writeCursor({ createdAtMs, id }: PagePosition): string {
  return Buffer.from(JSON.stringify([createdAtMs, id])).toString('base64url')
}

/** Reads a cursor of ours, or null when it is not one. */
export function readCursor(text: string): PagePosition | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (!Array.isArray(value) || value.length !== 2) return null
    const [createdAtMs, id]: unknown[] = value
    if (!Number.isSafeInteger(createdAtMs) || typeof id !== 'string') return null
    return { createdAtMs: createdAtMs as number, id }
  } catch {
    return null
  }
}

/** Where a page starts that a client asks for: after its cursor, or with `null` at the beginning. */
export function startOfPage(cursor: string | null): Outcome<PagePosition | null> {
  if (cursor === null) return accepted(null)
  const after = readCursor(cursor)
  if (after) return accepted(after)
  return refusedField('cursor', 'is not a cursor of this call')
}

/** A page, and where the next one starts; null on the last. */
export interface Page<R> {
  readonly rows: readonly R[]
  readonly nextCursor: string | null
}

/** Cuts a page off rows of which one more than `limit` was read: that one tells if there is a next page. */
export function pageOf<R>(
  rows: readonly R[],
  { limit, positionOf }: { limit: number; positionOf: (row: R) => PagePosition },
): Page<R> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { rows: shown, nextCursor: rows.length > limit && last ? writeCursor(positionOf(last)) : null }
}
