import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayBecome, mayStillBePaid, ORDER_STATUSES } from './rules.ts'

// Section 5 of the contract, written out a second time: a row to a column, `x` where the way is open.
const TABLE = `
            pending completed failed cancelled expired review refunded disputed
pending     .       x         x      x         x       x      .        .
completed   .       .         .      .         .       .      x        x
failed      .       x         .      .         .       x      .        .
cancelled   .       x         .      .         .       x      .        .
expired     .       x         .      .         .       x      .        .
review      .       x         .      .         .       .      x        .
refunded    .       x         .      .         .       x      .        .
disputed    .       x         .      .         .       .      x        .
`
const [head = '', ...lines] = TABLE.trim().split('\n')
const columns = head.trim().split(/\s+/)

test('an order goes from each state exactly where the contract lets it go', () => {
  assert.deepEqual(columns.toSorted(), ORDER_STATUSES.toSorted())
  assert.equal(lines.length, columns.length)
  for (const line of lines) {
    const [from = '', ...marks] = line.trim().split(/\s+/)
    for (const [index, mark] of marks.entries()) {
      const to = columns[index] ?? ''
      const way = mayBecome(from as 'pending', to as 'pending')
      assert.equal(way, mark === 'x', `${from} -> ${to}`)
    }
  }
})

test('staying is no change', () => {
  for (const status of ORDER_STATUSES) assert.equal(mayBecome(status, status), false)
})

test('nothing goes back to pending, and nothing but a refund or a dispute leaves completed', () => {
  assert.deepEqual(
    ORDER_STATUSES.filter((from) => mayBecome(from, 'pending')),
    [],
  )
  const after = ORDER_STATUSES.filter((to) => mayBecome('completed', to))
  assert.deepEqual(after.toSorted(), ['disputed', 'refunded'])
})

test('money that arrives now may be granted to an order that waits, failed, was given up, expired or is in review', () => {
  const payable = ORDER_STATUSES.filter(mayStillBePaid)
  assert.deepEqual(payable.toSorted(), ['cancelled', 'expired', 'failed', 'pending', 'review'])
})
