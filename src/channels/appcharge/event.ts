import { parsePlayerId } from '../../kernel/ids.ts'
import type { FieldFault } from '../../kernel/outcome.ts'
import { type ChannelMessage, type Evidence, type NoticeFacts, vouchForFailure, vouchForNotice } from '../channel.ts'
import { itemOfSku, UNKNOWN_ITEM_ID } from '../item-of-sku.ts'
import { SIGNATURE_TOLERANCE_MS } from '../timestamped-signature.ts'
import type { AppchargeInstance } from './instance.ts'
import { DISPUTE_CAUSE, orderOfSession, purchaseName, REFUND_CAUSE } from './names.ts'
import type { AppchargeEvent } from './wire.ts'

interface Told {
  readonly event: AppchargeEvent
  readonly evidence: Evidence
  readonly nowMs: number
}

/** How an order is shown that its player left unpaid, and one whose payment failed. */
const CANCELED_CODE = 'PAYMENT_CANCELLED'
const FAILED_CODE = 'PAYMENT_FAILED'

/** What an event says. Both spellings of its name are known, with dots and with underscores. */
export function messageFromEvent(instance: AppchargeInstance, told: Told): ChannelMessage {
  const { result } = told.event
  const name = told.event.eventName.toLowerCase().replaceAll('_', '.')
  switch (name) {
    case 'order.refunded':
      // Its report knows refunds that fail or are called off.
      return /^(?:fail|cancel)/i.test(result ?? '')
        ? noConcern(instance, told)
        : noticeFrom(instance, { ...told, cause: 'refund', state: 'taken' })
    case 'order.dispute.opened':
      return noticeFrom(instance, { ...told, cause: 'dispute', state: 'open' })
    case 'order.dispute.resolved': {
      const state = stateOfDispute(told.event)
      return state === null ? noConcern(instance, told) : noticeFrom(instance, { ...told, cause: 'dispute', state })
    }
    case 'order.payment.resolved': {
      const how = result?.toLowerCase()
      if (how === 'failed') return failureFrom(instance, { ...told, errorCode: FAILED_CODE })
      return noConcern(instance, how === 'success' ? withoutPerson(told) : told)
    }
    case 'order.canceled':
    case 'order.cancelled':
      return failureFrom(instance, { ...told, errorCode: CANCELED_CODE })
    case 'order.created':
    case 'order.completed':
      return noConcern(instance, withoutPerson(told))
    default:
      // What happens to an order under a name of tomorrow may be understood once it is told again.
      return noConcern(instance, name.startsWith('order.') ? told : withoutPerson(told))
  }
}

/**
 * Who looks at the store and where from is told with a mail address and a place. Nothing of it is ever needed, and no payment would
 * lead to it when its person is erased: that it was told is kept, and when.
 */
function withoutPerson(told: Told): Told {
  const { eventName, eventId, timestamp } = told.event
  const rawBody = Buffer.from(JSON.stringify({ eventName, eventId, timestamp }))
  return { ...told, evidence: { ...told.evidence, rawBody } }
}

function sourceOf({ appId, instance, environment }: AppchargeInstance, evidence: Evidence) {
  return { appId, instance, environment, evidence }
}

function noConcern(instance: AppchargeInstance, { evidence }: Told): ChannelMessage {
  return { kind: 'no_concern', source: sourceOf(instance, evidence) }
}

function notUnderstood(instance: AppchargeInstance, { evidence }: Told, fault: FieldFault): ChannelMessage {
  return { kind: 'not_understood', source: sourceOf(instance, evidence), details: [fault] }
}

function noticeFrom(instance: AppchargeInstance, told: Told & Pick<NoticeFacts, 'cause' | 'state'>): ChannelMessage {
  const { event, evidence, nowMs, cause, state } = told
  const purchaseId = purchaseOf(event, cause)
  if (purchaseId === null) {
    return notUnderstood(instance, told, { path: 'transactions', message: 'do not name one purchase' })
  }
  const occurredAtMs = millisecondsOf(event.timestamp)
  // What has not happened yet would outlive every notice to come.
  if (occurredAtMs > nowMs + SIGNATURE_TOLERANCE_MS) {
    return notUnderstood(instance, told, { path: 'timestamp', message: 'is still to come' })
  }
  const notice = vouchForNotice({
    ...sourceOf(instance, { ...evidence, kind: 'notice' }),
    paymentIds: [purchaseName(purchaseId)],
    cause,
    causeId: cause === 'refund' ? REFUND_CAUSE : DISPUTE_CAUSE,
    state,
    lineNo: null,
    // Appcharge gives back, and is asked to give back, a whole purchase.
    amount: null,
    occurredAtMs,
  })
  return { kind: 'notice', notice }
}

/** The one purchase that it is about: named by a transaction of its own kind, else by all there are. */
function purchaseOf({ transactions }: AppchargeEvent, cause: NoticeFacts['cause']): string | null {
  const all = transactions ?? []
  const own = all.filter(({ type }) => type?.toLowerCase().startsWith(cause) ?? false)
  const named = (own.length > 0 ? own : all).flatMap(({ purchaseId }) => (purchaseId ? [purchaseId] : []))
  const [purchaseId, another] = new Set(named)
  return another === undefined ? (purchaseId ?? null) : null
}

/** A length of ten digits is of seconds. */
function millisecondsOf(timestamp: number | string): number {
  const digits = String(timestamp)
  return digits.length <= 10 ? Number(digits) * 1000 : Number(digits)
}

/**
 * Who won a dispute, by its result or reason, else by where its money went. Null where they do not say, or contradict each other:
 * then the dispute stays open until it is clear.
 */
function stateOfDispute({ result, reason, transactions }: AppchargeEvent): 'taken' | 'undone' | null {
  const words = [result, reason].map((text) => (text ?? '').toLowerCase())
  const isWon = words.some((word) => /(?:^|[^a-z])won$/.test(word))
  const isLost = words.some((word) => /(?:^|[^a-z])lost$/.test(word))
  const types = new Set((transactions ?? []).map(({ type }) => (type ?? '').toLowerCase().replaceAll('.', '_')))
  const isBack = types.has('dispute_funds_reinstated')
  if (isLost) return isWon || isBack ? null : 'taken'
  if (isWon || isBack) return 'undone'
  return types.has('dispute_funds_withdrawn') ? 'taken' : null
}

/** A payment that came to nothing is told on for an order of ours; in the platform's own store nobody waits for one. */
function failureFrom(instance: AppchargeInstance, told: Told & { readonly errorCode: string }): ChannelMessage {
  const { event, evidence, errorCode } = told
  const orderId = orderOfSession(event.sessionMetadata)
  if (orderId === null) return noConcern(instance, withoutPerson(told))
  const playerId = parsePlayerId(event.customer?.id || event.customer?.playerId || '')
  const itemId = itemOfSku(instance.items, event.offer?.externalId ?? '')
  if (playerId === null || itemId === UNKNOWN_ITEM_ID) return noConcern(instance, told)
  const failure = vouchForFailure({
    ...sourceOf(instance, { ...evidence, kind: 'failure' }),
    playerId,
    orderId,
    itemId,
    errorCode,
    shown: { channel: instance.instance, method: null },
  })
  return { kind: 'failure', failure }
}
