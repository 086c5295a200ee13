import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { payment } from '../support/test-app.ts'

/**
 * What one order's deliveries come to: each names a transaction id or none (`-`); `granted`, `replayed`, or
 * `duplicate` where the delivery opened a new entry for its refund.
 */
const STORIES: readonly { sent: string; told: string; because: string }[] = [
  { sent: '- -', told: 'granted replayed', because: 'the facts stand in for a missing id' },
  { sent: '- A A -', told: 'granted replayed replayed replayed', because: 'the first id is adopted' },
  { sent: 'A - A', told: 'granted replayed replayed', because: 'an id that came first is known without it too' },
  { sent: '- A B', told: 'granted replayed duplicate', because: 'only a second, different id is a second charge' },
  { sent: 'A B', told: 'granted duplicate', because: 'two ids are two charges' },
  { sent: 'A - B -', told: 'granted replayed duplicate replayed', because: 'no id means the first payment' },
  { sent: '- A B A B', told: 'granted replayed duplicate replayed replayed', because: 'each is known by its id' },
  { sent: 'A B C B C', told: 'granted duplicate duplicate replayed replayed', because: 'each charge is queued once' },
]

onEveryEngine((on) => {
  const deliver = async (body: Parameters<typeof payment>[0]) =>
    on.app.call('POST', '/api/v1/payment/success', { token: await on.app.serverToken(), body: payment(body) })

  for (const [index, { sent, told, because }] of STORIES.entries()) {
    test(`deliveries ${sent}: ${told}, for ${because}`, async () => {
      const { uid } = await on.app.logIn(`story-${index}`)
      const order_id = `story-${index}`
      const seen: string[] = []
      for (const id of sent.split(' ')) {
        const before = (await reviewEntries(on.app, order_id)).length
        const named = id === '-' ? {} : { transaction_id: `story-${index}-${id}` }
        const body = assertDone(await deliver({ order_id, uid, ...named }))
        const opened = (await reviewEntries(on.app, order_id)).length - before
        assert.ok(opened === 0 || body.replayed)
        seen.push(opened === 1 ? 'duplicate' : body.replayed ? 'replayed' : 'granted')
      }
      assert.equal(seen.join(' '), told)
      const { coins, inbox_tokens } = await playerRow(on.app, uid)
      assert.deepEqual([coins, inbox_tokens], [1000, 22])
    })
  }

  test('a replay may come without its transaction id, and the id is then still the same payment’s', async () => {
    const { uid } = await on.app.logIn('adopted')
    assertDone(await deliver({ order_id: 'adopted-1', uid }))
    assertDone(await deliver({ order_id: 'adopted-1', uid, transaction_id: 'adopted-txn' }))
    const stolen = await deliver({ order_id: 'adopted-2', uid, transaction_id: 'adopted-txn' })
    assertRefused(stolen, 409, 'order_conflict')
  })

  test('an id is not adopted by a payment with other facts', async () => {
    const { uid } = await on.app.logIn('not-adopted')
    assertRefused(await deliver({ order_id: 'other-facts', uid, price: 1 }), 409, 'price_mismatch')
    const paid = assertDone(await deliver({ order_id: 'other-facts', uid, transaction_id: 'other-facts-txn' }))
    assert.equal(paid.replayed, false)
    assertRefused(await deliver({ order_id: 'other-facts', uid, price: 1 }), 409, 'price_mismatch')
  })

  test('an id is adopted while its payment waits for review too: one entry, the same refusal', async () => {
    const { uid } = await on.app.logIn('adopted-in-review')
    const wrong = { order_id: 'review-adopt', uid, price: 1 }
    assertRefused(await deliver(wrong), 409, 'price_mismatch')
    assertRefused(await deliver({ ...wrong, transaction_id: 'review-txn' }), 409, 'price_mismatch')
    assertRefused(await deliver(wrong), 409, 'price_mismatch')
    assert.equal((await reviewEntries(on.app, 'review-adopt')).length, 1)
    assertRefused(await deliver({ ...wrong, transaction_id: 'review-txn-2' }), 409, 'price_mismatch')
    assert.equal((await reviewEntries(on.app, 'review-adopt')).length, 2)
  })

  test('the same amount written in another way is the same payment', async () => {
    const { uid } = await on.app.logIn('written')
    assertDone(await deliver({ order_id: 'written-1', uid, price: 19.99 }))
    for (const way of [{ price: '19.99' }, { price: '19.990' }, { currency: 'usd' }, { item_id: '1' }]) {
      assert.equal(assertDone(await deliver({ order_id: 'written-1', uid, ...way })).replayed, true)
    }
  })

  test('after all of this the books are in order', () => assertBooks(on.app))
})
