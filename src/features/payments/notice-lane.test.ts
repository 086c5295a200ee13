import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VerifiedNotice } from '../../channels/channel.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import type { AppliedNotice } from './apply-notice.ts'
import { openNoticeLane } from './notice-lane.ts'
import type { SettleDeps } from './settle-payments.ts'

const APPLIED: AppliedNotice = { orderId: null, orderStatus: null, verdict: 'unchanged' }

/** A lane whose bookings end when the test says so. */
function heldLane() {
  const begun: PromiseWithResolvers<AppliedNotice>[] = []
  const lane = openNoticeLane({} as SettleDeps, () => {
    const booking = Promise.withResolvers<AppliedNotice>()
    begun.push(booking)
    return booking.promise
  })
  return { begun, book: () => lane.book({} as VerifiedNotice) }
}
/** A place that was made is taken one turn of the event loop later. */
const turn = async () => {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve))
}

test('three refunds are booked at once, and each that is done or fails makes place for the next', async () => {
  const { begun, book } = heldLane()
  const booked = Array.from({ length: 6 }, book)
  await turn()
  assert.equal(begun.length, 3)
  begun[0]?.resolve(APPLIED)
  begun[1]?.reject(new Error('the player is held'))
  await assert.rejects(booked[1] ?? Promise.resolve(), /held/)
  await turn()
  assert.equal(begun.length, 5)
  for (const [no, booking] of begun.entries()) if (no !== 1) booking.resolve(APPLIED)
  await turn()
  begun[5]?.resolve(APPLIED)
  assert.deepEqual(await Promise.all(booked.filter((_, no) => no !== 1)), Array(5).fill(APPLIED))
  const later = [book(), book(), book(), book()]
  await turn()
  assert.equal(begun.length, 9, 'all three places are free again')
  for (const booking of begun) booking.resolve(APPLIED)
  await turn()
  begun[9]?.resolve(APPLIED)
  await Promise.all(later)
})

test('more than may wait are sent away at once, to come again later', async () => {
  const { begun, book } = heldLane()
  const held = Array.from({ length: 2_003 }, book)
  await assert.rejects(book(), StorageUnavailable)
  const drained = Promise.all(held)
  while (begun.length < held.length) {
    for (const booking of begun) booking.resolve(APPLIED)
    await turn()
  }
  for (const booking of begun) booking.resolve(APPLIED)
  await drained
})
