import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'
import { catalogueFaults, noteFaults } from './catalogue-rules.ts'
import { type CatalogueContent, type CatalogueItem, type Promotion, rewardOf } from './rules.ts'
import { SEED_CONTENT } from './seed.ts'

const [FIRST, ...OTHERS] = SEED_CONTENT.items
assert.ok(FIRST)
const PROMOTION: Promotion = {
  ...{ promotionId: 'xmas-2026', nameEn: 'Xmas', nameZh: '圣诞' },
  ...{ bonusPercent: 20, startsAtMs: 1, endsAtMs: 2, itemIds: [1, 8] },
}
const TRILLION = 1_000_000_000_000

const paths = (content: CatalogueContent) => catalogueFaults(content).map(({ path }) => path)
const ofItem = (item: Partial<CatalogueItem>) => paths({ ...SEED_CONTENT, items: [{ ...FIRST, ...item }, ...OTHERS] })
const ofTerms = (terms: Partial<CatalogueItem['terms']>) => ofItem({ terms: { ...FIRST.terms, ...terms } })
const ofPrices = (prices: Record<string, number>) =>
  ofItem({ prices: new Map(Object.entries(prices) as [CurrencyCode, MinorUnits][]) })
const ofPromotion = (promotion: Partial<Promotion>) =>
  paths({ ...SEED_CONTENT, promotions: [{ ...PROMOTION, ...promotion }] })
const ofGifts = (dailyGifts: CatalogueContent['dailyGifts']) => paths({ ...SEED_CONTENT, dailyGifts })

