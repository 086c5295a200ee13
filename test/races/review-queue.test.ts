import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { deliver, purchase, tell, tellingOf } from '../support/reversals.ts'
import { approveBy, deskOf, entryOf, refundBy, refundingPlatform } from '../support/review-desk.ts'

const ROUNDS = 6

onEveryEngine((on) => {
  let cases = 0
  const underpaid = async () => {
    cases += 1
    const { uid } = await on.app.logIn(`desk-race-${cases}`)
    const bought = purchase({ order_id: `desk-race-${cases}`, uid, amount_minor: 999 })
    await tell(on.app, bought, 'payment.succeeded')
    const platform = refundingPlatform()
    const { entry_id: entryId } = await entryOf(on.app, bought.order_id)
    return { uid, bought, platform, entryId, desk: deskOf(on.app, platform.channel) }
  }
  const coinsOf = async (uid: string) => (await playerRow(on.app, uid)).coins
  const times = <T>(count: number, one: (n: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, n) => one(n)))

  test('eight people approve one entry at once: one grant, seven are told that it is closed', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { uid, entryId, desk } = await underpaid()
      const outcomes = await times(8, () => approveBy(desk, entryId))
      assert.equal(outcomes.filter((outcome) => outcome.ok).length, 1)
      for (const outcome of outcomes) if (!outcome.ok) assert.equal(outcome.refusal.code, 'review_entry_closed')
      assert.equal(await coinsOf(uid), 1000)
    }
    await assertBooks(on.app)
  })

  test('approved and refunded at once: granted, or given back, and never both', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { uid, entryId, desk, platform } = await underpaid()
      const work = [() => approveBy(desk, entryId), () => refundBy(desk, entryId)]
      if (round % 2 === 1) work.reverse()
      const outcomes = await Promise.all(work.map((one) => one()))
      assert.equal(outcomes.filter((outcome) => outcome.ok).length, 1)
      const [coins, back] = [await coinsOf(uid), platform.refunds.size]
      assert.ok((coins === 1000 && back === 0) || (coins === 0 && back === 1), `${coins} coins, ${back} refunds`)
    }
    await assertBooks(on.app)
  })

  test('approved while its payment is delivered again and again: one grant', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { uid, bought, entryId, desk } = await underpaid()
      const body = tellingOf(bought, { type: 'payment.succeeded' })
      const deliveries = times(4, () => deliver(on.app, body))
      const approved = await approveBy(desk, entryId)
      await deliveries
      assert.ok(approved.ok)
      assert.equal(await coinsOf(uid), 1000)
    }
    await assertBooks(on.app)
  })

  test('four people refund one order, and its platform tells of it meanwhile: it went back once and was taken once', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { uid, bought, entryId, desk, platform } = await underpaid()
      assert.ok((await approveBy(desk, entryId)).ok)
      platform.on.done = async () => {
        const [refund] = platform.refunds.values()
        assert.ok(refund)
        await tell(on.app, bought, { type: 'refund.succeeded', id: refund.refundId, atMs: 5 })
      }
      const outcomes = await times(4, () => refundBy(desk, bought.order_id))
      assert.ok(outcomes.some((outcome) => outcome.ok && outcome.value.state === 'done'))
      assert.deepEqual([platform.refunds.size, platform.asked()], [1, 1])
      assert.equal(await coinsOf(uid), 0)
      assert.equal((await orderRow(on.app, bought.order_id))?.status, 'refunded')
    }
    await assertBooks(on.app)
  })
})
