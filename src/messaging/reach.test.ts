import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachesCountry } from './reach.ts'

test('without a list every number is written to, with one those that it names', () => {
  assert.equal(reachesCountry(null, '+18765550100'), true)
  assert.equal(reachesCountry(['+86', '+1415'], '+8613800000000'), true)
  assert.equal(reachesCountry(['+86', '+1415'], '+14155550100'), true)
  assert.equal(reachesCountry(['+86', '+1415'], '+14165550100'), false)
})

test('of the entries that a number begins with the longest decides, in whatever order they stand', () => {
  const countries = ['+1', '-+1876', '+187655', '-+7']
  for (const list of [countries, countries.toReversed()]) {
    assert.equal(reachesCountry(list, '+14155550100'), true)
    assert.equal(reachesCountry(list, '+18764440100'), false)
    assert.equal(reachesCountry(list, '+18765550100'), true)
    assert.equal(reachesCountry(list, '+79161234567'), false)
    assert.equal(reachesCountry(list, '+447911123456'), false)
  }
})

test('what is named and excluded is excluded', () => {
  assert.equal(reachesCountry(['+1', '-+1'], '+14155550100'), false)
})
