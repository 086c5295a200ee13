import type { Database, Db } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { RecordSecurityEvent } from '../../kernel/security-event.ts'
import { findIdentities } from '../players/index.ts'
import { listSessions, type SessionStore } from '../sessions/index.ts'
import type { Person } from './evidence-queries.ts'
import { exportedEvents, exportedPayments } from './export-evidence.ts'
import {
  selectEventsAfter,
  selectInvitesAfter,
  selectLedgerAfter,
  selectMessagesAfter,
  selectPostingsBetween,
} from './export-queries.ts'
import { countKept, findAnyPlayer } from './queries.ts'
import { exportedRow } from './rules.ts'
import { ordersOf } from './walk-evidence.ts'
import { writeDocument } from './write-document.ts'

export interface ExportDeps {
  readonly database: Database
  /** Null where no session was ever kept. */
  readonly sessions: SessionStore | null
  readonly clock: Clock
  readonly record: RecordSecurityEvent
}

/** How much of an export is written, in rows. */
export interface ExportProgress {
  readonly done: number
  readonly total: number
}

const ROWS_A_PAGE = 200

/**
 * Writes everything that we keep of a player as one JSON document, all of one moment: nothing is held but a page of it.
 */
export async function exportPlayer(
  deps: ExportDeps,
  wanted: {
    playerId: PlayerId
    write: (text: string) => Promise<void>
    onProgress: (progress: ExportProgress) => void
  },
): Promise<Outcome<Person>> {
  const { playerId, write, onProgress } = wanted
  const player = await findAnyPlayer(deps.database.db, playerId)
  if (!player) return refused('player_not_found')
  const sessions = deps.sessions === null ? [] : await listSessions({ sessions: deps.sessions }, { playerId })
  const person: Person = { appId: player.app_id, playerId }
  await deps.database.inSnapshot(async (db) => {
    const kept = await countKept(db, person)
    // Orders are walked three times: for themselves, for their payments, and for the messages about both.
    const total = 3 * kept.orders + kept.ledgerTransactions + kept.messages + kept.securityEvents
    let done = 0
    const counted = async function* <T>(pages: AsyncIterable<T[]>): AsyncGenerator<T> {
      for await (const page of pages) {
        yield* page
        done += page.length
        onProgress({ done: Math.min(done, total), total })
      }
    }
    await writeDocument(write, [
      ['exported_at', async () => isoTime(deps.clock.nowMs())],
      ['app_id', async () => player.app_id],
      ['account', async () => accountOf((await findAnyPlayer(db, playerId)) ?? player)],
      ['identities', async () => (await findIdentities(db, { playerId })).map(identityOf)],
      ['sessions', async () => sessions.map(({ sessionId: id, ...rest }) => sessionOf({ id, ...rest }))],
      ['orders', () => mapped(counted(ordersOf(db, person)), exportedRow)],
      ['ledger', () => counted(ledgerOf(db, playerId))],
      ['inbox', () => mapped(counted(messagesOf(db, playerId)), exportedRow)],
      ['payments', () => counted(exportedPayments(db, person))],
      ['payment_events', () => counted(exportedEvents(db, person))],
      ['invitations', () => mapped(counted(invitesOf(db, playerId)), (row) => invitationOf(row, playerId))],
      ['security_events', () => mapped(counted(eventsOf(db, playerId)), exportedRow)],
    ])
    onProgress({ done: total, total })
  })
  deps.record({ kind: 'player_exported', ...person, provider: null, outcome: null, origin: null })
  return accepted(person)
}

async function* mapped<T>(entries: AsyncIterable<T>, map: (entry: T) => unknown): AsyncGenerator<unknown> {
  for await (const entry of entries) yield map(entry)
}

function accountOf(player: Row<'users'>): Record<string, unknown> {
  const { gift_streak, gift_date, gift_zone, gift_at_ms, ...account } = player
  return { ...exportedRow(account), daily_gift: exportedRow({ gift_streak, gift_date, gift_zone, gift_at_ms }) }
}

/** Whether there is a credential is the person's to know; its hash is of use to a thief only. */
function identityOf({ credential_hash, ...identity }: Row<'identities'>): Record<string, unknown> {
  return { ...exportedRow(identity), has_credential: credential_hash !== null }
}

/** What an invitation was to this player. Who the other one is, and when and what they bought, is that person's own. */
function invitationOf(row: Row<'invite_rewards'>, playerId: PlayerId): Record<string, unknown> {
  const { app_id, state, order_id, due_at_ms, settled_at_ms } = row
  return row.invited_user_id === playerId
    ? exportedRow({
        role: 'invited',
        app_id,
        state,
        order_id,
        message_id: row.invited_message_id,
        due_at_ms,
        settled_at_ms,
      })
    : exportedRow({ role: 'inviter', app_id, state, message_id: row.inviter_message_id, settled_at_ms })
}

function sessionOf({ id, client, startedAtMs }: { id: string; client: string; startedAtMs: number }) {
  return { session_id: id, client, started_at: isoTime(startedAtMs) }
}

async function* ledgerOf(db: Db, playerId: PlayerId): AsyncGenerator<Record<string, unknown>[]> {
  for (let after = 0; ; ) {
    const page = await selectLedgerAfter(db, { playerId, after, limit: ROWS_A_PAGE })
    const [first, last] = [page.at(0), page.at(-1)]
    if (!first || !last) return
    const stretch = { playerId, first: first.ledger_seq, last: last.ledger_seq }
    const postings = Map.groupBy(await selectPostingsBetween(db, stretch), (posting) => posting.ledger_seq)
    yield page.map((row) => ({ ...exportedRow(row), postings: (postings.get(row.ledger_seq) ?? []).map(postingOf) }))
    after = last.ledger_seq
  }
}

function postingOf({ from_account, to_account, currency, amount }: Row<'postings'>) {
  return { from_account, to_account, currency, amount }
}

async function* messagesOf(db: Db, playerId: PlayerId): AsyncGenerator<Row<'inbox_messages'>[]> {
  for (let after: Row<'inbox_messages'> | null = null; ; ) {
    const page: Row<'inbox_messages'>[] = await selectMessagesAfter(db, { playerId, after, limit: ROWS_A_PAGE })
    yield page
    after = page.at(-1) ?? null
    if (after === null) return
  }
}

async function* eventsOf(db: Db, playerId: PlayerId): AsyncGenerator<Row<'security_events'>[]> {
  for (let after: Row<'security_events'> | null = null; ; ) {
    const page: Row<'security_events'>[] = await selectEventsAfter(db, { playerId, after, limit: ROWS_A_PAGE })
    yield page
    after = page.at(-1) ?? null
    if (after === null) return
  }
}

async function* invitesOf(db: Db, playerId: PlayerId): AsyncGenerator<Row<'invite_rewards'>[]> {
  for (let after = 0; ; ) {
    const page = await selectInvitesAfter(db, { playerId, after, limit: ROWS_A_PAGE })
    yield page
    const last = page.at(-1)
    if (!last) return
    after = last.invited_user_id
  }
}
