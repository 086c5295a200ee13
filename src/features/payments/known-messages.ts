import type { MessageSource, VerifiedFailure, VerifiedNotice, VerifiedPayment } from '../../channels/channel.ts'
import type { Db } from '../../db/database.ts'
import type { OrderStatus } from '../../db/schema.ts'
import type { OrderId, PaymentId } from '../../kernel/ids.ts'
import { mayBecome } from '../orders/index.ts'
import {
  type BookedPayment,
  selectBookedPayments,
  selectGrantedPaymentIds,
  selectNamedPaymentIds,
  selectOrderStatuses,
} from './known-queries.ts'
import type { Understood } from './replay-event.ts'
import { type Cause, isSameCause, laterNotice } from './reversal-rules.ts'
import { orderIdentity, transactionIdentity } from './rules.ts'

/** A message beside what the books have of it. */
export interface Compared<M extends Understood = Understood> {
  readonly message: M
  /** False where telling it could change nothing. */
  readonly isNews: boolean
  /** The payment that it is, or is about; null where the books have none of its names. */
  readonly payment: BookedPayment | null
}

/** The names by which something is known to a platform, in the scope of who says it. */
export interface Names extends Omit<MessageSource, 'evidence'> {
  readonly ids: readonly string[]
  /** Read where there are no ids. */
  readonly orderId?: OrderId | null
}

/**
 * Reads beside many messages at once what the books have of them, in a few reads: what a platform lists is known already,
 * but for the little that was lost. Nothing is locked, so what is news here may have come meanwhile: to tell it does no harm.
 */
export async function compareWithBooks(db: Db, messages: readonly Understood[]): Promise<Compared[]> {
  const failures = messages.flatMap((message) => (message.kind === 'failure' ? [message.failure] : []))
  const [first] = failures
  const orderIds = failures.map(({ orderId }) => orderId)
  const statuses = first ? await selectOrderStatuses(db, { appId: first.appId, orderIds }) : new Map()
  const found = await findBooked(
    db,
    messages.map((message) => namesOf(message)),
  )
  return messages.map((message, index) => {
    const { payment = null, isWhole = false } = found[index] ?? {}
    if (message.kind === 'failure') return { message, payment, isNews: isNewFailure(message.failure, statuses) }
    const isNews =
      message.kind === 'notice'
        ? isNewNotice(message.notice, payment)
        : (payment?.lines.length ?? 0) < message.payment.lines.length
    return { message, payment, isNews: isNews || !isWhole }
  })
}

/** Finds the payments of the books by their names; `isWhole` where every name is known, and all of one payment. */
export async function findBooked(
  db: Db,
  all: readonly Names[],
): Promise<{ payment: BookedPayment | null; isWhole: boolean }[]> {
  const keys = all.map(keysOf)
  const named = await selectNamedPaymentIds(db, [...new Set(keys.flat())])
  const [first] = all
  const byOrder = all.flatMap(({ ids, orderId }) => (ids.length === 0 && orderId ? [orderId] : []))
  const granted: ReadonlyMap<OrderId, PaymentId> = first
    ? await selectGrantedPaymentIds(db, { appId: first.appId, orderIds: byOrder })
    : new Map()
  const idsOf = all.map(({ ids, orderId }, index) => {
    const ofOrder = ids.length === 0 && orderId ? granted.get(orderId) : undefined
    return ofOrder === undefined ? (keys[index] ?? []).map((key) => named.get(key)) : [ofOrder]
  })
  const wanted = [...new Set(idsOf.flat().filter((id) => id !== undefined))]
  const booked = await selectBookedPayments(db, wanted)
  return idsOf.map((ids, index) => {
    const payments = ids.map((id) => (id === undefined ? undefined : booked.get(id)))
    const known = payments.filter((one) => one !== undefined)
    // A payment that was paid rather than one that was only told to be given back.
    const payment = known.find(({ lines }) => lines.length > 0) ?? known[0] ?? null
    const isOurs = payment?.instance === all[index]?.instance
    return { payment: isOurs ? payment : null, isWhole: isOurs && payments.every((one) => one === payment) }
  })
}

function keysOf(names: Names): string[] {
  if (names.ids.length > 0) return names.ids.map((id) => transactionIdentity(names, id).key)
  return names.orderId ? [orderIdentity(names, names.orderId).key] : []
}

function namesOf(message: Understood): Names {
  switch (message.kind) {
    case 'payment': {
      const { appId, instance, environment, transactionId, otherIds = [] } = message.payment
      return { appId, instance, environment, ids: paymentNames(transactionId, otherIds) }
    }
    case 'notice': {
      const { appId, instance, environment, paymentIds, orderId = null } = message.notice
      return { appId, instance, environment, ids: paymentIds, orderId }
    }
    case 'failure': {
      const { appId, instance, environment } = message.failure
      return { appId, instance, environment, ids: [] }
    }
  }
}

/** Every id by which a platform may speak of a payment. */
export function idsOfPayment({ transactionId, otherIds = [] }: VerifiedPayment): string[] {
  return paymentNames(transactionId, otherIds)
}

function paymentNames(transactionId: string | null, otherIds: readonly string[]): string[] {
  return [...new Set([transactionId, ...otherIds].filter((id) => id !== null))]
}

function isNewFailure({ orderId }: VerifiedFailure, statuses: ReadonlyMap<OrderId, OrderStatus>): boolean {
  const status = statuses.get(orderId)
  return status === undefined || mayBecome(status, 'failed') || mayBecome(status, 'cancelled')
}

function isNewNotice(notice: VerifiedNotice, payment: BookedPayment | null): boolean {
  const { cause, causeId, state, lineNo, amount, occurredAtMs } = notice
  const told: Cause = { cause, causeId, state, lineNo, amount, occurredAtMs }
  const known = payment?.causes.find((one) => isSameCause(one, told)) ?? null
  return laterNotice(known, told) !== known
}
