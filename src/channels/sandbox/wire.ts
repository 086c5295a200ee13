import { type Static, Type } from 'typebox'
import { REVERSAL_TYPES, type ReversalType } from '../channel.ts'

/** The platform's id of a purchase, as a device tells it too. */
export const TransactionIdField = Type.String({ pattern: '^[!-~]{1,200}$', maxLength: 200 })

/** What the sandbox platform calls a payment: amounts in minor units, as most platforms have them. */
const Purchase = Type.Object({
  transaction_id: TransactionIdField,
  order_id: Type.String({ pattern: '^[!-~]{1,200}$', maxLength: 200 }),
  uid: Type.String({ pattern: '^[1-9][0-9]{0,14}$', maxLength: 15 }),
  item_id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
  quantity: Type.Integer({ minimum: 1, maximum: 1_000 }),
  amount_minor: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  currency: Type.String({ pattern: '^[A-Z]{3}$', maxLength: 3 }),
  channel_shown: Type.String({ maxLength: 64 }),
  /** True: play money of the platform's own test mode. */
  test: Type.Optional(Type.Boolean()),
})

/** A purchase as the sandbox platform keeps it and tells of it. */
export type SandboxPurchase = Static<typeof Purchase>

/** A refund or a dispute of a purchase, under one id for its whole life. */
const Reversal = Type.Object({
  id: Type.String({ pattern: '^[!-~]{1,200}$', maxLength: 200 }),
  /** Null: all of it. */
  amount_minor: Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()]),
  occurred_at_ms: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
})

/** The callbacks of the sandbox platform. */
export const SandboxMessageSchema = Type.Union([
  Type.Object({ type: Type.Literal('payment.succeeded'), purchase: Purchase }),
  Type.Object({
    type: Type.Literal('payment.failed'),
    code: Type.String({ pattern: '^[!-~]{1,64}$', maxLength: 64 }),
    purchase: Purchase,
  }),
  Type.Object({
    type: Type.Enum(Object.keys(REVERSAL_TYPES) as [ReversalType]),
    purchase: Purchase,
    reversal: Reversal,
  }),
])
export type SandboxMessage = Static<typeof SandboxMessageSchema>
export type SandboxReversalMessage = Extract<SandboxMessage, { readonly reversal: unknown }>

/** What the sandbox platform is told of an order when its checkout is opened. */
export interface SandboxSession extends Omit<SandboxPurchase, 'transaction_id'> {
  readonly item_name: string
  readonly return_url: string | null
  readonly expires_at_ms: number
}

/** The platform that the sandbox plays, as its channel can ask it. */
export interface SandboxPlatform {
  /** Opens a checkout and gives the address of its page; opened again, it stays as it is. */
  openSession(session: SandboxSession): Promise<string>
  /** Everything that was paid for an order, oldest first. */
  purchasesOf(orderId: string): Promise<readonly SandboxPurchase[]>
  findPurchase(transactionId: string): Promise<SandboxPurchase | null>
  /** The refunds and disputes of a purchase, each as it stands. */
  reversalsOf(purchase: SandboxPurchase): Promise<readonly SandboxReversalMessage[]>
  /** Gives money back, all that is left without an amount: once for each key. Null where there is not so much left. */
  refund(purchase: SandboxPurchase, wanted: SandboxRefund): Promise<SandboxReversalMessage | null>
}

export interface SandboxRefund {
  readonly amountMinor: number | null
  readonly key: string
  readonly nowMs: number
}
