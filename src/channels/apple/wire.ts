import { type Static, type TSchema, Type } from 'typebox'
import { Check, Errors } from 'typebox/schema'
import type { FieldFault } from '../../kernel/outcome.ts'

// A person who debugs an integration reads the first few.
const FAULTS_MAX = 10
/** Three certificates and a payload are about six kilobytes; a notification has such a text within it. */
export const JWS_LENGTH_MAX = 128 * 1024

const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const timeMs = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 })
export const TransactionIdField = Type.String({ pattern: '^[0-9A-Za-z._-]{1,64}$', maxLength: 64 })
const jws = Type.String({ minLength: 1, maxLength: JWS_LENGTH_MAX })

/** A purchase, as a device, a notification or the API has it. What may be missing is missing in older ones. */
export const TransactionSchema = Type.Object({
  transactionId: TransactionIdField,
  productId: text(255),
  type: text(64),
  // The App Store sells up to ten at once.
  quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  signedDate: timeMs,
  appAccountToken: Type.Optional(Type.String({ maxLength: 64 })),
  inAppOwnershipType: Type.Optional(text(64)),
  currency: Type.Optional(text(8)),
  /** In thousandths of the currency's major unit, whatever its decimals. */
  price: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  revocationDate: Type.Optional(timeMs),
  revocationType: Type.Optional(text(64)),
  /** In thousandths of a percent. */
  revocationPercentage: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
})
export type Transaction = Static<typeof TransactionSchema>

/** A notification of version 2. One about an app or a report has no `data`. */
export const NotificationSchema = Type.Object({
  notificationType: text(64),
  notificationUUID: Type.String({ pattern: '^[0-9A-Za-z-]{1,64}$', maxLength: 64 }),
  signedDate: timeMs,
  data: Type.Optional(Type.Object({ signedTransactionInfo: Type.Optional(jws) })),
})
export type Notification = Static<typeof NotificationSchema>

/** The body of a notification. */
export const SignedPayloadSchema = Type.Object({ signedPayload: jws })

export const TransactionInfoSchema = Type.Object({ signedTransactionInfo: jws })

export const NotificationHistorySchema = Type.Object({
  notificationHistory: Type.Optional(Type.Array(Type.Object({ signedPayload: jws }), { maxItems: 1_000 })),
  paginationToken: Type.Optional(Type.String({ maxLength: 4_096 })),
  hasMore: Type.Optional(Type.Boolean()),
})

/** What is wrong with the fields of a message; none where it fits. */
export function faultsOf(schema: TSchema, value: unknown): FieldFault[] {
  if (Check(schema, value)) return []
  const faults = new Map<string, string>()
  for (const error of Errors(schema, value)[1]) {
    const path = error.instancePath.slice(1).replaceAll('/', '.')
    if (error.keyword !== 'required') faults.set(path, error.message)
    else {
      for (const missing of error.params.requiredProperties) {
        faults.set(path === '' ? missing : `${path}.${missing}`, 'is missing')
      }
    }
  }
  // What does not fit is a fault, whatever is said of it.
  if (faults.size === 0) return [{ path: '', message: 'has the wrong shape' }]
  return [...faults].slice(0, FAULTS_MAX).map(([path, message]) => ({ path, message }))
}
