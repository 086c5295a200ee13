import type { VerifiedPayment } from '../../channels/channel.ts'
import type { Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { AppId, OrderId, PaymentId, PlayerId } from '../../kernel/ids.ts'
import { type LockedOrder, selectOrdersForUpdate } from '../orders/index.ts'
import { type LockedPlayer, lockPlayers } from '../players/index.ts'
import { selectCauses } from './cause-queries.ts'
import { type NamedPayment, namePayment } from './name-payment.ts'
import {
  ensureAndLockIdentities,
  lockPayments,
  selectErased,
  selectPaymentLines,
  selectReturnedLines,
} from './queries.ts'
import { type Cause, mergedCauses } from './reversal-rules.ts'
import { type PaymentIdentity, REFUNDED_BEFORE } from './rules.ts'

/** Stands in a tombstone: who pays is not known before the payment itself comes. */
export const PAYER_UNKNOWN = 0

/** A payment that this transaction holds: known from before, or made by it. */
export interface LockedPayment {
  readonly row: Row<'payments'>
  readonly lines: Map<number, Row<'payment_lines'>>
  /** True when no delivery has told of the payment itself before. */
  readonly isNew: boolean
  /** True for a row that is there: also a tombstone's, whose refund or dispute came before the payment. */
  readonly isStored: boolean
  /** What takes it back, where that came first; not read for a payment that has lines. */
  causes: readonly Cause[]
  /** Whether the player of a known payment was erased since. */
  readonly payerIsErased: boolean
  /** Its lines that were refused for good, where its platform is told so. */
  readonly returnedLines: ReadonlySet<number>
}

/** Everything that a settlement has locked, in the agreed sequence: payments, then orders, then players. */
export interface LockedSettlement {
  /** In the order of the verified payments that were given. */
  readonly payments: readonly LockedPayment[]
  readonly orders: Map<string, LockedOrder>
  readonly players: Map<PlayerId, LockedPlayer>
  /** Of those whom the payments name, the erased ones with their app: no message about them keeps what it said. */
  readonly erased: ReadonlyMap<number, AppId>
  readonly identityChanges: IdentityChanges
}

/** Identities whose payment is another than the one they were first written for. */
export interface IdentityChanges {
  readonly adopted: readonly { key: string; paymentId: PaymentId }[]
  readonly transactionIds: readonly { paymentId: PaymentId; transactionId: string }[]
  readonly unneeded: readonly string[]
  /** Tombstones that proved to be one payment, or to be of one that was settled before. */
  readonly merged: readonly { into: PaymentId; from: PaymentId; isSettled: boolean }[]
}

/** The key of an order in memory: ids are unique within their app. */
export function orderKey({ appId, orderId }: { appId: AppId; orderId: OrderId }): string {
  return `${appId} ${orderId}`
}

/** Locks payments, orders and players, each in sorted order, and reads what is known under those locks. */
export async function lockSettlement(
  tx: Tx,
  input: { verified: readonly VerifiedPayment[]; nowMs: number },
): Promise<LockedSettlement> {
  const { payments, identityChanges } = await ensureAndLockPayments(tx, input)
  const orders = await lockOrders(tx, { verified: input.verified, payments })
  const players = await lockPlayers(
    tx,
    input.verified.filter((_, index) => asksForPlayer(payments[index])).map((payment) => payment.playerId),
  )
  const erased = await findErased(tx, { verified: input.verified, payments, players })
  return { payments, orders, players, erased, identityChanges }
}

async function findErased(
  tx: Tx,
  known: {
    verified: readonly VerifiedPayment[]
    payments: readonly LockedPayment[]
    players: ReadonlyMap<PlayerId, LockedPlayer>
  },
): Promise<Map<number, AppId>> {
  const { verified, payments, players } = known
  const erased = new Map<number, AppId>()
  for (const player of players.values()) if (player.status === 'erased') erased.set(player.user_id, player.app_id)
  for (const { row, payerIsErased } of payments) if (payerIsErased) erased.set(row.payer_user_id, row.app_id)
  // A known payment told with another player than before: no lock and no line says how that one stands.
  const strangers = verified.filter(
    ({ playerId }, index) => !players.has(playerId) && payments[index]?.row.payer_user_id !== playerId,
  )
  const found = await selectErased(
    tx,
    strangers.map(({ playerId }) => playerId),
  )
  for (const { user_id, app_id } of found) erased.set(user_id, app_id)
  return erased
}

/**
 * Only a payment that we see for the first time can move a player's balance; a replay locks nobody, but for one that
 * never gave anything: its answer has no other balance than the player's own.
 */
function asksForPlayer(payment: LockedPayment | undefined): boolean {
  if (!payment) return false
  return payment.isNew || [...payment.lines.values()].some((line) => line.refusal === REFUNDED_BEFORE)
}

async function ensureAndLockPayments(
  tx: Tx,
  { verified, nowMs }: { verified: readonly VerifiedPayment[]; nowMs: number },
): Promise<{ payments: LockedPayment[]; identityChanges: IdentityChanges }> {
  const named = verified.map(namePayment)
  const wanted = new Map<string, NewRow<'payment_identities'>>()
  for (const { candidateId, transaction, others, facts, order } of named) {
    for (const name of [transaction, ...others, facts, order]) {
      if (!name || wanted.has(name.key)) continue
      wanted.set(name.key, { identity_key: name.key, payment_id: candidateId, identity: name.identity })
    }
  }
  const written = await ensureAndLockIdentities(tx, [...wanted.values()])
  const candidates = new Set(named.map((payment) => payment.candidateId))
  const knownIds = [...new Set(written.values())].filter((id) => !candidates.has(id))
  const known = await lockPayments(tx, knownIds)
  const lines = Map.groupBy(await selectPaymentLines(tx, knownIds), (line) => line.payment_id)
  const asksForReturned = verified.some((payment) => payment.reviewAnswer === 'refuse')
  const returned = asksForReturned ? await selectReturnedLines(tx, knownIds) : new Map<PaymentId, Set<number>>()
  const held = new Map<PaymentId, LockedPayment>()
  for (const row of known) {
    const ofPayment = lines.get(row.payment_id) ?? []
    const payerIsErased = ofPayment.some((line) => line.payer_status === 'erased')
    const byNumber = new Map(ofPayment.map((line) => [line.line_no, line] as const))
    const isNew = ofPayment.length === 0
    const causes = isNew ? await selectCauses(tx, row.payment_id) : []
    const returnedLines = returned.get(row.payment_id) ?? new Set<number>()
    const facts = { isNew, isStored: true, causes, payerIsErased, returnedLines }
    held.set(row.payment_id, { row, lines: byNumber, ...facts })
  }
  return resolvePayments({ named, written, held, nowMs })
}

/** Finds, for each delivery in turn, the payment that it tells of, or makes it; the earlier ones of a batch count. */
function resolvePayments(input: {
  named: readonly NamedPayment[]
  written: ReadonlyMap<string, PaymentId>
  held: Map<PaymentId, LockedPayment>
  nowMs: number
}): { payments: LockedPayment[]; identityChanges: IdentityChanges } {
  const { held } = input
  const current = new Map(input.written)
  const transactionIds: { paymentId: PaymentId; transactionId: string }[] = []
  const merged: { into: PaymentId; from: PaymentId; isSettled: boolean }[] = []
  const told = new Set<LockedPayment>()
  const heldUnder = (name: PaymentIdentity | null): LockedPayment | undefined => {
    const id = name ? current.get(name.key) : undefined
    return id === undefined ? undefined : held.get(id)
  }
  const resolve = (named: NamedPayment): LockedPayment => {
    const { transaction, others, facts, order } = named
    const isTold = (one: LockedPayment): boolean => one.lines.size > 0 || told.has(one)
    const [byFacts, byOrder] = [heldUnder(facts), heldUnder(order)]
    // The first transaction id that arrives with the same facts is this payment's: adopted, not a second charge.
    const isSame = byFacts && (!transaction || byFacts.row.transaction_id === null)
    const found = [...[transaction, ...others].map(heldUnder), isSame ? byFacts : undefined]
    // A refund of the order that came before any payment for it.
    if (byOrder && !isTold(byOrder)) found.push(byOrder)
    const byName = found.filter((one) => one !== undefined)
    const known = byName.find(isTold) ?? byName[0]
    if (known) return nameAgain(known, { named, byName, isTold, current, held, transactionIds, merged })
    const made = makePayment(named, input.nowMs)
    held.set(made.row.payment_id, made)
    for (const name of [transaction, ...others]) if (name) current.set(name.key, made.row.payment_id)
    if (facts && !byFacts) current.set(facts.key, made.row.payment_id)
    if (order && !byOrder) current.set(order.key, made.row.payment_id)
    return made
  }
  const payments = input.named.map((named): LockedPayment => {
    const payment = resolve(named)
    told.add(payment)
    return payment
  })
  const adopted: { key: string; paymentId: PaymentId }[] = []
  const unneeded: string[] = []
  for (const [key, paymentId] of current) {
    if (!held.has(paymentId)) unneeded.push(key)
    else if (input.written.get(key) !== paymentId) adopted.push({ key, paymentId })
  }
  return { payments, identityChanges: { adopted, transactionIds, unneeded, merged } }
}

/**
 * A payment that is known by one of its names is known by all of them from now on; what was told under others is its own.
 * A name that another payment has been told under stays that one's.
 */
function nameAgain(
  known: LockedPayment,
  about: {
    named: NamedPayment
    byName: readonly LockedPayment[]
    isTold: (payment: LockedPayment) => boolean
    current: Map<string, PaymentId>
    held: Map<PaymentId, LockedPayment>
    transactionIds: { paymentId: PaymentId; transactionId: string }[]
    merged: { into: PaymentId; from: PaymentId; isSettled: boolean }[]
  },
): LockedPayment {
  const { named, current, held, isTold } = about
  const { payment_id: paymentId } = known.row
  for (const other of new Set(about.byName)) {
    if (other === known || isTold(other)) continue
    const from = other.row.payment_id
    about.merged.push({ into: paymentId, from, isSettled: known.lines.size > 0 })
    known.causes = mergedCauses(known.causes, other.causes)
    held.delete(from)
    // Also those names of it that another delivery of this batch tells.
    for (const [key, id] of current) if (id === from) current.set(key, paymentId)
  }
  const names = [named.transaction, ...named.others, ...(isTold(known) ? [] : [named.facts, named.order])]
  for (const name of names) {
    const id = name ? current.get(name.key) : undefined
    if (name && (id === undefined || !held.has(id))) current.set(name.key, paymentId)
  }
  const { transactionId, playerId } = named.verified
  if (known.row.transaction_id === null && transactionId !== null) {
    known.row.transaction_id = transactionId
    if (known.isStored) about.transactionIds.push({ paymentId, transactionId })
  }
  // A tombstone learns from its payment who paid, and how much.
  if (known.row.payer_user_id === PAYER_UNKNOWN) {
    Object.assign(known.row, { payer_user_id: playerId, ...chargedColumns(named.verified) })
  }
  return known
}

/** What its payer was charged, as far as it is another sum than that of the lines. */
export function chargedColumns({
  charged,
}: Pick<VerifiedPayment, 'charged'>): Pick<Row<'payments'>, 'charged_minor' | 'tax_minor' | 'discount_minor'> {
  const { totalMinor = null, taxMinor = null, discountMinor = null } = charged ?? {}
  return { charged_minor: totalMinor, tax_minor: taxMinor, discount_minor: discountMinor }
}

function makePayment({ verified, candidateId }: NamedPayment, nowMs: number): LockedPayment {
  return {
    row: {
      payment_id: candidateId,
      app_id: verified.appId,
      instance: verified.instance,
      environment: verified.environment,
      transaction_id: verified.transactionId,
      payer_user_id: verified.playerId,
      ...chargedColumns(verified),
      created_at_ms: nowMs,
    },
    lines: new Map(),
    isNew: true,
    isStored: false,
    causes: [],
    payerIsErased: false,
    returnedLines: new Set(),
  }
}

async function lockOrders(
  tx: Tx,
  input: { verified: readonly VerifiedPayment[]; payments: readonly LockedPayment[] },
): Promise<Map<string, LockedOrder>> {
  const wanted = new Map<AppId, Set<OrderId>>()
  const want = (appId: AppId, orderId: OrderId): void => {
    const ofApp = wanted.get(appId) ?? new Set()
    wanted.set(appId, ofApp.add(orderId))
  }
  for (const { appId, lines } of input.verified) for (const line of lines) want(appId, line.orderId)
  // A retry of a payment that an approval granted to another order answers that order.
  for (const { lines } of input.payments) {
    for (const line of lines.values()) if (line.granted_order_id) want(line.app_id, line.granted_order_id)
  }
  const orders = new Map<string, LockedOrder>()
  for (const appId of [...wanted.keys()].sort()) {
    for (const row of await selectOrdersForUpdate(tx, { appId, orderIds: [...(wanted.get(appId) ?? [])] })) {
      orders.set(orderKey({ appId, orderId: row.order_id }), row)
    }
  }
  return orders
}
