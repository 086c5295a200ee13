import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OrderStatus } from '../../db/schema.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import { type CurrencyCode, type MinorUnits, minorUnits } from '../../kernel/money.ts'
import type { StoreItem } from '../store/index.ts'
import {
  decideLine,
  factsIdentity,
  type KnownLine,
  type KnownOrder,
  type KnownPlayer,
  type LineClaim,
  type LineFacts,
  transactionIdentity,
} from './rules.ts'

const USD = 'USD' as CurrencyCode
const EUR = 'EUR' as CurrencyCode
const PLAYER = 10001 as PlayerId
const OTHER = 10002 as PlayerId
const ORDER = 'order-1' as OrderId
const usd = (minor: number) => ({ minor: minorUnits(minor), currency: USD })

const terms = { coins: 1000, tokensBase: 20, bonusPercent: 0, firstChargeBonusPercent: 10, actItems: [] }
const item: StoreItem = {
  itemId: 1,
  nameEn: 'Starter Pack',
  nameZh: '入门礼包',
  prices: new Map<CurrencyCode, MinorUnits>([[USD, minorUnits(1999)]]),
  terms,
  premiumOnly: false,
}
const claim: LineClaim = { playerId: PLAYER, orderId: ORDER, itemId: 1, quantity: 1, price: usd(1999) }
const player: KnownPlayer = {
  coins: 0,
  tokens: 0,
  inbox_coins: 0,
  inbox_tokens: 0,
  level_hundredths: 0,
  first_charge_order_id: null,
}
const order: KnownOrder = {
  playerId: PLAYER,
  itemId: 1,
  quantity: 1,
  status: 'failed',
  terms: 'open',
  price: usd(1999),
  rewardTerms: terms,
  wasGranted: false,
}
const paid: KnownOrder = { ...order, status: 'completed', wasGranted: true }
const facts: LineFacts = { claim, known: 'new', order: null, player, item }
const decide = (change: Partial<LineFacts>) => decideLine({ ...facts, ...change })
const claims = (change: Partial<LineClaim>) => ({ claim: { ...claim, ...change } })

