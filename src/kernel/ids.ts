import { randomBytes } from 'node:crypto'

declare const brand: unique symbol
type Branded<T, B extends string> = T & { readonly [brand]: B }

export type AppId = Branded<string, 'AppId'>
export type OrderId = Branded<string, 'OrderId'>
export type PaymentId = Branded<string, 'PaymentId'>
export type PaymentEventId = Branded<string, 'PaymentEventId'>
export type ReviewEntryId = Branded<string, 'ReviewEntryId'>
export type RefundIntentId = Branded<string, 'RefundIntentId'>
export type OwedCallId = Branded<string, 'OwedCallId'>
export type StaffActionId = Branded<string, 'StaffActionId'>
export type MessageId = Branded<string, 'MessageId'>
export type OutboxEventId = Branded<string, 'OutboxEventId'>
export type SecurityEventId = Branded<string, 'SecurityEventId'>
export type SessionId = Branded<string, 'SessionId'>
/** A player's number; a decimal string on the wire. */
export type PlayerId = Branded<number, 'PlayerId'>

/** 128 random bits: an id that nobody can guess and that is made before anything is inserted. */
function randomId(prefix: string): string {
  return `${prefix}_${randomBytes(16).toString('hex')}`
}

export const newOrderId = (): OrderId => randomId('ord') as OrderId
export const newPaymentId = (): PaymentId => randomId('pay') as PaymentId
export const newPaymentEventId = (): PaymentEventId => randomId('evt') as PaymentEventId
export const newReviewEntryId = (): ReviewEntryId => randomId('rev') as ReviewEntryId
export const newRefundIntentId = (): RefundIntentId => randomId('rfd') as RefundIntentId
export const newOwedCallId = (): OwedCallId => randomId('call') as OwedCallId
export const newStaffActionId = (): StaffActionId => randomId('act') as StaffActionId
export const newMessageId = (): MessageId => randomId('msg') as MessageId
export const newSecurityEventId = (): SecurityEventId => randomId('sec') as SecurityEventId
export const newSessionId = (): SessionId => randomId('ses') as SessionId
export const newRequestId = (): string => randomBytes(12).toString('hex')

/** Our own order's id as a UUID: what a game names to a device's store as its account. Null for an id that is not ours. */
export function accountTokenOf(orderId: OrderId): string | null {
  const hex = /^ord_([0-9a-f]{32})$/.exec(orderId)?.[1]
  return hex === undefined ? null : hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The order that an account token names, in either case of letters; null where it is no UUID. */
export function orderOfAccountToken(token: string): OrderId | null {
  const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(token)
  return isUuid ? (`ord_${token.replaceAll('-', '').toLowerCase()}` as OrderId) : null
}

/**
 * Begins with its time, so that what was written lately stands together at the end of its unique index. The ids of
 * older releases are random and have no `t`, behind which none of them stands.
 */
export function newOutboxEventId(nowMs: number): OutboxEventId {
  return `${outboxIdsFrom(nowMs)}${randomBytes(10).toString('hex')}` as OutboxEventId
}

/** Stands before every outbox event's id of that time or later. */
export function outboxIdsFrom(timeMs: number): OutboxEventId {
  return `out_t${timeMs.toString(16).padStart(12, '0')}` as OutboxEventId
}

/** The first number ever given to a player. */
export const PLAYER_ID_FIRST = 10001

/** Reads a player's number from its wire form, or null: `10001`, no sign, no leading zero, fifteen digits at most. */
export function parsePlayerId(text: string): PlayerId | null {
  return /^[1-9][0-9]{0,14}$/.test(text) ? (Number(text) as PlayerId) : null
}
