import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isPremium, mayBuy, type RewardTerms, rewardOf } from './rules.ts'
import { SEED_ITEMS } from './seed.ts'

// Item: price in cents, coins, base, then tokens on a first charge and later.
const CONTRACT: Readonly<Record<number, readonly number[]>> = {
  1: [1999, 1000, 20, 22, 20],
  2: [2999, 2000, 30, 33, 30],
  3: [4999, 5000, 50, 55, 50],
  4: [9999, 10_000, 100, 115, 101],
  5: [19_999, 20_000, 200, 230, 204],
  6: [39_999, 40_000, 400, 500, 416],
  7: [59_999, 60_000, 600, 750, 630],
  8: [99_999, 100_000, 1000, 1250, 1060],
}

describe('the store of a new app', () => {
  const rewards = (item: (typeof SEED_ITEMS)[number]) => {
    const terms = { ...item, actItems: [] }
    const first = rewardOf(terms, { isFirstCharge: true, quantity: 1 })
    const later = rewardOf(terms, { isFirstCharge: false, quantity: 1 })
    return [first, later].map((reward) => reward.tokensBase + reward.tokensBonus)
  }

  test('has the eight packs of the contract, with exactly these rewards', () => {
    const found = SEED_ITEMS.map((item) => [
      item.itemId,
      [item.prices['USD'], item.coins, item.tokensBase, ...rewards(item)],
    ])
    assert.deepEqual(Object.fromEntries(found), CONTRACT)
  })

  test('keeps the last two for premium players', () => {
    const premium = SEED_ITEMS.filter((item) => item.premiumOnly).map((item) => item.itemId)
    assert.deepEqual(premium, [7, 8])
  })

  test('names every pack in both languages', () => {
    for (const item of SEED_ITEMS) {
      assert.match(item.nameEn, /^[A-Z][a-z]+ Pack$/)
      assert.match(item.nameZh, /^[\u4e00-\u9fff]{2}礼包$/)
    }
  })
})

describe('a premium player', () => {
  test('has at least 10000 coins and level 99.99, both', () => {
    const cases: [number, number, boolean][] = [
      [10_000, 9999, true],
      [9999, 9999, false],
      [10_000, 9998, false],
      [0, 100_000, false],
      [1_000_000, 0, false],
      [-1, 9999, false],
    ]
    for (const [coins, level_hundredths, premium] of cases) {
      assert.equal(isPremium({ coins, level_hundredths }), premium, `${coins} coins, ${level_hundredths} hundredths`)
    }
  })

  test('may buy everything; others all but premium packs', () => {
    const item = (premiumOnly: boolean) => ({
      itemId: 1,
      nameEn: '',
      nameZh: '',
      prices: new Map(),
      terms: { coins: 1, tokensBase: 1, bonusPercent: 0, firstChargeBonusPercent: 0, actItems: [] },
      premiumOnly,
    })
    const rich = { coins: 10_000, level_hundredths: 9999 }
    const poor = { coins: 9999, level_hundredths: 9999 }
    assert.deepEqual([mayBuy(item(true), rich), mayBuy(item(true), poor)], [true, false])
    assert.deepEqual([mayBuy(item(false), rich), mayBuy(item(false), poor)], [true, true])
  })
})

describe('a reward', () => {
  const terms = fc.record({
    coins: fc.integer({ min: 0, max: 1_000_000 }),
    tokensBase: fc.integer({ min: 0, max: 1_000_000 }),
    bonusPercent: fc.integer({ min: 0, max: 1000 }),
    firstChargeBonusPercent: fc.integer({ min: 0, max: 1000 }),
    actItems: fc.constant([]),
  })

  test('has the bonus in force, rounded down, and on a first charge that one in its place', () => {
    fc.assert(
      fc.property(terms, fc.boolean(), (given: RewardTerms, isFirstCharge) => {
        const reward = rewardOf(given, { isFirstCharge, quantity: 1 })
        const percent = isFirstCharge ? given.firstChargeBonusPercent : given.bonusPercent
        assert.equal(reward.coins, given.coins)
        assert.equal(reward.tokensBase, given.tokensBase)
        assert.equal(BigInt(reward.tokensBonus), (BigInt(given.tokensBase) * BigInt(percent)) / 100n)
        assert.equal(reward.bonusPercent, percent)
        assert.equal(reward.isFirstCharge, isFirstCharge)
      }),
    )
  })

  test('of three pieces is that of three purchases, rounding included', () => {
    const odd = { coins: 7, tokensBase: 33, bonusPercent: 10, firstChargeBonusPercent: 25, actItems: [] }
    const reward = rewardOf(odd, { isFirstCharge: false, quantity: 3 })
    assert.deepEqual([reward.coins, reward.tokensBase, reward.tokensBonus], [21, 99, 9])
  })
})
