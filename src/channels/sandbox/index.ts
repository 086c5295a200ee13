import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import type {
  Channel,
  ChannelMessage,
  Evidence,
  OrderToPay,
  PaymentNames,
  Question,
  RefundMade,
  RefundWanted,
  WebhookCall,
} from '../channel.ts'
import { fits } from '../read-body.ts'
import { isGenuine } from '../timestamped-signature.ts'
import { moneyLeft } from './money-left.ts'
import { SANDBOX_SIGNATURE_HEADER } from './sign.ts'
import { type SandboxSource, sandboxFailure, sandboxNotice, sandboxPayment } from './translate.ts'
import {
  type SandboxMessage,
  SandboxMessageSchema,
  type SandboxPlatform,
  type SandboxPurchase,
  type SandboxSession,
  TransactionIdField,
} from './wire.ts'

export { REVERSAL_TYPES, type ReversalType } from '../channel.ts'
export { moneyLeft } from './money-left.ts'
export { SANDBOX_SIGNATURE_HEADER, signSandboxMessage } from './sign.ts'
export type {
  SandboxMessage,
  SandboxPlatform,
  SandboxPurchase,
  SandboxReversalMessage,
  SandboxSession,
} from './wire.ts'

/** One configured instance of type `sandbox`. */
export type SandboxInstance = SandboxSource

/** The channel of a platform that this program plays itself: only in `local`, where coins cost nothing anyway. */
export function openSandboxChannel(
  source: SandboxInstance,
  { platform, secret }: { platform: SandboxPlatform; secret: string },
): Channel {
  return {
    ...source,
    openCheckout: async (order) => accepted({ kind: 'url', url: await platform.openSession(sessionOf(order)) }),
    receive: (call) => receive(source, { call, secret }),
    lookUpPayment: async ({ orderId, ...question }) => {
      const [purchase] = await platform.purchasesOf(orderId)
      if (!purchase) return accepted(null)
      return sandboxPayment(source, { purchase, evidence: answerTo(question, { kind: 'look_up', answer: purchase }) })
    },
    verifyPurchase: async ({ playerId, told, question }) => {
      const { transaction_id: transactionId } = told
      if (!fits(TransactionIdField, transactionId)) return refusedField('transaction_id', 'is no id of a purchase')
      const purchase = await platform.findPurchase(String(transactionId))
      // A receipt is its buyer's: to anybody else there is none.
      if (purchase?.uid !== String(playerId)) return refused('purchase_not_found')
      const evidence = answerTo(question, { kind: 'device_purchase', answer: purchase })
      return sandboxPayment(source, { purchase, evidence })
    },
    refundPayment: (refund) => refundPayment(platform, refund),
    lookUpStanding: async (payment) => {
      const purchase = await findPaid(platform, payment)
      if (!purchase) return accepted('unknown')
      return accepted(moneyLeft(purchase, await platform.reversalsOf(purchase)) === null ? 'gone' : 'stands')
    },
  }
}

async function refundPayment(platform: SandboxPlatform, refund: RefundWanted): Promise<Outcome<RefundMade>> {
  const { amount, idempotencyKey: key, nowMs } = refund
  const purchase = await findPaid(platform, refund)
  if (!purchase) return refused('purchase_not_found')
  if (amount && amount.currency !== purchase.currency) return refused('refund_refused')
  const made = await platform.refund(purchase, { amountMinor: amount?.minor ?? null, key, nowMs })
  if (!made) return refused('refund_refused')
  return accepted({ refundId: made.reversal.id, occurredAtMs: made.reversal.occurred_at_ms })
}

async function findPaid(platform: SandboxPlatform, payment: PaymentNames): Promise<SandboxPurchase | null> {
  if (payment.transactionId !== null) return platform.findPurchase(payment.transactionId)
  const [first] = await platform.purchasesOf(payment.orderId)
  return first ?? null
}

/** What the platform answered to a question of ours, as evidence. */
function answerTo(question: Question, { kind, answer }: { kind: Evidence['kind']; answer: unknown }): Evidence {
  const rawBody = Buffer.from(JSON.stringify(answer))
  return { kind, headers: {}, rawBody, receivedAtMs: question.nowMs, requestId: question.requestId }
}

function sessionOf(order: OrderToPay): SandboxSession {
  return {
    order_id: order.orderId,
    uid: String(order.playerId),
    item_id: order.itemId,
    item_name: order.itemName,
    quantity: order.quantity,
    amount_minor: order.price.minor,
    currency: order.price.currency,
    channel_shown: order.channelShown,
    return_url: order.returnUrl,
    expires_at_ms: order.expiresAtMs,
  }
}

/** Verifies, then parses, then believes. */
function receive(
  source: SandboxInstance,
  { call, secret }: { call: WebhookCall; secret: string },
): Outcome<ChannelMessage> {
  const header = call.headers[SANDBOX_SIGNATURE_HEADER]
  if (typeof header !== 'string' || !isGenuine([secret], { header, rawBody: call.rawBody, nowMs: call.nowMs })) {
    return refused('invalid_signature')
  }
  const message = readMessage(call.rawBody)
  const evidence: Evidence = {
    kind: message === null ? 'callback' : kindOf(message),
    headers: { [SANDBOX_SIGNATURE_HEADER]: header },
    rawBody: call.rawBody,
    receivedAtMs: call.nowMs,
    requestId: call.requestId,
    callback: call.callback,
  }
  const notUnderstood = (details: readonly { path: string; message: string }[]): Outcome<ChannelMessage> =>
    accepted({ kind: 'not_understood', source: { ...source, environment: 'live', evidence }, details })
  if (message === null) return notUnderstood([{ path: '', message: 'is not a message of the sandbox' }])
  if (message.type === 'payment.succeeded') {
    const payment = sandboxPayment(source, { purchase: message.purchase, evidence })
    if (payment.ok) return accepted({ kind: 'payment', payment: payment.value })
    return notUnderstood(payment.refusal.details ?? [])
  }
  if ('reversal' in message) {
    const notice = sandboxNotice(source, { message, evidence })
    if (notice.ok) return accepted({ kind: 'notice', notice: notice.value })
    return notUnderstood(notice.refusal.details ?? [])
  }
  const failure = sandboxFailure(source, { purchase: message.purchase, code: message.code, evidence })
  if (failure.ok) return accepted({ kind: 'failure', failure: failure.value })
  return notUnderstood(failure.refusal.details ?? [])
}

function kindOf(message: SandboxMessage): Evidence['kind'] {
  if ('reversal' in message) return 'notice'
  return message.type === 'payment.succeeded' ? 'payment' : 'failure'
}

function readMessage(rawBody: Uint8Array): SandboxMessage | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(rawBody))
    return fits(SandboxMessageSchema, value) ? value : null
  } catch {
    return null
  }
}
