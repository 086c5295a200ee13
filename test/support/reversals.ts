import { signSandboxMessage } from '../../src/channels/sandbox/index.ts'
import { assertDone } from './answers.ts'
import type { Answer, TestApp } from './test-app.ts'

/** A purchase on the platform that the sandbox plays; what a test cares about it says itself. */
export interface Purchase {
  readonly transaction_id: string
  readonly order_id: string
  readonly uid: string
  readonly item_id: number
  readonly quantity: number
  readonly amount_minor: number
  readonly currency: string
  readonly channel_shown: string
}

export function purchase(of: Partial<Purchase> & Pick<Purchase, 'order_id' | 'uid'>): Purchase {
  return {
    ...{ transaction_id: `sbx_${of.order_id}`, item_id: 1, quantity: 1, amount_minor: 1999, currency: 'USD' },
    ...{ channel_shown: 'sandbox', ...of },
  }
}

/** What the platform can tell of a purchase. */
export type Told =
  | 'payment.succeeded'
  | 'refund.succeeded'
  | 'refund.reversed'
  | 'dispute.opened'
  | 'dispute.lost'
  | 'dispute.won'

export interface Telling {
  readonly type: Told
  readonly id?: string
  readonly amountMinor?: number
  readonly atMs?: number
}

/** The body of one callback. */
export function tellingOf(bought: Purchase, telling: Telling): string {
  const { type, id = 'first', amountMinor = null, atMs = 1 } = telling
  if (type === 'payment.succeeded') return JSON.stringify({ type, purchase: bought })
  const reversal = { id, amount_minor: amountMinor, occurred_at_ms: atMs }
  return JSON.stringify({ type, purchase: bought, reversal })
}

/** Delivers a callback of the sandbox's platform, signed as it signs. */
export async function deliver(app: TestApp, body: string, nowMs = Date.now()): Promise<Answer> {
  const secret = (await app.service.kv.get('sandbox-secret')) ?? ''
  const headers = { 'x-sandbox-signature': signSandboxMessage(secret, { body, nowMs }) }
  return app.call('POST', '/webhooks/sandbox', { body, headers })
}

/** Tells the server several things of a purchase, one after the other; gives the last answer. */
export async function tell(app: TestApp, bought: Purchase, ...tellings: (Told | Telling)[]): Promise<Answer['body']> {
  let last: Answer['body'] = null
  for (const telling of tellings) {
    const body = tellingOf(bought, typeof telling === 'string' ? { type: telling } : telling)
    last = assertDone(await deliver(app, body))
  }
  return last
}
