import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { Posting } from '../../features/wallet/index.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { countable } from './books.ts'

/** A ledger transaction with its postings: what its hash covers, and the hashes that stand in the table. */
export interface Link {
  readonly playerId: PlayerId
  readonly ledgerSeq: number
  readonly kind: string
  readonly sourceId: string
  readonly createdAtMs: number
  readonly postings: readonly Posting[]
  /** True when a posting has an amount that cannot be counted, so that there is nothing to hash. */
  readonly uncountable: boolean
  readonly previousHash: string
  readonly hash: string
}

interface Position {
  readonly playerId: number
  readonly ledgerSeq: number
}

const LINKS_A_PAGE = 1_000

/**
 * Reads the chains of a range of players in order, page by page. A page goes on first within the player where the last
 * one stopped, then with the next players: two plain ranges of the primary key, where one condition over both columns
 * would make the engine read a long chain from its start for every page.
 */
export async function* readLinks(db: Db, { after, upTo }: { after: number; upTo: number }): AsyncGenerator<Link[]> {
  for (let position: Position = { playerId: after, ledgerSeq: Number.MAX_SAFE_INTEGER }; ; ) {
    const rest = await readPage(db, { of: 'same_player', position, upTo, limit: LINKS_A_PAGE })
    const room = LINKS_A_PAGE - rest.length
    const page =
      room === 0 ? rest : [...rest, ...(await readPage(db, { of: 'next_players', position, upTo, limit: room }))]
    const last = page.at(-1)
    if (!last) return
    yield page
    position = last
  }
}

async function readPage(
  db: Db,
  page: { of: 'same_player' | 'next_players'; position: Position; upTo: number; limit: number },
): Promise<Link[]> {
  const playerId = page.position.playerId as PlayerId
  const table = db.selectFrom('ledger_transactions as t').selectAll('t')
  const range =
    page.of === 'same_player'
      ? table.where('t.user_id', '=', playerId).where('t.ledger_seq', '>', page.position.ledgerSeq)
      : table.where('t.user_id', '>', playerId).where('t.user_id', '<=', page.upTo as PlayerId)
  const rows = await db
    .selectFrom(range.orderBy('t.user_id').orderBy('t.ledger_seq').limit(page.limit).as('lt'))
    .leftJoin('postings as p', (join) =>
      join.onRef('p.user_id', '=', 'lt.user_id').onRef('p.ledger_seq', '=', 'lt.ledger_seq'),
    )
    .selectAll('lt')
    .select(['p.posting_no', 'p.from_account', 'p.to_account', 'p.currency'])
    .select(countable(sql`p.amount`).as('amount'))
    .orderBy('lt.user_id')
    .orderBy('lt.ledger_seq')
    .orderBy('p.posting_no')
    .execute()
  return linksOf(rows)
}

interface LinkRow {
  readonly user_id: PlayerId
  readonly ledger_seq: number
  readonly kind: string
  readonly source_id: string
  readonly created_at_ms: number
  readonly previous_hash: string
  readonly hash: string
  readonly from_account: string | null
  readonly to_account: string | null
  readonly currency: Posting['currency'] | null
  readonly amount: number | null
}

/** Gathers rows of one posting each, which come in order, into ledger transactions. */
function linksOf(rows: readonly LinkRow[]): Link[] {
  const links: (Link & { postings: Posting[]; uncountable: boolean })[] = []
  for (const row of rows) {
    let link = links.at(-1)
    if (link?.playerId !== row.user_id || link.ledgerSeq !== row.ledger_seq) {
      link = {
        playerId: row.user_id,
        ledgerSeq: row.ledger_seq,
        kind: row.kind,
        sourceId: row.source_id,
        createdAtMs: row.created_at_ms,
        postings: [],
        uncountable: false,
        previousHash: row.previous_hash,
        hash: row.hash,
      }
      links.push(link)
    }
    const { from_account: from, to_account: to, currency, amount } = row
    if (from === null || to === null || currency === null) continue
    if (amount === null) link.uncountable = true
    else link.postings.push({ from: from as Posting['from'], to: to as Posting['to'], currency, amount })
  }
  return links
}
