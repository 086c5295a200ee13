import { findReviewCase, type ReviewCase } from '../../features/payments/index.ts'
import { utcSeconds } from '../../kernel/clock.ts'
import { printable } from '../store/arguments.ts'
import { textTable } from '../store/text-table.ts'
import { EXIT_DONE, type OrdersOptions, print, runOnOrders, tellRefusal } from './run-orders.ts'
import { moneyWords } from './words.ts'

/** An entry or an order with everything that is kept of its payments. */
export async function show(options: OrdersOptions, target: string): Promise<void> {
  await runOnOrders(options, async ({ database, appId }) => {
    const found = await findReviewCase(database, { appId, target })
    if (!found.ok) return tellRefusal(found.refusal, options)
    print(options.json ? JSON.stringify({ app_id: appId, ...found.value }, null, 2) : wordsOf(found.value))
    return EXIT_DONE
  })
}

function wordsOf(known: ReviewCase): string {
  const tables = [
    ordersTable(known),
    linesTable(known),
    entriesTable(known),
    eventsTable(known),
    reversalsTable(known),
    refundsTable(known),
    actionsTable(known),
  ]
  return tables.filter((table) => table !== null).join('\n\n')
}

/** Null where there is nothing to show. */
function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string | null {
  return rows.length === 0 ? null : textTable([head, ...rows.map((row) => row.map(printable))])
}

function ordersTable({ orders }: ReviewCase): string | null {
  return tableOf(
    ['order', 'status', 'player', 'item', 'price', 'coins', 'tokens', 'granted'],
    orders.map((one) => [
      one.order_id,
      one.status,
      String(one.user_id),
      `${one.item_id}${one.quantity === 1 ? '' : ` x ${one.quantity}`}`,
      moneyWords(one.price_minor, one.currency),
      String(one.coins),
      String(one.tokens),
      one.granted_at_ms === null ? 'no' : utcSeconds(one.granted_at_ms),
    ]),
  )
}

function linesTable({ payments, lines }: ReviewCase): string | null {
  return tableOf(
    ['payment', 'channel', 'transaction', 'payer', 'named order', 'item', 'paid', 'stands as', 'granted to'],
    lines.map((line) => {
      const payment = payments.find((one) => one.payment_id === line.payment_id)
      return [
        line.payment_id,
        `${payment?.instance ?? ''}${payment?.environment === 'live' ? '' : ` (${payment?.environment})`}`,
        payment?.transaction_id ?? 'none',
        String(payment?.payer_user_id ?? ''),
        line.order_id,
        `${line.item_id}${line.quantity === 1 ? '' : ` x ${line.quantity}`}`,
        moneyWords(line.price_minor, line.currency),
        line.refusal === null ? line.standing : `${line.standing}: ${line.refusal}`,
        line.granted_order_id ?? '',
      ]
    }),
  )
}

function entriesTable({ entries }: ReviewCase): string | null {
  return tableOf(
    ['entry', 'reason', 'state', 'since', 'closed'],
    entries.map((one) => [
      one.entry_id,
      one.reason,
      one.state,
      utcSeconds(one.created_at_ms),
      one.closed_at_ms === null ? '' : utcSeconds(one.closed_at_ms),
    ]),
  )
}

function eventsTable({ events }: ReviewCase): string | null {
  return tableOf(
    ['event', 'kind', 'verdict', 'received'],
    events.map((one) => [one.event_id, one.kind, one.verdict, utcSeconds(one.received_at_ms)]),
  )
}

function reversalsTable({ reversals }: ReviewCase): string | null {
  return tableOf(
    ['went back by', 'id', 'state', 'money', 'since'],
    reversals.map((one) => [
      one.cause,
      one.cause_id,
      one.state,
      moneyWords(one.amount_minor, one.currency),
      utcSeconds(one.occurred_at_ms),
    ]),
  )
}

function refundsTable({ refunds }: ReviewCase): string | null {
  return tableOf(
    ['refund', 'state', 'money', 'attempts', 'last error', 'asked for'],
    refunds.map((one) => [
      one.intent_id,
      one.state,
      moneyWords(one.amount_minor, one.currency),
      String(one.attempts),
      one.last_error ?? '',
      utcSeconds(one.created_at_ms),
    ]),
  )
}

function actionsTable({ actions }: ReviewCase): string | null {
  return tableOf(
    ['decided', 'by', 'when', 'what'],
    actions.map((one) => [one.kind, one.by_name, utcSeconds(one.at_ms), one.details]),
  )
}