describe('a catalogue', () => {
  test('may be the seed, with promotions', () => {
    assert.deepEqual(paths(SEED_CONTENT), [])
    assert.deepEqual(ofPromotion({}), [])
    assert.deepEqual(ofPromotion({ itemIds: [], promotionId: 'A.b_c-9' }), [])
  })

  test('has item ids that a table can hold, each once', () => {
    for (const itemId of [0, -1, 1.5, Number.NaN, 2 ** 31]) assert.deepEqual(ofItem({ itemId }), [`items.${itemId}.id`])
    assert.deepEqual(ofItem({ itemId: 2 ** 31 - 1 }), [])
    assert.deepEqual(ofItem({ itemId: 2 }), ['items.2.id'])
  })

  test('names everything in both languages, in one printable line', () => {
    const bad = ['', ' a', 'a ', 'a\nb', 'a\u0000', 'a\u001b[31m', '\u2028', '\ud800', 'x'.repeat(256), '\u0085a']
    for (const name of bad) {
      assert.deepEqual(ofItem({ nameEn: name }), ['items.1.name_en'], JSON.stringify(name))
      assert.deepEqual(ofItem({ nameZh: name }), ['items.1.name_zh'])
      assert.deepEqual(ofPromotion({ nameEn: name }), ['promotions.xmas-2026.name_en'])
      assert.deepEqual(ofPromotion({ nameZh: name }), ['promotions.xmas-2026.name_zh'])
    }
    for (const name of ['x'.repeat(255), '💎'.repeat(255), '👩‍👧 "pack"; drop table items; --']) {
      assert.deepEqual(ofItem({ nameEn: name, nameZh: name }), [])
    }
  })

  test('has at least one price of each item, above zero, in currencies that we know', () => {
    assert.deepEqual(ofPrices({}), ['items.1.price'])
    assert.deepEqual(ofPrices({ XXX: 1, usd: 1, EUR: 1 }), ['items.1.price.XXX', 'items.1.price.usd'])
    for (const minor of [0, -1, 0.5, Number.NaN, TRILLION + 1]) {
      assert.deepEqual(ofPrices({ JPY: minor }), ['items.1.price.JPY'])
    }
    assert.deepEqual(ofPrices({ JPY: 1, KWD: TRILLION }), [])
  })

  test('gives at least one coin or token for an item and for a day, and no more than can be counted', () => {
    assert.deepEqual(ofTerms({ coins: 0, tokensBase: 0 }), ['items.1'])
    assert.deepEqual([...ofTerms({ coins: 0 }), ...ofTerms({ tokensBase: 0 })], [])
    for (const amount of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, TRILLION + 1]) {
      assert.deepEqual(ofTerms({ coins: amount, tokensBase: amount }), ['items.1.coins', 'items.1.tokens'])
      const days = SEED_CONTENT.dailyGifts.with(3, { coins: amount, tokens: amount })
      assert.deepEqual(ofGifts(days), ['daily_gifts.4.coins', 'daily_gifts.4.tokens'])
    }
    assert.deepEqual(ofGifts(SEED_CONTENT.dailyGifts.with(0, { coins: 0, tokens: 0 })), ['daily_gifts.1'])
    assert.deepEqual(ofGifts(SEED_CONTENT.dailyGifts.slice(1)), ['daily_gifts'])
    assert.deepEqual(ofGifts([...SEED_CONTENT.dailyGifts, { coins: 1, tokens: 0 }]), ['daily_gifts'])
  })

  test('has bonuses of 0 to 1000 per cent, and the greatest reward of all is counted exactly', () => {
    for (const percent of [-1, 0.5, 1001, Number.NaN]) {
      assert.deepEqual(ofTerms({ bonusPercent: percent, firstChargeBonusPercent: percent }), [
        'items.1.bonus_percent',
        'items.1.first_charge_bonus_percent',
      ])
    }
    const most = { ...FIRST.terms, coins: TRILLION, tokensBase: TRILLION, bonusPercent: 1000 }
    assert.deepEqual(ofTerms(most), [])
    assert.equal(rewardOf(most, { isFirstCharge: false, quantity: 1 }).tokensBonus, 10 * TRILLION)
  })

  test('has at most twenty extras of an item, each with an id, a name and a number', () => {
    const extra = { id: 'spin', name: 'Free spin', num: 1 }
    assert.deepEqual(ofTerms({ actItems: Array.from({ length: 20 }, () => extra) }), [])
    assert.deepEqual(ofTerms({ actItems: Array.from({ length: 21 }, () => extra) }), ['items.1.act_items'])
    assert.deepEqual(ofTerms({ actItems: [extra, { id: '', name: 'a\tb', num: 0 }] }), [
      'items.1.act_items.1.id',
      'items.1.act_items.1.name',
      'items.1.act_items.1.num',
    ])
  })

  test('has promotions with an id, a bonus, an end after the start, and items that exist', () => {
    for (const promotionId of ['', '-a', 'a b', 'a'.repeat(65), 'ä', 'a\n']) {
      assert.deepEqual(ofPromotion({ promotionId }), [`promotions.${promotionId}.id`])
    }
    for (const bonusPercent of [0, -1, 1.5, 1001]) {
      assert.deepEqual(ofPromotion({ bonusPercent }), ['promotions.xmas-2026.bonus_percent'])
    }
    assert.deepEqual(ofPromotion({ startsAtMs: 2 }), ['promotions.xmas-2026.ends_at_ms'])
    assert.deepEqual(ofPromotion({ startsAtMs: -1, endsAtMs: 8.64e15 }), [
      'promotions.xmas-2026.starts_at_ms',
      'promotions.xmas-2026.ends_at_ms',
    ])
    assert.deepEqual(ofPromotion({ itemIds: [1, 9, 77, 9] }), [
      'promotions.xmas-2026.item_ids',
      'promotions.xmas-2026.item_ids',
    ])
    assert.deepEqual(paths({ ...SEED_CONTENT, promotions: [PROMOTION, PROMOTION] }), ['promotions.xmas-2026.id'])
  })

  test('keeps something on sale', () => {
    const items = SEED_CONTENT.items.map((item) => ({ ...item, isOnSale: false }))
    assert.deepEqual(paths({ ...SEED_CONTENT, items }), ['items'])
    assert.deepEqual(ofItem({ isOnSale: false }), [])
  })

  test('has at most 500 items and 200 promotions, and a size that can be kept', () => {
    const items = (count: number, nameEn = 'x') =>
      Array.from({ length: count }, (_, n) => ({ ...FIRST, itemId: n + 1, nameEn }))
    assert.deepEqual(paths({ ...SEED_CONTENT, items: items(500) }), [])
    assert.deepEqual(paths({ ...SEED_CONTENT, items: items(501) }), ['items'])
    const promotions = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ ...PROMOTION, promotionId: `p${n}`, itemIds: [] }))
    assert.deepEqual(paths({ ...SEED_CONTENT, promotions: promotions(200) }), [])
    assert.deepEqual(paths({ ...SEED_CONTENT, promotions: promotions(201) }), ['promotions'])
    const actItems = Array.from({ length: 20 }, () => ({ id: 'x'.repeat(64), name: 'x'.repeat(255), num: 1 }))
    const large = items(500).map((item) => ({ ...item, terms: { ...item.terms, actItems } }))
    assert.deepEqual(paths({ ...SEED_CONTENT, items: large }), ['catalogue'])
  })

  test('tells every fault at once', () => {
    const item = { ...FIRST, nameEn: '', prices: new Map(), terms: { ...FIRST.terms, coins: -1 } }
    const dailyGifts = SEED_CONTENT.dailyGifts.slice(1)
    assert.deepEqual(paths({ items: [item], promotions: [{ ...PROMOTION, bonusPercent: 0 }], dailyGifts }), [
      ...['items.1.name_en', 'items.1.price', 'items.1.coins'],
      ...['promotions.xmas-2026.bonus_percent', 'promotions.xmas-2026.item_ids', 'daily_gifts'],
    ])
  })
})

test('a note is one line of at most 255 characters, or nothing', () => {
  assert.deepEqual([...noteFaults(''), ...noteFaults('💎'.repeat(255))], [])
  for (const note of ['x'.repeat(256), 'a\nb', '\u001b']) assert.equal(noteFaults(note)[0]?.path, 'note')
})
