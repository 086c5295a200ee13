import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { PaymentNames, Question, RefundMade, RefundWanted, Standing } from '../channel.ts'
import { fits } from '../read-body.ts'
import { callAppcharge, unavailable } from './client.ts'
import type { AppchargeInstance } from './instance.ts'
import { REFUND_CAUSE } from './names.ts'
import { OrdersPageSchema } from './wire.ts'

// The states of an order in its report. Orders that were given back or disputed are few, so they are asked for by themselves.
export const REFUNDED = 'payment_refunded'
export const UNDER_WAY: readonly string[] = ['payment_refund_pending', 'payment_refund_requires_action']
export const REFUND_FAILED: readonly string[] = ['payment_refund_failed', 'payment_refund_canceled']
export const DISPUTE_LOST = 'payment_dispute_lost'
const STANDS_IN_DISPUTE: readonly string[] = [
  ...['payment_dispute_open', 'payment_dispute_evidence_submitted', 'payment_dispute_won'],
  ...['payment_dispute_inquiry_open', 'payment_dispute_inquiry_evidence_submitted', 'payment_dispute_inquiry_won'],
]
const TAKEN_BACK: readonly string[] = [REFUNDED, ...UNDER_WAY, ...REFUND_FAILED, DISPUTE_LOST]
// What we refused stands as paid and not awarded there: these are few as well.
export const PAID_AND_WAITING: readonly string[] = [
  'charge_failed',
  'charge_pending',
  'payment_succeed',
  ...STANDS_IN_DISPUTE,
]
export const PAID_AND_AWARDED: readonly string[] = ['charge_succeed']

const DAY_MS = 24 * 60 * 60 * 1000
/** A report of a month is one that is asked for every day; how long a span it allows at most is not documented. */
const SPAN_DAYS = 30
/** Fourteen months: no card network lets money go back after a longer time. */
const SPANS_MAX = 14
const PAGE_SIZE = 500
const PAGES_MAX = 20

/** Who asks for a refund, as their API wants to know it. */
const USER_ID = 'payment-api'

/**
 * Asks for a refund of a whole purchase; there are no others. Appcharge takes the wish and carries it out later, and knows no key:
 * so it is asked first what became of the order.
 */
export async function refundOrder(instance: AppchargeInstance, refund: RefundWanted): Promise<Outcome<RefundMade>> {
  const { transactionId, amount, nowMs } = refund
  if (transactionId === null) return refused('purchase_not_found')
  if (amount !== null) return refused('refund_refused')
  const state = await stateOf(instance, { transactionId, states: TAKEN_BACK, nowMs })
  if (!state.ok) return state
  if (state.value === REFUNDED) return accepted({ refundId: REFUND_CAUSE, occurredAtMs: nowMs })
  if (state.value !== null) return refused(UNDER_WAY.includes(state.value) ? 'refund_pending' : 'refund_refused')
  const path = `/checkout/api/v1/order/${encodeURIComponent(transactionId)}/refund`
  const headers = { 'x-publisher-token': instance.publisherToken, 'x-user-id': USER_ID }
  const answer = await callAppcharge(instance, { method: 'POST', path, headers, body: {} })
  if (!answer.ok) return answer
  const { status, json } = answer.value
  if (status < 300) return refused('refund_pending')
  if (status === 404) return refused('purchase_not_found')
  return refused(isAlreadyUnderWay(json) ? 'refund_pending' : 'refund_refused')
}

/** Its report may not show yet what we asked for a moment ago; asked again it then says so in words of its own. */
function isAlreadyUnderWay(json: unknown): boolean {
  const { message } = (json ?? {}) as Readonly<Record<string, unknown>>
  return typeof message === 'string' && /already|pending|in progress|refunded/i.test(message)
}

/** What the report says of a purchase; money that is on its way back does not stand. */
export async function standingOf(
  instance: AppchargeInstance,
  { transactionId, nowMs }: PaymentNames & Question,
): Promise<Outcome<Standing>> {
  if (transactionId === null) return accepted('unknown')
  for (const states of [[...TAKEN_BACK, ...PAID_AND_WAITING], PAID_AND_AWARDED]) {
    const state = await stateOf(instance, { transactionId, states, nowMs })
    if (!state.ok) return state
    if (state.value === null) continue
    const isGone = [REFUNDED, DISPUTE_LOST, ...UNDER_WAY].includes(state.value)
    return accepted(isGone ? 'gone' : 'stands')
  }
  return accepted('unknown')
}

/** The state of an order, where it is one of those. The report cannot be asked for one order, so it is read from now backwards. */
async function stateOf(instance: AppchargeInstance, wanted: Wanted): Promise<Outcome<string | null>> {
  for (let span = 0; span < SPANS_MAX; span++) {
    const untilMs = wanted.nowMs - span * SPAN_DAYS * DAY_MS
    const found = await stateInSpan(instance, wanted, { fromMs: untilMs - SPAN_DAYS * DAY_MS, untilMs })
    if (!found.ok || found.value !== null) return found
  }
  return accepted(null)
}

interface Wanted {
  readonly transactionId: string
  readonly states: readonly string[]
  readonly nowMs: number
}

async function stateInSpan(
  instance: AppchargeInstance,
  { transactionId, states }: Wanted,
  span: { readonly fromMs: number; readonly untilMs: number },
): Promise<Outcome<string | null>> {
  const [startDate, endDate] = [span.fromMs, span.untilMs].map((timeMs) => new Date(timeMs).toISOString())
  for (let page = 0; page < PAGES_MAX; page++) {
    const body = { startDate, endDate, recordLimit: PAGE_SIZE, offset: page * PAGE_SIZE, statuses: states }
    const answer = await callAppcharge(instance, { method: 'POST', path: '/reporting/reports/orders', body })
    if (!answer.ok) return answer
    const { status, json } = answer.value
    if (status >= 300 || !fits(OrdersPageSchema, json)) return unavailable()
    const { results } = json
    const found = results.find(({ acOrderId }) => acOrderId === transactionId)
    // One that is listed in another state than was asked for says nothing that we may act on.
    if (found) return states.includes(found.state) ? accepted(found.state) : unavailable()
    if (results.length < PAGE_SIZE) break
  }
  return accepted(null)
}