describe('a payment that was never seen', () => {
  test('at a price that its platform itself has made is granted at any, and only for an item that this player may buy', () => {
    const local = { ...claims({ price: { minor: minorUnits(2499), currency: EUR } }), priceRule: 'platform' } as const
    assert.equal(decide(local).kind, 'grant')
    assert.equal(decide({ ...local, order: { ...order, status: 'pending', terms: 'frozen' } }).kind, 'grant')
    assert.equal(decide({ ...local, priceRule: 'order' }).kind, 'review_order')
    assert.deepEqual(decide({ ...local, item: null }), { kind: 'review_order', refusal: 'item_not_found' })
    const locked = decide({ ...local, item: { ...item, premiumOnly: true } })
    assert.deepEqual(locked, { kind: 'review_order', refusal: 'item_locked' })
  })

  test('is ours by any reading of its price, and less than ours only where its platform took off what it does not number', () => {
    const net = claims({ price: usd(1850), priceReadings: [usd(1999)] })
    const granted = decide(net)
    assert.ok(granted.kind === 'grant')
    assert.deepEqual(granted.price, usd(1999), 'the order shows what its item costs')
    assert.equal(decide({ ...net, order: { ...order, status: 'pending', terms: 'frozen' } }).kind, 'grant')
    assert.equal(decide(claims({ price: usd(1850), priceReadings: [usd(2000)] })).kind, 'review_order')
    assert.equal(decide(claims({ price: usd(999), isDiscounted: true })).kind, 'grant')
    assert.equal(decide(claims({ price: usd(2000), isDiscounted: true })).kind, 'review_order')
    const euros = { minor: minorUnits(5), currency: EUR }
    assert.equal(decide(claims({ price: euros, isDiscounted: true })).kind, 'review_order')
  })

  test('of a frozen order may be in another currency that we list, where our list rules', () => {
    const listed = { ...item, prices: new Map([...item.prices, [EUR, minorUnits(1899)]]) }
    const inEuros = (minor: number, priceRule: 'order' | 'catalogue') => {
      const frozen = { ...order, status: 'pending', terms: 'frozen' } as const
      const price = { minor: minorUnits(minor), currency: EUR }
      return decide({ ...claims({ price }), item: listed, order: frozen, priceRule }).kind
    }
    assert.equal(inEuros(1899, 'catalogue'), 'grant')
    assert.equal(inEuros(1898, 'catalogue'), 'review_order')
    assert.equal(inEuros(1899, 'order'), 'review_order')
    const again = { ...claims({ price: { minor: minorUnits(1899), currency: EUR } }), item: listed, order: paid }
    assert.deepEqual(decide({ ...again, priceRule: 'catalogue' }), { kind: 'duplicate', isNew: true })
    assert.deepEqual(decide({ ...again, priceRule: 'order' }), { kind: 'review_money', refusal: 'order_conflict' })
  })

  test('of a new order is granted, as a first charge when it is the first', () => {
    const reward = { coins: 1000, tokensBase: 20, tokensBonus: 2, bonusPercent: 10, isFirstCharge: true }
    assert.deepEqual(decide({}), { kind: 'grant', reward, price: usd(1999) })
    const charged = { ...player, first_charge_order_id: 'earlier' as OrderId }
    const later = { ...reward, tokensBonus: 0, bonusPercent: 0, isFirstCharge: false }
    assert.deepEqual(decide({ player: charged }), { kind: 'grant', reward: later, price: usd(1999) })
  })

  test('is a first charge by the price that its order shows: a discount of all of it makes no free offer', () => {
    const couponed = decide(claims({ price: usd(0), priceReadings: [usd(1999)] }))
    assert.ok(couponed.kind === 'grant')
    assert.deepEqual([couponed.price, couponed.reward.isFirstCharge], [usd(1999), true])
    const free = decide({ ...claims({ price: usd(0) }), priceRule: 'platform' })
    assert.ok(free.kind === 'grant')
    assert.deepEqual([free.price, free.reward.isFirstCharge], [usd(0), false])
  })

  test('of a failed, cancelled, expired, pending or reviewed order is granted', () => {
    for (const status of ['failed', 'cancelled', 'expired', 'pending', 'review'] as const) {
      assert.equal(decide({ order: { ...order, status } }).kind, 'grant', status)
    }
  })

  test('of another player, item or quantity is a conflict that leaves the order alone, paid or not', () => {
    for (const known of [order, paid]) {
      for (const change of [{ playerId: OTHER }, { itemId: 2 }, { quantity: 2 }]) {
        const refused = { kind: 'review_money', refusal: 'order_conflict' }
        assert.deepEqual(decide({ order: known, ...claims(change) }), refused)
      }
    }
  })

  test('of another price or currency is a conflict once the order was paid', () => {
    for (const price of [usd(1998), { ...usd(1999), currency: EUR }]) {
      const refused = { kind: 'review_money', refusal: 'order_conflict' }
      assert.deepEqual(decide({ order: paid, ...claims({ price }) }), refused)
    }
  })

  test('of another price or currency puts an unpaid order in review, and makes one where there was none', () => {
    for (const known of [order, null]) {
      for (const price of [usd(1998), usd(2000), usd(0), { ...usd(1999), currency: EUR }]) {
        const refused = { kind: 'review_order', refusal: 'price_mismatch' }
        assert.deepEqual(decide({ order: known, ...claims({ price }) }), refused)
      }
    }
  })

  test('of an unknown item goes to review', () => {
    assert.deepEqual(decide({ item: null }), { kind: 'review_order', refusal: 'item_not_found' })
    assert.deepEqual(decide({ item: null, order }), { kind: 'review_order', refusal: 'item_not_found' })
  })

  test('of a locked item goes to review, whatever was paid for it', () => {
    const locked = { ...item, premiumOnly: true }
    assert.deepEqual(decide({ item: locked }), { kind: 'review_order', refusal: 'item_locked' })
    const cheap = { item: locked, ...claims({ price: usd(1) }) }
    assert.deepEqual(decide(cheap), { kind: 'review_order', refusal: 'item_locked' })
    const premium = { ...player, coins: 10_000, level_hundredths: 9999 }
    assert.equal(decide({ item: locked, player: premium }).kind, 'grant')
  })

  test('of nobody that we know is money for the queue, and touches no order', () => {
    const refused = { kind: 'review_money', refusal: 'player_not_found' }
    for (const known of [null, order, paid]) assert.deepEqual(decide({ player: null, order: known }), refused)
  })

  test('for an order that was ever granted is a duplicate charge', () => {
    for (const status of ['completed', 'refunded', 'disputed'] as const) {
      assert.deepEqual(decide({ order: { ...paid, status } }), { kind: 'duplicate', isNew: true }, status)
    }
  })

  test('for an order that was refunded without a grant is a conflict', () => {
    const refunded = { ...order, status: 'refunded' as OrderStatus }
    assert.deepEqual(decide({ order: refunded }), { kind: 'review_money', refusal: 'order_conflict' })
  })

  test('that would make a balance uncountable goes to review; to the last coin it is granted', () => {
    const max = Number.MAX_SAFE_INTEGER
    const refused = { kind: 'review_order', refusal: 'balance_overflow' }
    assert.equal(decide({ player: { ...player, coins: max - 1000 } }).kind, 'grant')
    assert.deepEqual(decide({ player: { ...player, coins: max - 999 } }), refused)
    assert.equal(decide({ player: { ...player, coins: max - 1500, inbox_coins: 500 } }).kind, 'grant')
    assert.deepEqual(decide({ player: { ...player, coins: max - 1500, inbox_coins: 501 } }), refused)
    assert.equal(decide({ player: { ...player, tokens: max - 30, inbox_tokens: 8 } }).kind, 'grant')
    assert.deepEqual(decide({ player: { ...player, tokens: max - 30, inbox_tokens: 9 } }), refused)
  })
})

