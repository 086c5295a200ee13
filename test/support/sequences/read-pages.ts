import assert from 'node:assert/strict'
import type { Told } from '../model/steps.ts'
import type { Answer } from '../test-app.ts'
import { type Cast, toldBy } from './cast.ts'

/** No list of a sequence is longer. */
const PAGES_MAX = 50

/** Reads a list page by page to its end, as a client does; every page but the last must be full. */
export async function readPages(
  cast: Cast,
  list: { rows: 'data' | 'messages'; limit: number; read: (page: Record<string, unknown>) => Promise<Answer> },
): Promise<Told> {
  const rows: unknown[] = []
  let cursor: string | null = null
  for (let pages = 1; pages <= PAGES_MAX; pages++) {
    const answer: Answer = await list.read({ limit: list.limit, ...(cursor === null ? {} : { cursor }) })
    const told = toldBy(cast, answer)
    if (told.status !== 200) return told
    const page = told.facts?.[list.rows] as unknown[]
    rows.push(...page)
    cursor = answer.body.next_cursor
    if (cursor === null) return { status: 200, facts: { rows, pages } }
    assert.equal(page.length, list.limit, 'a page that is not the last is full')
  }
  throw new Error(`a list without an end: ${JSON.stringify(rows.slice(0, 5))}`)
}
