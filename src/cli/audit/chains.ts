import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { CHAIN_START } from '../../features/players/index.ts'
import { linkHash } from '../../features/wallet/index.ts'
import { openChainRoot } from '../../kernel/chain-root.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import type { Books } from './books.ts'
import { type Link, readLinks } from './links.ts'

type Player = Pick<Row<'users'>, 'user_id' | 'ledger_seq' | 'chain_hash'>
type Head = Pick<Link, 'ledgerSeq' | 'hash'>

/** I10: every player's chain is unbroken and both sequences are without gaps. */
export async function chainsAreUnbroken(books: Books): Promise<void> {
  let after = 0
  for await (const players of readPlayers(books.db)) {
    const upTo = players.at(-1)?.user_id ?? after
    const heads = await walkChains(books, { after, upTo })
    for (const player of players) checkHead(books, player, heads.get(player.user_id))
    after = upTo
  }
  await books.breachedBy(
    'a ledger transaction belongs to no player of its app',
    sql`select lt.user_id, lt.ledger_seq, lt.app_id, lt.kind, lt.source_id
      from ledger_transactions lt
      left join users u on u.user_id = lt.user_id and u.app_id = lt.app_id
      where u.user_id is null`,
  )
  await books.breachedBy(
    "a player's events are not numbered from 1 to the last without a gap",
    sql`select u.user_id, u.event_seq, count(e.event_seq) as events, max(e.event_seq) as last_event
      from users u
      left join outbox_events e on e.user_id = u.user_id
      group by u.user_id, u.event_seq
      having count(e.event_seq) <> u.event_seq or coalesce(min(e.event_seq), 1) <> 1
        or coalesce(max(e.event_seq), 0) <> u.event_seq`,
  )
  await books.breachedBy(
    'an event belongs to no player of its app',
    sql`select e.user_id, e.event_seq, e.app_id, e.type
      from outbox_events e
      left join users u on u.user_id = e.user_id and u.app_id = e.app_id
      where u.user_id is null`,
  )
}

/** Follows the chains of a range of players link by link; gives where each ends. */
async function walkChains(books: Books, range: { after: number; upTo: number }): Promise<Map<PlayerId, Head>> {
  const heads = new Map<PlayerId, Head>()
  for await (const links of readLinks(books.db, range)) {
    for (const link of links) {
      checkLink(books, link, heads.get(link.playerId) ?? { ledgerSeq: 0, hash: CHAIN_START })
      // What is broken is told once: the walk goes on from what stands there.
      heads.set(link.playerId, { ledgerSeq: link.ledgerSeq, hash: link.hash })
    }
    books.advance(links.length)
  }
  return heads
}

function checkLink(books: Books, link: Link, before: Head): void {
  const at = { user_id: link.playerId, ledger_seq: link.ledgerSeq, kind: link.kind, source_id: link.sourceId }
  if (link.ledgerSeq !== before.ledgerSeq + 1) {
    books.breach('a chain has a gap: a ledger transaction is missing', { ...at, ledger_seq_before: before.ledgerSeq })
  }
  if (link.previousHash !== before.hash) {
    books.breach('a ledger transaction does not follow the one before it', { ...at, previous_hash: link.previousHash })
  }
  // An amount that cannot be counted is told of as a posting.
  if (!link.uncountable && linkHash(link.previousHash, link) !== link.hash) {
    books.breach('a ledger transaction or its postings were changed after they were written', {
      ...at,
      hash: link.hash,
    })
  }
}

function checkHead(books: Books, player: Player, head: Head = { ledgerSeq: 0, hash: CHAIN_START }): void {
  if (player.ledger_seq === head.ledgerSeq && player.chain_hash === head.hash) return
  const { user_id, ledger_seq, chain_hash } = player
  books.breach("a chain does not end where its player's row says", {
    user_id,
    ledger_seq,
    last_ledger_seq: head.ledgerSeq,
    chain_hash,
    last_hash: head.hash,
  })
}

/** The root over the heads of all chains. Kept elsewhere, it shows a history that was rewritten from the first link on. */
export async function rootOfChains(db: Db): Promise<string> {
  const root = openChainRoot()
  for await (const players of readPlayers(db)) {
    for (const player of players) root.add(player)
  }
  return root.digest()
}

const PLAYERS_A_PAGE = 1_000

async function* readPlayers(db: Db): AsyncGenerator<Player[]> {
  for (let after = 0 as PlayerId; ; ) {
    const page: Player[] = await db
      .selectFrom('users')
      .select(['user_id', 'ledger_seq', 'chain_hash'])
      .where('user_id', '>', after)
      .orderBy('user_id')
      .limit(PLAYERS_A_PAGE)
      .execute()
    const last = page.at(-1)
    if (!last) return
    yield page
    after = last.user_id
  }
}
