import { randomBytes } from 'node:crypto'
import type {
  SandboxPlatform,
  SandboxPurchase,
  SandboxReversalMessage,
  SandboxSession,
} from '../channels/sandbox/index.ts'
import type { KeyValueStore } from '../kv/kv.ts'
import {
  type KeptReversal,
  type PurchaseAction,
  refundStep,
  type Standing,
  type Step,
  stepOf,
  take,
} from './reversals.ts'

/** A checkout of the played platform: what is to be paid, what was, and what became of that. */
export interface SandboxCheckout {
  readonly instance: string
  readonly session: SandboxSession
  readonly purchases: readonly SandboxPurchase[]
  /** Of all its purchases, in the order in which they began. */
  readonly reversals: readonly KeptReversal[]
}

/** The platform that the sandbox plays, its page included: what it knows is kept beside the sessions. */
export interface PlayedPlatform {
  /** The platform as the channel of one instance sees it. */
  forInstance(instance: string): SandboxPlatform
  findCheckout(orderId: string): Promise<SandboxCheckout | null>
  /** Takes the money of a checkout, once more each time; `shortMinor` less than was asked for. */
  pay(checkout: SandboxCheckout, how: { shortMinor: number }): Promise<SandboxPurchase>
  /** Does to a purchase what a button says; null where that can do nothing. */
  act(
    purchase: SandboxPurchase,
    press: { action: PurchaseAction; nowMs: number },
  ): Promise<SandboxReversalMessage | null>
}

// A developer who comes back next week still finds the page of an order.
const KEPT_MS = 7 * 24 * 60 * 60 * 1000
// A page with more of them would say nothing more.
const PURCHASES_MAX = 100
const REVERSALS_MAX = 100
// Two tabs of one person compete here.
const ATTEMPTS_MAX = 10

/** `publicUrl`: where a player's browser reaches this program, asked when a checkout is opened. */
export function openPlayedPlatform(deps: { kv: KeyValueStore; publicUrl: () => string }): PlayedPlatform {
  const { kv } = deps
  const ttl = { ttlMs: KEPT_MS }
  const purchaseKey = (instance: string, transactionId: string): string =>
    `sandbox-purchase:${instance}:${transactionId}`
  const findCheckout = async (orderId: string): Promise<SandboxCheckout | null> => {
    const text = await kv.get(checkoutKey(orderId))
    return text === null ? null : readCheckout(text)
  }
  const act = (purchase: SandboxPurchase, press: { action: PurchaseAction; nowMs: number }) =>
    step(kv, purchase, { key: null, nowMs: press.nowMs, stepOf: (standing) => stepOf(press.action, standing) })

  return {
    findCheckout,
    act,
    forInstance: (instance) => ({
      openSession: async (session) => {
        const checkout: SandboxCheckout = { instance, session, purchases: [], reversals: [] }
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
      reversalsOf: async (purchase) => {
        const checkout = await findCheckout(purchase.order_id)
        return checkout ? standingOf(checkout, purchase).reversals.map((kept) => messageOf(purchase, kept)) : []
      },
      refund: (purchase, { amountMinor, key, nowMs }) =>
        step(kv, purchase, { key, nowMs, stepOf: (standing) => refundStep(standing, amountMinor) }),
    }),
    pay: async ({ instance, session }, { shortMinor }) => {
      const { item_name: _, return_url: __, expires_at_ms: ___, ...bought } = session
      const purchase = {
        transaction_id: `sbx_${newId()}`,
        ...bought,
        amount_minor: Math.max(0, bought.amount_minor - shortMinor),
      }
      await kv.set(purchaseKey(instance, purchase.transaction_id), JSON.stringify(purchase), ttl)
      return await change(kv, session.order_id, (checkout) => {
        if (checkout.purchases.length >= PURCHASES_MAX) throw new Error('this checkout was paid too often')
        return { next: { ...checkout, purchases: [...checkout.purchases, purchase] }, value: purchase }
      })
    },
  }
}

function checkoutKey(orderId: string): string {
  return `sandbox-checkout:${orderId}`
}

function newId(): string {
  return randomBytes(12).toString('hex')
}

// One that was kept before there were refunds has none.
function readCheckout(text: string): SandboxCheckout {
  const { reversals = [], ...kept } = JSON.parse(text) as Partial<SandboxCheckout> & Omit<SandboxCheckout, 'reversals'>
  return { ...kept, reversals }
}

/** A purchase with its own refunds and disputes. */
export function standingOf({ reversals }: SandboxCheckout, purchase: SandboxPurchase): Standing {
  const { transaction_id: transactionId } = purchase
  return { purchase, reversals: reversals.filter((one) => one.transaction_id === transactionId) }
}

/** What the platform tells of a refund or a dispute, now and whenever it is asked again. */
export function messageOf(purchase: SandboxPurchase, { type, reversal }: KeptReversal): SandboxReversalMessage {
  return { type, purchase, reversal }
}

/** Takes a step of a purchase's life; asked again under the same key, it is the step that was taken then. */
function step(
  kv: KeyValueStore,
  purchase: SandboxPurchase,
  wish: { key: string | null; nowMs: number; stepOf: (standing: Standing) => Step | null },
): Promise<SandboxReversalMessage | null> {
  return change(kv, purchase.order_id, (checkout) => {
    const standing = standingOf(checkout, purchase)
    const before = wish.key === null ? undefined : standing.reversals.find(({ key }) => key === wish.key)
    if (before) return { next: null, value: messageOf(purchase, before) }
    const wanted = wish.stepOf(standing)
    if (!wanted || (wanted.of === null && checkout.reversals.length >= REVERSALS_MAX))
      return { next: null, value: null }
    const taken = take(wanted, standing, { newId: newId(), key: wish.key, nowMs: wish.nowMs })
    const reversals = wanted.of
      ? checkout.reversals.map((one) => (one.reversal.id === taken.reversal.id ? taken : one))
      : [...checkout.reversals, taken]
    return { next: { ...checkout, reversals }, value: messageOf(purchase, taken) }
  })
}

/** Changes a checkout in one step; with `next: null` it stays. */
async function change<T>(
  kv: KeyValueStore,
  orderId: string,
  decide: (checkout: SandboxCheckout) => { next: SandboxCheckout | null; value: T },
): Promise<T> {
  const key = checkoutKey(orderId)
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const text = await kv.get(key)
    if (text === null) throw new Error('the checkout has lapsed')
    const { next, value } = decide(readCheckout(text))
    if (next === null) return value
    if (await kv.compareAndSet(key, { expected: text, next: JSON.stringify(next), ttlMs: KEPT_MS })) return value
  }
  throw new Error('the checkout is changed by too many at once')
}
