import { type RawBuilder, sql } from 'kysely'
import { describeFaults, loadConfig } from '../../src/config/load.ts'
import type { Database, Tx } from '../../src/db/database.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import type { Schema } from '../../src/db/schema.ts'
import { linkHash, type Posting } from '../../src/features/wallet/index.ts'
import type { PlayerId } from '../../src/kernel/ids.ts'
import type { Engine } from '../support/engines.ts'
import { type HealthyPlayers, keepHealthyBooks } from './healthy-books.ts'

/** Healthy books on a database of their own, which can be spoilt and mended again. */
export interface BooksUnderTest {
  readonly database: Database
  /** The environment by which a command finds the same database. */
  readonly variables: Readonly<Record<string, string>>
  /** Changes the books behind the service's back. */
  plant(work: (planting: Planting) => Promise<unknown>): Promise<void>
  /** Puts every row back as it was. */
  mend(): Promise<void>
  close(): Promise<void>
}

/** What a planted breach has at hand. */
export interface Planting extends HealthyPlayers {
  readonly nowMs: number
  /** Runs one statement, constraints on values or not. */
  change(texts: TemplateStringsArray, ...values: unknown[]): Promise<unknown>
  /** Appends a well-chained ledger transaction, with whatever postings, and moves the coins and tokens of its player. */
  append(
    playerId: PlayerId,
    draft: { kind: string; sourceId: string; postings: readonly LoosePosting[] },
  ): Promise<void>
  /** Computes a player's chain anew over what stands there, as a forger would. */
  relink(playerId: PlayerId): Promise<void>
}

/** A posting that the service would refuse to write. */
export interface LoosePosting {
  readonly from: string
  readonly to: string
  readonly currency: string
  readonly amount: number
}

const NOW_MS = Date.UTC(2026, 10, 2)
const TABLES = [
  ...(['users', 'ledger_transactions', 'postings', 'inbox_messages', 'orders', 'payments', 'payment_lines'] as const),
  ...(['payment_identities', 'payment_events', 'payment_event_bodies', 'review_entries', 'outbox_events'] as const),
  ...(['invite_rewards', 'payment_reversals', 'order_reversals', 'refund_intents'] as const),
] satisfies (keyof Schema)[]

export async function openBooksUnderTest(engine: Engine): Promise<BooksUnderTest> {
  const store = await engine.create()
  const variables = { ENV: 'local', DATABASE_URL: store.url, ...store.variables }
  const loaded = loadConfig(variables)
  if (!loaded.ok) throw new Error(describeFaults(loaded.faults))
  const database = await openDatabase(loaded.config.database)
  await database.migrate()
  const players = await keepHealthyBooks(database)
  const rows = new Map<(typeof TABLES)[number], object[]>()
  for (const table of TABLES) rows.set(table, await database.db.selectFrom(table).selectAll().execute())
  const lifted = await liftChecks(database)
  return {
    database,
    variables,
    plant: (work) =>
      database.inTransaction(async (tx) => {
        if (lifted) await lifted.execute(tx)
        await work({ ...players, ...plantingOn(tx) })
      }),
    mend: () =>
      database.inTransaction(async (tx) => {
        for (const [table, kept] of rows) {
          await tx.deleteFrom(table).execute()
          if (kept.length > 0)
            await tx
              .insertInto(table)
              .values(kept as never)
              .execute()
        }
      }),
    close: async () => {
      await database.close()
      await store.drop()
    },
  }
}

/** What lets a row past the checks on values; MySQL keeps no such switch, so there the checks themselves go. */
async function liftChecks(database: Database): Promise<RawBuilder<unknown> | null> {
  switch (database.engine) {
    case 'sqlite':
      return sql`pragma ignore_check_constraints = on`
    case 'mariadb':
      return sql`set session check_constraint_checks = 0`
    case 'mysql':
      await sql`alter table postings drop check postings_positive`.execute(database.db)
      await sql`alter table postings drop check postings_move`.execute(database.db)
      return null
  }
}

function plantingOn(tx: Tx): Pick<Planting, 'nowMs' | 'change' | 'append' | 'relink'> {
  return {
    nowMs: NOW_MS,
    change: (texts, ...values) => sql(texts, ...values).execute(tx),
    append: (playerId, draft) => append(tx, { playerId, ...draft }),
    relink: (playerId) => relink(tx, playerId),
  }
}

async function append(
  tx: Tx,
  draft: { playerId: PlayerId; kind: string; sourceId: string; postings: readonly LoosePosting[] },
): Promise<void> {
  const { playerId: user_id, kind, sourceId, postings } = draft
  const player = await tx.selectFrom('users').selectAll().where('user_id', '=', user_id).executeTakeFirstOrThrow()
  const ledger_seq = player.ledger_seq + 1
  const header = {
    app_id: player.app_id,
    kind,
    source_id: sourceId,
    created_at_ms: NOW_MS,
    previous_hash: '',
    hash: '',
  }
  await tx
    .insertInto('ledger_transactions')
    .values({ user_id, ledger_seq, ...header })
    .execute()
  for (const [index, { from: from_account, to: to_account, currency, amount }] of postings.entries()) {
    const row = { user_id, ledger_seq, posting_no: index + 1, from_account, to_account, currency, amount }
    await tx
      .insertInto('postings')
      .values(row as never)
      .execute()
  }
  const moved = (currency: string): number =>
    postings
      .filter((posting) => posting.currency === currency)
      .reduce((sum, { from, to, amount }) => {
        const wallet = `player:${user_id}`
        return sum + (to === wallet ? amount : 0) - (from === wallet ? amount : 0)
      }, 0)
  await tx
    .updateTable('users')
    .set({ coins: player.coins + moved('coins'), tokens: player.tokens + moved('tokens') })
    .where('user_id', '=', user_id)
    .execute()
  await relink(tx, user_id)
}

async function relink(tx: Tx, user_id: PlayerId): Promise<void> {
  const links = await tx
    .selectFrom('ledger_transactions')
    .selectAll()
    .where('user_id', '=', user_id)
    .orderBy('ledger_seq')
    .execute()
  let head = { ledger_seq: 0, chain_hash: '0'.repeat(64) }
  for (const { ledger_seq, kind, source_id, created_at_ms } of links) {
    const rows = await tx
      .selectFrom('postings')
      .selectAll()
      .where('user_id', '=', user_id)
      .where('ledger_seq', '=', ledger_seq)
      .orderBy('posting_no')
      .execute()
    const postings = rows.map(
      (row) => ({ from: row.from_account, to: row.to_account, currency: row.currency, amount: row.amount }) as Posting,
    )
    const content = { playerId: user_id, ledgerSeq: ledger_seq, kind, sourceId: source_id, createdAtMs: created_at_ms }
    const hash = linkHash(head.chain_hash, { ...content, postings })
    await tx
      .updateTable('ledger_transactions')
      .set({ previous_hash: head.chain_hash, hash })
      .where('user_id', '=', user_id)
      .where('ledger_seq', '=', ledger_seq)
      .execute()
    head = { ledger_seq, chain_hash: hash }
  }
  await tx.updateTable('users').set(head).where('user_id', '=', user_id).execute()
}
