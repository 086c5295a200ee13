import type { VerifiedNotice } from '../../channels/channel.ts'
import type { Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { newPaymentId, type PaymentId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { mergeCauses, selectCauses } from './cause-queries.ts'
import { PAYER_UNKNOWN } from './lock-settlement.ts'
import {
  ensureAndLockIdentities,
  findGrantedPaymentId,
  insertPayments,
  lockPayments,
  repointIdentity,
  selectPaymentLines,
} from './queries.ts'
import type { Cause } from './reversal-rules.ts'
import { orderIdentity, type PaymentIdentity, transactionIdentity } from './rules.ts'

/** The payment that a notice is about, locked: one that was paid, or a tombstone that waits for its payment. */
export interface NoticedPayment {
  readonly row: Row<'payments'>
  /** None: nobody has told of the payment itself yet. */
  readonly lines: readonly Row<'payment_lines'>[]
  readonly causes: readonly Cause[]
  /** True when it has just taken in what was told of it under another name. */
  readonly hasMerged: boolean
}

/**
 * Finds the payment by any of the names that the notice gives it, or makes a tombstone under all of them: the payment
 * that comes later finds it there. Tombstones of several names that prove to be one payment become one.
 */
export async function lockNoticedPayment(
  tx: Tx,
  { notice, nowMs }: { notice: VerifiedNotice; nowMs: number },
): Promise<NoticedPayment> {
  const candidateId = newPaymentId()
  const names = namesOf(notice)
  const wanted = new Map(
    names.map(({ key, identity }) => [key, { identity_key: key, payment_id: candidateId, identity }] as const),
  )
  const written = await ensureAndLockIdentities(tx, [...wanted.values()])
  // Read under the lock of the order's name, which every payment of this channel takes before it is granted.
  const grantedId = notice.paymentIds.length === 0 ? await findGrantedPaymentId(tx, notice) : null
  const namedIds = new Set([...written.values(), ...(grantedId === null ? [] : [grantedId])])
  const knownIds = [...namedIds].filter((id) => id !== candidateId)
  const [known, lines] = [await lockPayments(tx, knownIds), await selectPaymentLines(tx, knownIds)]
  const paid = new Set(lines.map((line) => line.payment_id))
  const idsByName = names.map(({ key }) => written.get(key))
  const paidId = grantedId ?? idsByName.find((id) => id !== undefined && paid.has(id))
  const row = known.find(({ payment_id: id }) => id === paidId) ?? known[0] ?? tombstone(notice, { candidateId, nowMs })
  if (known.length === 0) await insertPayments(tx, [row])
  // A name that two paid payments share stays where it is: each keeps what is its own.
  const others = known.filter(({ payment_id: id }) => id !== row.payment_id && !paid.has(id))
  const unpaidIds = new Set([candidateId, ...others.map((other) => other.payment_id)])
  for (const [key, paymentId] of written) {
    if (paymentId !== row.payment_id && unpaidIds.has(paymentId)) {
      await repointIdentity(tx, { key, paymentId: row.payment_id })
    }
  }
  for (const other of others) await mergeCauses(tx, { into: row.payment_id, from: other.payment_id, nowMs })
  return {
    row,
    lines: lines.filter((line) => line.payment_id === row.payment_id),
    causes: known.length === 0 ? [] : await selectCauses(tx, row.payment_id),
    hasMerged: others.length > 0,
  }
}

function namesOf(notice: VerifiedNotice): PaymentIdentity[] {
  if (notice.paymentIds.length > 0) return notice.paymentIds.map((id) => transactionIdentity(notice, id))
  invariant(notice.orderId, 'a notice names its payment or its order')
  return [orderIdentity(notice, notice.orderId)]
}

function tombstone(
  notice: VerifiedNotice,
  { candidateId, nowMs }: { candidateId: PaymentId; nowMs: number },
): Row<'payments'> {
  return {
    payment_id: candidateId,
    app_id: notice.appId,
    instance: notice.instance,
    environment: notice.environment,
    transaction_id: null,
    payer_user_id: PAYER_UNKNOWN,
    ...{ charged_minor: null, tax_minor: null, discount_minor: null },
    created_at_ms: nowMs,
  }
}
