import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usedMilliPercent } from './use-rules.ts'

const used = (facts: Partial<Parameters<typeof usedMilliPercent>[0]>): number =>
  usedMilliPercent({ coins: 1000, coinsBefore: 0, coinsSpentSince: 0, isRewardClaimed: false, ...facts })

test('what was bought is gone by what was spent since, never by more than all of it', () => {
  assert.equal(used({}), 0)
  assert.equal(used({ coinsSpentSince: 333 }), 33_300)
  assert.equal(used({ coinsSpentSince: 1000 }), 100_000)
  assert.equal(used({ coinsSpentSince: 9_000_000_000_000_000 }), 100_000)
  assert.equal(used({ coins: 3, coinsSpentSince: 1 }), 33_333)
})

test('coins that the player had before are spent first, and a debt is none of them', () => {
  assert.equal(used({ coinsBefore: 500, coinsSpentSince: 500 }), 0)
  assert.equal(used({ coinsBefore: 500, coinsSpentSince: 750 }), 25_000)
  assert.equal(used({ coinsBefore: -500, coinsSpentSince: 250 }), 25_000)
})

test('a reward counts where there were no coins', () => {
  assert.equal(used({ isRewardClaimed: true }), 0)
  assert.equal(used({ coins: 0, isRewardClaimed: false }), 0)
  assert.equal(used({ coins: 0, isRewardClaimed: true }), 100_000)
})
