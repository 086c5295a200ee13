import { Check } from 'typebox/schema'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Channel, ChannelMessage, Evidence, OrderToPay, WebhookCall } from '../channel.ts'
import { SANDBOX_SIGNATURE_HEADER } from './sign.ts'
import { type SandboxSource, sandboxFailure, sandboxPayment } from './translate.ts'
import { isGenuineSandboxMessage } from './verify.ts'
import { type SandboxMessage, SandboxMessageSchema, type SandboxPlatform, type SandboxPurchase } from './wire.ts'

export { SANDBOX_SIGNATURE_HEADER, signSandboxMessage } from './sign.ts'
export type { SandboxMessage, SandboxPlatform, SandboxPurchase, SandboxSession } from './wire.ts'

/** One configured instance of type `sandbox`. */
export type SandboxInstance = SandboxSource

/** The channel of a platform that this program plays itself: only in `local`, where coins cost nothing anyway. */
export function openSandboxChannel(
  source: SandboxInstance,
  { platform, secret }: { platform: SandboxPlatform; secret: string },
): Channel {
  const ask = (question: { nowMs: number; requestId: string }, about: { kind: Evidence['kind']; answer: unknown }) => ({
    kind: about.kind,
    headers: {},
    rawBody: Buffer.from(JSON.stringify(about.answer)),
    receivedAtMs: question.nowMs,
    requestId: question.requestId,
  })
  return {
    ...source,
    openCheckout: async (order) => accepted({ kind: 'url', url: await platform.openSession(sessionOf(order)) }),
    receive: (call) => receive(source, { call, secret }),
    lookUpPayment: async ({ orderId, ...question }) => {
      const [purchase] = await platform.purchasesOf(orderId)
      if (!purchase) return accepted(null)
      return sandboxPayment(source, { purchase, evidence: ask(question, { kind: 'look_up', answer: purchase }) })
    },
    verifyPurchase: async ({ playerId, told, question }) => {
      const { transaction_id: transactionId } = told
      if (typeof transactionId !== 'string' || transactionId === '') {
        return refused('invalid_fields', { details: [{ path: 'transaction_id', message: 'is required' }] })
      }
      const purchase: SandboxPurchase | null = await platform.findPurchase(transactionId)
      // A receipt is its buyer's: to anybody else there is none.
      if (purchase?.uid !== String(playerId)) return refused('purchase_not_found')
      return sandboxPayment(source, {
        purchase,
        evidence: ask(question, { kind: 'device_purchase', answer: purchase }),
      })
    },
  }
}

function sessionOf(order: OrderToPay) {
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

function receive(
  source: SandboxInstance,
  { call, secret }: { call: WebhookCall; secret: string },
): Outcome<ChannelMessage> {
  const signature = call.headers[SANDBOX_SIGNATURE_HEADER]
  if (!isGenuineSandboxMessage(secret, { header: signature, rawBody: call.rawBody, nowMs: call.nowMs })) {
    return refused('invalid_signature')
  }
  const message = readMessage(call.rawBody)
  if (!message)
    return refused('invalid_fields', { details: [{ path: '', message: 'is not a message of the sandbox' }] })
  const evidence: Evidence = {
    kind: message.type === 'payment.succeeded' ? 'payment' : 'failure',
    headers: { [SANDBOX_SIGNATURE_HEADER]: String(signature) },
    rawBody: call.rawBody,
    receivedAtMs: call.nowMs,
    requestId: call.requestId,
  }
  if (message.type === 'payment.succeeded') {
    const payment = sandboxPayment(source, { purchase: message.purchase, evidence })
    return payment.ok ? accepted({ kind: 'payment', payment: payment.value }) : payment
  }
  const failure = sandboxFailure(source, { purchase: message.purchase, code: message.code, evidence })
  return failure.ok ? accepted({ kind: 'failure', failure: failure.value }) : failure
}

function readMessage(rawBody: Uint8Array): SandboxMessage | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(rawBody))
    return Check(SandboxMessageSchema, value) ? (value as SandboxMessage) : null
  } catch {
    return null
  }
}
