import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CatalogueChange } from '../../features/store/index.ts'
import { changeWords, priceWords } from './change-words.ts'

const ITEM: CatalogueChange = { of: 'item', id: 1, name: 'Starter Pack', kind: 'changed', fields: [] }

test('a change is one line: what, then each field from and to', () => {
  const fields: CatalogueChange['fields'] = [
    { field: 'price_minor.USD', from: 1999, to: 2000 },
    { field: 'price_minor.KWD', from: null, to: 1500 },
    { field: 'price_minor.JPY', from: 120, to: null },
    { field: 'first_charge_bonus_percent', from: 10, to: 25 },
    { field: 'on_sale', from: true, to: false },
    { field: 'name_en', from: 'A', to: 'B\u001b' },
    { field: 'act_items', from: [], to: [{ id: 'spin', name: 'Free spin', num: 3 }] },
  ]
  assert.equal(
    changeWords({ ...ITEM, fields }),
    'item 1 (Starter Pack): price USD 19.99 -> 20.00, price KWD none -> 1.500, price JPY 120 -> none, ' +
      'first-charge bonus 10 % -> 25 %, on sale yes -> no, name (en) "A" -> "B\\u001b", ' +
      'extras [] -> [{"id":"spin","name":"Free spin","num":3}]',
  )
})

test('what was added shows all that it has, and what was removed its name', () => {
  const promotion = { of: 'promotion', id: 'xmas', name: 'Xmas' } as const
  const fields: CatalogueChange['fields'] = [
    { field: 'bonus_percent', from: null, to: 20 },
    { field: 'starts_at_ms', from: null, to: Date.UTC(2026, 11, 24, 18) },
    { field: 'item_ids', from: null, to: [1, 2] },
  ]
  assert.equal(
    changeWords({ ...promotion, kind: 'added', fields }),
    'promotion xmas (Xmas): added with bonus 20 %, starts 2026-12-24T18:00:00.000Z, items 1,2',
  )
  assert.equal(changeWords({ ...promotion, kind: 'removed', fields }), 'promotion xmas (Xmas): removed')
  assert.equal(
    changeWords({ of: 'daily_gift', id: 7, name: null, kind: 'changed', fields: [{ field: 'coins', from: 1, to: 2 }] }),
    'daily gift, day 7: coins 1 -> 2',
  )
})

test('a price has the decimals of its currency, up to the highest that there may be', () => {
  assert.equal(priceWords('USD', 1), '0.01')
  assert.equal(priceWords('USD', 999_999_999_999), '9999999999.99')
  assert.equal(priceWords('KWD', 999_999_999_999), '999999999.999')
  assert.equal(priceWords('JPY', 1_000_000_000_000), '1000000000000')
})
