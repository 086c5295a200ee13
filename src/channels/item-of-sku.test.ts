import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemOfSku, skuOfItem, UNKNOWN_ITEM_ID } from './item-of-sku.ts'

const ITEMS = { 'coins.small': 1, '7': 2 }

test('a sku is the item that it is configured for, else the item of its number, else no item of ours', () => {
  assert.equal(itemOfSku(ITEMS, 'coins.small'), 1)
  assert.equal(itemOfSku(ITEMS, '7'), 2)
  assert.equal(itemOfSku(ITEMS, '3'), 3)
  for (const sku of ['', '0', '03', '-3', '3.0', '3 ', '１', 'toString', '__proto__', '9999999999', '99999999999']) {
    assert.equal(itemOfSku(ITEMS, sku), UNKNOWN_ITEM_ID, sku)
  }
})

test('an item is offered under its configured sku, else under its number', () => {
  assert.equal(skuOfItem(ITEMS, 1), 'coins.small')
  assert.equal(skuOfItem(ITEMS, 3), '3')
})
