import type { Row } from '../../db/schema.ts'
import { listReviewQueue, listUnfinishedRefunds, type QueuedMoney } from '../../features/payments/index.ts'
import { isoTime } from '../../kernel/clock.ts'
import { type PagePosition, readCursor, writeCursor } from '../../kernel/cursor.ts'
import type { FieldFault } from '../../kernel/outcome.ts'
import { printable, quoted, readWhole } from '../store/arguments.ts'
import { textTable } from '../store/text-table.ts'
import { EXIT_DONE, type OpenedOrders, type OrdersOptions, print, runOnOrders, tellRefusal } from './run-orders.ts'
import { ageWords, moneyWords } from './words.ts'

export interface ListArguments extends OrdersOptions {
  readonly limit: string
  readonly after?: string
  readonly all?: boolean
}

const LIMIT_MAX = 500

/** The queue, page by page, and the refunds that are not done. */
export async function listQueue(options: ListArguments): Promise<void> {
  await runOnOrders(options, async (opened) => {
    const faults: FieldFault[] = []
    const limit = readWhole(faults, { name: '--limit', text: options.limit })
    if (limit !== null && (limit < 1 || limit > LIMIT_MAX)) {
      faults.push({ path: '--limit', message: `must be 1 to ${LIMIT_MAX}` })
    }
    const after = options.after === undefined ? null : readCursor(options.after)
    if (options.after !== undefined && !after) {
      faults.push({ path: '--after', message: `${quoted(options.after)} is where no page ended` })
    }
    if (limit === null || faults.length > 0) return tellRefusal({ code: 'invalid_fields' }, options, faults)
    const refunds = await listUnfinishedRefunds(opened.database, { appId: opened.appId, limit: LIMIT_MAX })
    if (options.json) await printJson(opened, { options, limit, after, refunds })
    else await printTables(opened, { options, limit, after, refunds })
    return EXIT_DONE
  })
}

interface Listing {
  readonly options: ListArguments
  readonly limit: number
  readonly after: PagePosition | null
  readonly refunds: readonly Row<'refund_intents'>[]
}

/** One page, or all that follow it; the next is read once the one before it is printed. */
async function* pagesOf({ database, appId }: OpenedOrders, { options, limit, after }: Listing) {
  for (let from = after; ; ) {
    const { rows, nextCursor } = await listReviewQueue(database, { appId, limit, after: from })
    yield { rows, nextCursor }
    if (nextCursor === null || !options.all) return
    from = readCursor(nextCursor)
  }
}

async function printTables(opened: OpenedOrders, listing: Listing): Promise<void> {
  let shown = 0
  let next: string | null = null
  for await (const { rows, nextCursor } of pagesOf(opened, listing)) {
    if (rows.length > 0) print(textTable([HEAD, ...rows.map((row) => cellsOf(row, opened.nowMs))]))
    shown += rows.length
    next = nextCursor
  }
  if (shown === 0) print(`No money of ${opened.appId} waits in the review queue.`)
  if (next !== null) print(`\nThere are more: --all, or --after ${next}`)
  if (listing.refunds.length > 0) print(`\n${refundsTable(listing.refunds, opened.nowMs)}`)
}

const HEAD = ['entry', 'reason', 'order', 'player', 'item', 'money', 'age']

function cellsOf(row: QueuedMoney, nowMs: number): string[] {
  return [
    row.entry_id,
    row.reason,
    printable(row.order_id),
    String(row.user_id),
    row.quantity === 1 ? String(row.item_id) : `${row.item_id} x ${row.quantity}`,
    moneyWords(row.price_minor, row.currency),
    ageWords(nowMs - row.created_at_ms),
  ]
}

const REFUND_WORDS = {
  open: 'under way',
  failed: 'given up: `refund` tries again',
  refused: 'refused by the platform',
  done: 'done',
} as const

function refundsTable(refunds: readonly Row<'refund_intents'>[], nowMs: number): string {
  const rows = refunds.map((one) => [
    one.intent_id,
    REFUND_WORDS[one.state],
    printable(one.order_id),
    moneyWords(one.amount_minor, one.currency),
    String(one.attempts),
    one.last_error ?? '',
    ageWords(nowMs - one.created_at_ms),
  ])
  return textTable([['refund', 'state', 'order', 'money', 'attempts', 'last error', 'age'], ...rows])
}

async function printJson(opened: OpenedOrders, listing: Listing): Promise<void> {
  const entries: object[] = []
  let last: string | null = null
  for await (const { rows, nextCursor } of pagesOf(opened, listing)) {
    for (const row of rows) entries.push(entryJson(row))
    last = nextCursor
  }
  const refunds = listing.refunds.map((one) => ({
    refund: one.intent_id,
    state: one.state,
    order_id: one.order_id,
    amount_minor: one.amount_minor,
    currency: one.currency,
    attempts: one.attempts,
    last_error: one.last_error,
    created_at: isoTime(one.created_at_ms),
  }))
  print(JSON.stringify({ app_id: opened.appId, entries, next: last, refunds }, null, 2))
}

function entryJson(row: QueuedMoney) {
  return {
    entry: row.entry_id,
    reason: row.reason,
    order_id: row.order_id,
    uid: String(row.user_id),
    item_id: row.item_id,
    quantity: row.quantity,
    amount_minor: row.price_minor,
    currency: row.currency,
    created_at: isoTime(row.created_at_ms),
    cursor: writeCursor({ createdAtMs: row.created_at_ms, id: row.entry_id }),
  }
}