describe('a payment of an order whose terms were frozen', () => {
  const frozenTerms = { ...terms, coins: 500, tokensBase: 10, firstChargeBonusPercent: 50 }
  const frozen: KnownOrder = { ...order, status: 'expired', terms: 'frozen', price: usd(999), rewardTerms: frozenTerms }

  test('gives what was promised, at the price that was promised, though the store has changed', () => {
    const decision = decide({ order: frozen, ...claims({ price: usd(999) }), item: null })
    assert.ok(decision.kind === 'grant')
    assert.deepEqual([decision.reward.coins, decision.reward.tokensBase, decision.reward.tokensBonus], [500, 10, 5])
  })

  test("is refused at the store's present price", () => {
    assert.deepEqual(decide({ order: frozen }), { kind: 'review_order', refusal: 'price_mismatch' })
  })
})

describe('a payment that was seen before', () => {
  const known: KnownLine = {
    payerUserId: PLAYER,
    orderId: ORDER,
    itemId: 1,
    quantity: 1,
    priceMinor: minorUnits(1999),
    currency: USD,
    standing: 'granted',
    refusal: null,
    grantedOrderId: ORDER,
  }

  test('answers its grant again, also when the player, the item and the order have changed since', () => {
    assert.deepEqual(decide({ known, order: paid }), { kind: 'replay', orderId: ORDER })
    assert.deepEqual(decide({ known, order: { ...paid, status: 'refunded' }, player: null, item: null }), {
      kind: 'replay',
      orderId: ORDER,
    })
  })

  test('answers the order that an approval granted it to', () => {
    const moved = { ...known, grantedOrderId: 'ord_of_ours' as OrderId }
    assert.deepEqual(decide({ known: moved }), { kind: 'replay', orderId: 'ord_of_ours' })
  })

  test('is refused again with the same code while it is in review', () => {
    for (const refusal of ['price_mismatch', 'item_locked', 'item_not_found', 'player_not_found'] as const) {
      const waiting: KnownLine = { ...known, standing: 'review', refusal, grantedOrderId: null }
      assert.deepEqual(decide({ known: waiting }), { kind: 'refuse_again', refusal })
    }
  })

  test('as a duplicate charge is queued once', () => {
    const duplicate: KnownLine = { ...known, standing: 'duplicate', grantedOrderId: null }
    assert.deepEqual(decide({ known: duplicate, order: paid }), { kind: 'duplicate', isNew: false })
  })

  test('under another order, or with any other fact, contradicts itself', () => {
    const changes = [
      { orderId: 'order-2' as OrderId },
      { playerId: OTHER },
      { itemId: 2 },
      { quantity: 2 },
      { price: usd(1998) },
      { price: { ...usd(1999), currency: EUR } },
    ]
    for (const standing of ['granted', 'review', 'duplicate'] as const) {
      for (const change of changes) {
        const decision = decide({ known: { ...known, standing }, order: paid, ...claims(change) })
        assert.deepEqual(decision, { kind: 'contradiction' })
      }
    }
    assert.deepEqual(decide({ known: 'unknown_line' }), { kind: 'contradiction' })
  })
})

describe('the identity of a payment', () => {
  const scope = { appId: 'app' as AppId, instance: 'signed', environment: 'live' as const }

  test('of its facts changes with order, player, item, price and currency, and with nothing else', () => {
    const changes: Partial<LineClaim>[] = [
      {},
      { orderId: 'order-2' as OrderId },
      { playerId: OTHER },
      { itemId: 2 },
      { price: usd(1998) },
      { price: { ...usd(1999), currency: EUR } },
    ]
    const keys = changes.map((change) => factsIdentity(scope, { ...claim, ...change }).key)
    assert.equal(new Set(keys).size, changes.length)
    assert.equal(factsIdentity(scope, { ...claim }).key, keys[0])
  })

  test('holds within its app, its instance and its environment', () => {
    const scopes = [
      scope,
      { ...scope, appId: 'app2' as AppId },
      { ...scope, instance: 'server' },
      { ...scope, environment: 'test' as const },
    ]
    for (const identityOf of [
      (of: typeof scope) => transactionIdentity(of, 'txn'),
      (of: typeof scope) => factsIdentity(of, claim),
    ]) {
      assert.equal(new Set(scopes.map((one) => identityOf(one as typeof scope).key)).size, scopes.length)
    }
  })

  test('by transaction id is never one of facts, and both fit their columns at their longest', () => {
    const facts = factsIdentity(scope, { ...claim, orderId: 'x'.repeat(200) as OrderId })
    assert.notEqual(transactionIdentity(scope, facts.identity.replace('facts:', '')).key, facts.key)
    assert.ok(facts.identity.length <= 300)
    assert.ok(transactionIdentity(scope, 'x'.repeat(200)).identity.length <= 300)
    assert.match(facts.key, /^[0-9a-f]{64}$/)
  })
})
