import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UNKNOWN_ITEM_ID } from '../item-of-sku.ts'
import { boughtRows } from './bought-rows.ts'
import type { Row } from './wire.ts'

const ITEMS = { pack: 1, other: 2, bundle: 4 }

const row = (sku: string, amount: string | number | null, more: Partial<Row> = {}): Row => ({
  ...{ sku, type: 'virtual_good', quantity: 1, amount, ...more },
})
const bundle = (sku: string, amount: string | null = '9.99', more: Partial<Row> = {}): Row =>
  row(sku, amount, { type: 'bundle', ...more })
const currency = (sku: string, amount: string | null = '[null]', more: Partial<Row> = {}): Row =>
  row(sku, amount, { type: 'virtual_currency', quantity: 1500, ...more })
/** As version 2 tells them. */
const v2 = (one: Row, is_bundle_content: boolean): Row => ({ ...one, is_bundle_content })

/** Each row that was bought: its sku, our item or `?`, and the sku whose price it bears. */
const bought = (...rows: Row[]) =>
  boughtRows(rows, ITEMS).map(
    ({ row: { sku }, itemId, pricedBy }) =>
      `${sku} ${itemId === UNKNOWN_ITEM_ID ? '?' : itemId} ${pricedBy?.sku ?? 'free'}`,
  )

test('rows that stand for themselves are all bought', () => {
  assert.deepEqual(bought(row('pack', '1'), row('other', '2.5'), row('what', '3')), [
    'pack 1 pack',
    'other 2 other',
    'what ? what',
  ])
  assert.deepEqual(bought(row('pack', '0.0000'), row('other', null)), ['pack 1 pack', 'other 2 other'])
})

test('of a bundle that we know, its contents are not bought beside it', () => {
  for (const unpriced of ['[null]', null, '0', '0.0000', 0]) {
    assert.deepEqual(bought(bundle('bundle'), row('pack', unpriced), currency('gold')), ['bundle 4 bundle'])
    assert.deepEqual(
      bought(row('pack', unpriced), currency('gold'), bundle('bundle')),
      ['bundle 4 bundle'],
      'in any order',
    )
  }
  const flagged = [v2(bundle('bundle'), false), v2(row('pack', '4.99'), true), v2(currency('gold'), true)]
  assert.deepEqual(bought(...flagged), ['bundle 4 bundle'], 'whatever they cost')
})

test('version 2 says what is a content: what costs nothing beside a bundle is a gift', () => {
  const gift = v2(row('other', '0', { is_bonus: true }), false)
  assert.deepEqual(bought(v2(bundle('bundle'), false), v2(row('pack', '0'), true), gift), [
    'bundle 4 bundle',
    'other 2 other',
  ])
})

test('a bundle that we do not know stands for what is in it, and the first of that bears its price', () => {
  assert.deepEqual(bought(bundle('what'), row('pack', '[null]'), currency('gold')), ['pack 1 what'])
  assert.deepEqual(bought(bundle('what'), row('pack', '[null]'), row('other', null)), ['pack 1 what', 'other 2 free'])
  assert.deepEqual(bought(row('other', '1'), bundle('what'), row('pack', '[null]')), ['other 2 other', 'pack 1 what'])
  assert.deepEqual(bought(v2(bundle('what'), false), v2(row('pack', '[null]'), true)), ['pack 1 what'])
})

test('a bundle of which we know nothing waits for a person', () => {
  assert.deepEqual(bought(bundle('what'), row('unheard', '[null]'), currency('gold')), ['what ? what'])
  assert.deepEqual(bought(bundle('what')), ['what ? what'])
})

test('of several bundles nobody can say whose contents are whose: none of them is granted twice', () => {
  assert.deepEqual(bought(bundle('bundle'), bundle('what'), row('pack', '[null]')), ['bundle 4 bundle', 'what ? what'])
  assert.deepEqual(bought(bundle('what'), bundle('unheard'), row('pack', '[null]')), [
    'what ? what',
    'unheard ? unheard',
  ])
})

test('a bundle within a bundle is a content of it; one that is free by itself is not', () => {
  assert.deepEqual(bought(bundle('bundle'), bundle('what', '[null]'), row('pack', '[null]')), ['bundle 4 bundle'])
  assert.deepEqual(bought(bundle('bundle', '0'), row('pack', '0')), ['bundle 4 bundle'])
})

test('a package of currency contains currencies and nothing else', () => {
  assert.deepEqual(bought(currency('pack', '4.99', { quantity: 1 }), currency('gold')), ['pack 1 pack'])
  assert.deepEqual(bought(currency('gold', '4.99'), row('pack', '0')), ['gold ? gold', 'pack 1 pack'])
})

test('contents alone are nothing that was bought', () => {
  assert.deepEqual(bought(v2(row('pack', '1'), true)), [])
})
