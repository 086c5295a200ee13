import type { Facts } from './steps.ts'
import { refuse } from './world.ts'

/** A list that is read page by page to its end. A limit outside of 1 to 100 is refused. */
export function pageWalk(rows: readonly unknown[], limit: number): Facts {
  if (limit < 1 || limit > 100) refuse(422, 'invalid_fields')
  // Every page but the last is full, so this many pages it takes.
  return { rows, pages: Math.max(1, Math.ceil(rows.length / limit)) }
}
