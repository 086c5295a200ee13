import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { anyContent } from '../../../test/support/any-content.ts'
import { contentJson, readContent, writeContent } from './catalogue-content.ts'
import { SEED_CONTENT } from './seed.ts'

describe('a content as text', () => {
  test('is read back as it was written', () => {
    fc.assert(fc.property(anyContent, (content) => assert.deepEqual(readContent(writeContent(content)), content)))
  })

  test('is the same in whatever order its parts are given', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const shuffled = {
          items: content.items
            .toReversed()
            .map((item) => ({ ...item, prices: new Map([...item.prices].toReversed()) })),
          promotions: content.promotions
            .toReversed()
            .map((one) => ({ ...one, itemIds: [...one.itemIds.toReversed(), ...one.itemIds] })),
          dailyGifts: content.dailyGifts,
        }
        assert.equal(writeContent(shuffled), writeContent(content))
      }),
    )
  })

  test('holds this of the seed: what versions keep is not renamed', () => {
    const { items, promotions, daily_gifts } = contentJson(SEED_CONTENT)
    assert.deepEqual(items[0], {
      id: 1,
      name_en: 'Starter Pack',
      name_zh: '入门礼包',
      prices_minor: { USD: 1999 },
      coins: 1000,
      tokens_base: 20,
      bonus_percent: 0,
      first_charge_bonus_percent: 10,
      act_items: [],
      premium_only: false,
      on_sale: true,
    })
    assert.deepEqual(promotions, [])
    assert.deepEqual(daily_gifts[6], { day: 7, coins: 2000, tokens: 5 })
  })
})
