import { randomBytes } from 'node:crypto'
import type { SandboxPlatform, SandboxPurchase, SandboxSession } from '../channels/sandbox/index.ts'
import type { KeyValueStore } from '../kv/kv.ts'

/** A checkout of the played platform: what is to be paid, and what was. */
export interface SandboxCheckout {
  readonly instance: string
  readonly session: SandboxSession
  readonly purchases: readonly SandboxPurchase[]
}

/** The platform that the sandbox plays, its page included: what it knows is kept beside the sessions. */
export interface PlayedPlatform {
  /** The platform as the channel of one instance sees it. */
  forInstance(instance: string): SandboxPlatform
  findCheckout(orderId: string): Promise<SandboxCheckout | null>
  /** Takes the money of a checkout, once more each time. */
  pay(checkout: SandboxCheckout): Promise<SandboxPurchase>
}

// A developer who comes back next week still finds the page of an order.
const KEPT_MS = 7 * 24 * 60 * 60 * 1000
// A page with more of them would say nothing more.
const PURCHASES_MAX = 100
// Two tabs of one person compete here.
const ATTEMPTS_MAX = 10

/** `publicUrl`: where a player's browser reaches this program, asked when a checkout is opened. */
export function openPlayedPlatform(deps: { kv: KeyValueStore; publicUrl: () => string }): PlayedPlatform {
  const { kv } = deps
  const ttl = { ttlMs: KEPT_MS }
  const checkoutKey = (orderId: string): string => `sandbox-checkout:${orderId}`
  const purchaseKey = (instance: string, transactionId: string): string =>
    `sandbox-purchase:${instance}:${transactionId}`

  const findCheckout = async (orderId: string): Promise<SandboxCheckout | null> => {
    const text = await kv.get(checkoutKey(orderId))
    return text === null ? null : (JSON.parse(text) as SandboxCheckout)
  }

  return {
    findCheckout,
    forInstance: (instance) => ({
      openSession: async (session) => {
        const checkout: SandboxCheckout = { instance, session, purchases: [] }
        await kv.setIfAbsent(checkoutKey(session.order_id), JSON.stringify(checkout), ttl)
        return `${deps.publicUrl()}/sandbox/checkout/${encodeURIComponent(session.order_id)}`
      },
      purchasesOf: async (orderId) => {
        const checkout = await findCheckout(orderId)
        return checkout?.instance === instance ? checkout.purchases : []
      },
      findPurchase: async (transactionId) => {
        const text = await kv.get(purchaseKey(instance, transactionId))
        return text === null ? null : (JSON.parse(text) as SandboxPurchase)
      },
    }),
    pay: async ({ instance, session }) => {
      const { item_name: _, return_url: __, expires_at_ms: ___, ...bought } = session
      const purchase = { transaction_id: `sbx_${randomBytes(12).toString('hex')}`, ...bought }
      await kv.set(purchaseKey(instance, purchase.transaction_id), JSON.stringify(purchase), ttl)
      const key = checkoutKey(session.order_id)
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        const text = await kv.get(key)
        if (text === null) throw new Error('the checkout has lapsed')
        const checkout = JSON.parse(text) as SandboxCheckout
        if (checkout.purchases.length >= PURCHASES_MAX) throw new Error('this checkout was paid too often')
        const next = JSON.stringify({ ...checkout, purchases: [...checkout.purchases, purchase] })
        if (await kv.compareAndSet(key, { expected: text, next, ...ttl })) return purchase
      }
      throw new Error('the checkout is paid by too many at once')
    },
  }
}
