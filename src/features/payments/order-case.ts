import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { AppId, OrderId } from '../../kernel/ids.ts'
import { majorNumber } from '../../kernel/money.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { findPlayer } from '../players/index.ts'
import { CASE_ROWS_MAX, type CaseRows, findOrderOfApp, selectCase } from './case-queries.ts'
import { type CaseFacts, explainOrder, type Words } from './case-rules.ts'

/** What a line of the story tells of, in the sequence of those of one moment. */
const KINDS = [
  'promise',
  'message',
  'payment',
  'cause',
  'state',
  'posting',
  'reward',
  'reversal',
  'review',
  'claim',
  'staff',
  'refund',
] as const
export type StoryKind = (typeof KINDS)[number]

/** One thing that happened to an order. Nothing secret stands in it, and nothing that somebody typed about themselves. */
export interface StoryLine {
  readonly atMs: number
  readonly kind: StoryKind
  readonly facts: Readonly<Record<string, unknown>>
}

/** An order's whole story, why it stands as it does, and what happens next. */
export interface OrderCase {
  readonly order: Row<'orders'>
  readonly explanation: Words
  readonly story: readonly StoryLine[]
  /** What was left out; empty: nothing. */
  readonly notes: readonly string[]
}

export interface CaseDeps {
  readonly database: Database
  readonly clock: Clock
}

/** Tells the case of any order of an app; another app's does not exist. */
export async function readOrderCase(
  { database, clock }: CaseDeps,
  wanted: { appId: AppId; orderId: OrderId },
): Promise<Outcome<OrderCase>> {
  const { db } = database
  const order = await findOrderOfApp(db, wanted)
  if (!order) return refused('order_not_found')
  const player = await findPlayer(db, { appId: order.app_id, playerId: order.user_id })
  const rows = await selectCase(db, order)
  const nowMs = clock.nowMs()
  return accepted({
    order,
    explanation: explainOrder(factsOf(order, { rows, nowMs, coins: player?.coins ?? 0, tokens: player?.tokens ?? 0 })),
    story: storyOf(order, rows),
    notes: rows.cut.map((kind) => `of more than ${CASE_ROWS_MAX} ${kind} only the first and the last are shown`),
  })
}

function factsOf(
  order: Row<'orders'>,
  about: { rows: CaseRows; nowMs: number; coins: number; tokens: number },
): CaseFacts {
  const { reversals, entries, reward, causes, payments } = about.rows
  const standing = reversals.filter((row) => row.restored_at_ms === null)
  const granted = payments.find((payment) => payment.payment_id === order.granted_payment_id)
  const ofGranted = causes.filter((cause) => cause.payment_id === granted?.payment_id)
  return {
    status: order.status,
    errorCode: order.error_code,
    wasGranted: order.granted_payment_id !== null,
    isTest: order.environment === 'test',
    nowMs: about.nowMs,
    expiresAtMs: order.expires_at_ms,
    reward: reward?.state ?? null,
    takenBy: standing.at(-1)?.cause ?? null,
    wasRestored: standing.length === 0 && ofGranted.some((cause) => cause.state === 'undone'),
    hasDebt: standing.length > 0 && (about.coins < 0 || about.tokens < 0),
    openEntries: entries.filter((entry) => entry.state === 'open').map((entry) => entry.reason),
  }
}

function storyOf(order: Row<'orders'>, rows: CaseRows): StoryLine[] {
  const lines = [
    promiseLine(order),
    ...rows.payments.flatMap((payment) => paymentLines(payment, order)),
    ...rows.messages.map(messageLine),
    ...rows.states.map(stateLine),
    ...rows.ledger.map(postingLine),
    ...(rows.reward ? rewardLines(rows.reward) : []),
    ...rows.causes.map(causeLine),
    ...rows.reversals.flatMap(reversalLines),
    ...rows.entries.flatMap(entryLines),
    ...rows.decisions.map(decisionLine),
    ...rows.refunds.flatMap(refundLines),
  ]
  const rank = (line: StoryLine): number => KINDS.indexOf(line.kind)
  return lines.toSorted((a, b) => a.atMs - b.atMs || rank(a) - rank(b))
}

function promiseLine(order: Row<'orders'>): StoryLine {
  const { terms, quantity, coins, tokens, bonus_percent, first_charge_bonus_percent, expires_at_ms } = order
  return {
    atMs: order.created_at_ms,
    kind: 'promise',
    facts: {
      item_id: order.item_id,
      item_name: order.item_name_en,
      quantity,
      price: majorNumber({ minor: order.price_minor, currency: order.currency }),
      currency: order.currency,
      terms,
      ...{ coins, tokens, bonus_percent, first_charge_bonus_percent },
      channel_instance: order.channel_instance,
      expires_at: expires_at_ms === null ? null : isoTime(expires_at_ms),
    },
  }
}

function paymentLines(payment: CaseRows['payments'][number], order: Row<'orders'>): StoryLine[] {
  const { payment_id, instance, environment, transaction_id } = payment
  const isOurs = (line: Row<'payment_lines'>) => [line.order_id, line.granted_order_id].includes(order.order_id)
  return payment.lines.filter(isOurs).map((line) => ({
    atMs: payment.created_at_ms,
    kind: 'payment',
    facts: {
      ...{ payment_id, instance, environment, transaction_id, line_no: line.line_no },
      ...{ uid: String(payment.payer_user_id), item_id: line.item_id, quantity: line.quantity },
      price: majorNumber({ minor: line.price_minor, currency: line.currency }),
      ...{ currency: line.currency, standing: line.standing, refusal: line.refusal },
      named_order_id: line.order_id,
    },
  }))
}

