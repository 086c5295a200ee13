import fc from 'fast-check'
import type { CatalogueContent, CatalogueItem, Promotion } from '../../src/features/store/rules.ts'
import type { CurrencyCode, MinorUnits } from '../../src/kernel/money.ts'

const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
const amount = fc.integer({ min: 0, max: 1_000_000_000_000 })
const percent = fc.integer({ min: 0, max: 1000 })
const itemId = fc.integer({ min: 1, max: 2_147_483_647 })
const currency = fc.constantFrom('USD', 'EUR', 'JPY', 'KWD', 'CNY') as fc.Arbitrary<CurrencyCode>
const price = fc.integer({ min: 1, max: 1_000_000_000_000 }) as fc.Arbitrary<number> as fc.Arbitrary<MinorUnits>
const actItem = fc.record({ id: name, name, num: fc.integer({ min: 1, max: 1000 }) }, { noNullPrototype: true })

const item: fc.Arbitrary<CatalogueItem> = fc.record(
  {
    itemId,
    nameEn: name,
    nameZh: name,
    prices: fc
      .uniqueArray(fc.tuple(currency, price), { minLength: 1, selector: ([code]) => code })
      .map((all) => new Map(all)),
    terms: fc.record(
      {
        coins: amount,
        tokensBase: amount,
        bonusPercent: percent,
        firstChargeBonusPercent: percent,
        actItems: fc.array(actItem, { maxLength: 3 }),
      },
      { noNullPrototype: true },
    ),
    premiumOnly: fc.boolean(),
    isOnSale: fc.boolean(),
  },
  { noNullPrototype: true },
)

const promotion: fc.Arbitrary<Promotion> = fc.record(
  {
    promotionId: fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,10}$/),
    nameEn: name,
    nameZh: name,
    bonusPercent: percent,
    startsAtMs: fc.nat(),
    endsAtMs: fc.nat(),
    itemIds: fc.uniqueArray(itemId, { maxLength: 3 }).map((ids) => ids.toSorted((a, b) => a - b)),
  },
  { noNullPrototype: true },
)

const gift = fc.record({ coins: amount, tokens: amount }, { noNullPrototype: true })

/** A content of every shape, its lists in the order of their ids; whether the rules take it does not matter. */
export const anyContent: fc.Arbitrary<CatalogueContent> = fc.record(
  {
    items: fc
      .uniqueArray(item, { maxLength: 5, selector: (one) => one.itemId })
      .map((all) => all.toSorted((a, b) => a.itemId - b.itemId)),
    promotions: fc
      .uniqueArray(promotion, { maxLength: 4, selector: (one) => one.promotionId })
      .map((all) => all.toSorted((a, b) => (a.promotionId < b.promotionId ? -1 : 1))),
    dailyGifts: fc.array(gift, { minLength: 7, maxLength: 7 }),
  },
  { noNullPrototype: true },
)
