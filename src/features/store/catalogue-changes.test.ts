import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { anyContent } from '../../../test/support/any-content.ts'
import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'
import { catalogueChanges } from './catalogue-changes.ts'
import { writeContent } from './catalogue-content.ts'
import type { CatalogueContent } from './rules.ts'
import { SEED_CONTENT } from './seed.ts'

describe('what differs between two contents', () => {
  test('is nothing exactly when they are the same text', () => {
    fc.assert(
      fc.property(anyContent, anyContent, (one, other) => {
        assert.deepEqual(catalogueChanges(one, one), [])
        assert.equal(catalogueChanges(one, other).length === 0, writeContent(one) === writeContent(other))
      }),
    )
  })

  test('is told both ways with the same fields, from and to in each other’s place', () => {
    fc.assert(
      fc.property(anyContent, anyContent, (one, other) => {
        const flat = (changes: ReturnType<typeof catalogueChanges>) =>
          changes.flatMap(({ of, id, fields }) => fields.map(({ field, from, to }) => [of, id, field, from, to]))
        const byName = (a: unknown[], b: unknown[]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
        const back = flat(catalogueChanges(other, one)).map(([of, id, field, from, to]) => [of, id, field, to, from])
        assert.deepEqual(flat(catalogueChanges(one, other)).toSorted(byName), back.toSorted(byName))
      }),
    )
  })

  test('names each thing that was changed, added or removed, and the fields that differ', () => {
    const [first, second, ...others] = SEED_CONTENT.items
    assert.ok(first && second)
    const promotion = { promotionId: 'xmas', nameEn: 'Xmas', nameZh: '圣诞', bonusPercent: 20 }
    const after: CatalogueContent = {
      items: [
        {
          ...first,
          prices: new Map([['EUR' as CurrencyCode, 1799 as MinorUnits]]),
          terms: { ...first.terms, coins: 7 },
        },
        ...others,
      ],
      promotions: [{ ...promotion, startsAtMs: 1, endsAtMs: 2, itemIds: [1] }],
      dailyGifts: SEED_CONTENT.dailyGifts.map((gift, index) => (index === 2 ? { coins: 0, tokens: 3 } : gift)),
    }
    const changes = catalogueChanges(SEED_CONTENT, after)
    assert.deepEqual(
      changes.map(({ of, id, name, kind }) => [of, id, name, kind]),
      [
        ['item', 1, 'Starter Pack', 'changed'],
        ['item', 2, 'Growth Pack', 'removed'],
        ['promotion', 'xmas', 'Xmas', 'added'],
        ['daily_gift', 3, null, 'changed'],
      ],
    )
    assert.deepEqual(changes[0]?.fields, [
      { field: 'price_minor.USD', from: 1999, to: null },
      { field: 'coins', from: 1000, to: 7 },
      { field: 'price_minor.EUR', from: null, to: 1799 },
    ])
    assert.deepEqual(changes[3]?.fields, [
      { field: 'coins', from: 300, to: 0 },
      { field: 'tokens', from: 0, to: 3 },
    ])
  })
})
