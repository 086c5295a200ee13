import {
  type CallbackResult,
  type Channel,
  type ChannelMessage,
  type Evidence,
  type PlatformAnswer,
  vouchForNotice,
  vouchForPayment,
  type WebhookCall,
} from '../../src/channels/channel.ts'
import type { AppId, OrderId, PlayerId } from '../../src/kernel/ids.ts'
import { minorUnits, parseCurrency } from '../../src/kernel/money.ts'
import { accepted, type Outcome, refused } from '../../src/kernel/outcome.ts'
import { APP_ID } from './test-app.ts'

/** What the platform of the tests sends: `paid`, `refunded`, `who`, `store` or `nothing`. */
export interface OwnMessage {
  readonly say: string
  readonly uid?: string
  readonly id?: string
  readonly order_id?: string
  readonly minor?: number
}

export const OWN_KEY = 'the key of the platform'

/**
 * The channel of a platform as several of the real ones are: it reads answers of its own form, asks who a player is, and
 * gives money back that it is told we do not take. Its proof takes a moment.
 */
export function ownFormChannel({ instance, review }: { instance: string; review: 'accept' | 'refuse' }): Channel {
  const appId = APP_ID as AppId
  const source = { appId, instance, environment: 'live' } as const
  const read = async (call: WebhookCall): Promise<Outcome<ChannelMessage>> => {
    await new Promise((resolve) => setImmediate(resolve))
    if (call.headers['x-key'] !== OWN_KEY) return refused('invalid_signature')
    const told = JSON.parse(Buffer.from(call.rawBody).toString()) as OwnMessage
    const playerId = Number(told.uid) as PlayerId
    if (told.say === 'who') return accepted({ kind: 'question', question: { asks: 'who_is', appId, playerId } })
    if (told.say === 'store') {
      return accepted({ kind: 'question', question: { asks: 'what_may_they_buy', appId, playerId } })
    }
    const { rawBody, nowMs: receivedAtMs, requestId } = call
    const evidence = (kind: Evidence['kind']) => ({ kind, headers: {}, rawBody, receivedAtMs, requestId })
    if (told.say === 'nothing')
      return accepted({ kind: 'no_concern', source: { ...source, evidence: evidence('callback') } })
    const { id = '', order_id: orderId = '', minor = 1999 } = told
    if (told.say === 'refunded') {
      const facts = { paymentIds: [id], causeId: 'refund', lineNo: null, amount: null, occurredAtMs: 1 }
      const taken = { cause: 'refund', state: 'taken' } as const
      const notice = vouchForNotice({ ...source, ...facts, ...taken, evidence: evidence('notice') })
      return accepted({ kind: 'notice', notice })
    }
    if (told.say !== 'paid') {
      return accepted({ kind: 'not_understood', source: { ...source, evidence: evidence('callback') }, details: [] })
    }
    const currency = parseCurrency('USD')
    if (!currency) throw new Error('there are dollars')
    const price = { minor: minorUnits(minor), currency }
    const payment = vouchForPayment({
      ...{ ...source, transactionId: id, factsAreIdentity: false, playerId, reviewAnswer: review },
      lines: [{ lineNo: 1, orderId: orderId as OrderId, itemId: 1, quantity: 1, price }],
      shown: { channel: instance, method: null },
      evidence: evidence('payment'),
    })
    return accepted({ kind: 'payment', payment })
  }
  return {
    ...{ instance, appId, receive: read, answer: answerOf },
    openCheckout: async () => accepted({ kind: 'external' }),
  }
}

function answerOf(result: CallbackResult, { callback }: Pick<WebhookCall, 'callback'>): PlatformAnswer {
  const headers = { 'content-type': 'application/json', 'x-callback': callback ?? 'none' }
  const body = (told: object): string => JSON.stringify(told)
  switch (result.kind) {
    case 'done':
      return result.orderId === null
        ? { status: 204, body: null }
        : { status: 201, headers, body: body({ of: result.orderId }) }
    case 'answered':
      return { status: 200, headers, body: body(result.answer) }
    case 'refused':
      return { status: 400, headers, body: body({ error: { code: result.code.toUpperCase() } }) }
    case 'invalid_signature':
      return { status: 400, headers, body: body({ error: { code: 'FORGED' } }) }
    case 'retry_later':
      return { status: 500, headers, body: body({ error: { code: 'LATER' } }) }
  }
}