function messageLine(event: Row<'payment_events'>): StoryLine {
  const { event_id, kind, instance, environment, verdict, request_id, body_sha256, payment_id } = event
  return {
    atMs: event.received_at_ms,
    kind: 'message',
    facts: {
      ...{ event_id, message: kind, instance, environment, verdict, proof: proofOf(event) },
      ...{ request_id, body_sha256, payment_id },
    },
  }
}

/** How a message was proven, by what is kept of it: a signature itself is nobody's to read. */
function proofOf({ kind, instance, headers }: Row<'payment_events'>): string {
  if (kind === 'replay') return 'told again from a kept message'
  if (kind === 'look_up' || kind === 'device_purchase') return 'the platform was asked'
  const signature = Object.keys(JSON.parse(headers) as object).find((name) => name.includes('signature'))
  if (signature !== undefined) return `signature checked (${signature})`
  return instance === 'server' ? 'token checked' : 'checked by its channel'
}

function stateLine(event: Row<'outbox_events'>): StoryLine {
  const told = JSON.parse(event.payload) as Readonly<Record<string, unknown>>
  // Not its reason: a player may have typed that.
  const { order_status = null, error_code = null } = told
  const { event_id, event_seq, state_version } = event
  return {
    atMs: event.created_at_ms,
    kind: 'state',
    facts: { order_status, state_version, error_code, event_id, event_seq },
  }
}

function postingLine(link: CaseRows['ledger'][number]): StoryLine {
  const { kind, source_id, ledger_seq, hash } = link
  const postings = link.postings.map(({ from_account, to_account, currency, amount }) => ({
    ...{ from: from_account, to: to_account, currency, amount },
  }))
  return { atMs: link.created_at_ms, kind: 'posting', facts: { ledger: kind, source_id, ledger_seq, hash, postings } }
}

function rewardLines(message: Row<'inbox_messages'>): StoryLine[] {
  const { message_id, tokens, tokens_taken, state, claimed_at_ms } = message
  const made: StoryLine = {
    atMs: message.created_at_ms,
    kind: 'reward',
    facts: { message_id, tokens, tokens_taken, state },
  }
  const claimed: StoryLine[] =
    claimed_at_ms === null
      ? []
      : [{ atMs: claimed_at_ms, kind: 'claim', facts: { message_id, tokens: tokens - tokens_taken } }]
  return [made, ...claimed]
}

function causeLine(row: Row<'payment_reversals'>): StoryLine {
  const { cause, cause_id, state, payment_id, line_no, amount_minor, currency } = row
  const amount = amount_minor === null || currency === null ? null : majorNumber({ minor: amount_minor, currency })
  return {
    atMs: row.recorded_at_ms,
    kind: 'cause',
    facts: { cause, cause_id, state, payment_id, line_no, amount, currency, occurred_at: isoTime(row.occurred_at_ms) },
  }
}

function reversalLines(row: Row<'order_reversals'>): StoryLine[] {
  const { reversal_no, cause, cause_id, coins, tokens, tokens_from_inbox, restored_at_ms } = row
  const { coins_written_off, tokens_written_off } = row
  const of = { reversal_no, cause, cause_id, coins, tokens }
  const took: StoryLine = {
    atMs: row.taken_at_ms,
    kind: 'reversal',
    facts: {
      ...{ did: 'taken', ...of, tokens_from_inbox, coins_written_off, tokens_written_off },
      message_withdrawn: row.message_withdrawn === 1,
    },
  }
  const gave: StoryLine[] =
    restored_at_ms === null ? [] : [{ atMs: restored_at_ms, kind: 'reversal', facts: { did: 'given back', ...of } }]
  return [took, ...gave]
}

function entryLines(entry: Row<'review_entries'>): StoryLine[] {
  const { entry_id, payment_id, line_no, reason, state, closed_at_ms } = entry
  const of = { entry_id, payment_id, line_no, reason }
  const opened: StoryLine = { atMs: entry.created_at_ms, kind: 'review', facts: { did: 'queued', ...of } }
  const closed: StoryLine[] =
    closed_at_ms === null ? [] : [{ atMs: closed_at_ms, kind: 'review', facts: { did: state, ...of } }]
  return [opened, ...closed]
}

function decisionLine({ at_ms, kind, by_name, entry_id, details }: Row<'staff_actions'>): StoryLine {
  const decided = JSON.parse(details) as Readonly<Record<string, unknown>>
  return { atMs: at_ms, kind: 'staff', facts: { did: kind, by: by_name, entry_id, ...decided } }
}

/** Money that people want to go back: when it was wanted, and, once nobody tries any more, what came of it. */
function refundLines(refund: Row<'refund_intents'>): StoryLine[] {
  const { intent_id, state, attempts, last_error, refund_id } = refund
  const wanted: StoryLine = { atMs: refund.created_at_ms, kind: 'refund', facts: { did: 'wanted', intent_id } }
  if (state === 'open') return [wanted]
  const facts = { did: state, intent_id, attempts, last_error, refund_id }
  return [wanted, { atMs: refund.updated_at_ms, kind: 'refund', facts }]
}
