import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitMinor } from './sold-items.ts'

test('an amount is split to its last unit: what is left goes to the largest remainders, of equal ones to the first', () => {
  const splits: readonly [number, number[], number[]][] = [
    [100, [1], [100]],
    [100, [1, 1, 1], [34, 33, 33]],
    [101, [1, 1, 1], [34, 34, 33]],
    [1000, [1, 2], [333, 667]],
    [1, [1, 1000], [0, 1]],
    [0, [3, 4], [0, 0]],
    [Number.MAX_SAFE_INTEGER, [1000, 999], [4_505_852_553_647_319, 4_501_346_701_093_672]],
  ]
  for (const [total, weights, shares] of splits) {
    const split = splitMinor(total, weights)
    assert.equal(
      split.reduce((sum, share) => sum + BigInt(share), 0n),
      BigInt(total),
      `${total} by ${weights}`,
    )
    assert.deepEqual(split, shares, `${total} by ${weights}`)
  }
})
