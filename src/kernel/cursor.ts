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
