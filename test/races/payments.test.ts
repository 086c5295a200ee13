import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { callSigned } from '../support/signed-call.ts'
import { type Answer, payment, SIGNED_SECRET } from '../support/test-app.ts'

onEveryEngine((on) => {
  const deliverer = async () => {
    const token = await on.app.serverToken()
    return (fields: Parameters<typeof payment>[0]): Promise<Answer> =>
      on.app.call('POST', '/api/v1/payment/success', { token, body: payment(fields) })
  }
  const times = <T>(count: number, one: (n: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, n) => one(n)))
  const granted = (answers: readonly Answer[]) => answers.filter((answer) => assertDone(answer).replayed === false)

  test('two hundred deliveries of one order at once: one grant, 199 replays of it', async () => {
    const { uid } = await on.app.logIn('two-hundred')
    const deliver = await deliverer()
    const answers = await times(200, () => deliver({ order_id: 'race-200', uid, transaction_id: 'race-200-txn' }))
    const [grant, ...others] = granted(answers)
    assert.ok(grant)
    assert.deepEqual(others, [])
    for (const { body } of answers) assert.deepEqual({ ...body, replayed: false }, grant.body)
    const { coins, inbox_tokens, ledger_seq } = await playerRow(on.app, uid)
    assert.deepEqual([coins, inbox_tokens, ledger_seq], [1000, 22, 1])
    assert.deepEqual(await reviewEntries(on.app, 'race-200'), [])
  })

  test('fifty different first orders of one player at once: one first charge', async () => {
    const { uid } = await on.app.logIn('fifty-first')
    const deliver = await deliverer()
    const answers = granted(await times(50, (n) => deliver({ order_id: `fifty-${n}`, uid })))
    assert.equal(answers.length, 50)
    assert.equal(answers.filter(({ body }) => body.is_first_charge).length, 1)
    assert.equal(answers.filter(({ body }) => body.tokens_granted === 22).length, 1)
    const balances = answers.map(({ body }) => body.balance.coins).toSorted((a, b) => a - b)
    assert.deepEqual(
      balances,
      Array.from({ length: 50 }, (_, n) => (n + 1) * 1000),
    )
    const { coins, inbox_tokens } = await playerRow(on.app, uid)
    assert.deepEqual([coins, inbox_tokens], [50_000, 22 + 49 * 20])
  })

  test('first orders of eight players, each sent twice, at once: one first charge each', async () => {
    const players = await times(8, (n) => on.app.logIn(`eight-${n}`))
    const deliver = await deliverer()
    const sent = players.flatMap(({ uid }, p) =>
      Array.from({ length: 6 }, (_, n) => ({ order_id: `eight-${p}-${n % 3}`, uid })),
    )
    const answers = granted(await Promise.all(sent.map((fields) => deliver(fields))))
    assert.equal(answers.length, 24)
    assert.equal(answers.filter(({ body }) => body.is_first_charge).length, 8)
    for (const { uid } of players) assert.equal((await playerRow(on.app, uid)).coins, 3000)
  })

  test('deliveries with and without the transaction id at once: one grant, and the id is adopted', async () => {
    for (let round = 0; round < 5; round++) {
      const { uid } = await on.app.logIn(`adopts-${round}`)
      const deliver = await deliverer()
      const order_id = `adopts-${round}`
      const transaction_id = `${order_id}-txn`
      const answers = await times(20, (n) => deliver({ order_id, uid, ...(n % 2 === 0 ? {} : { transaction_id }) }))
      assert.equal(granted(answers).length, 1)
      assert.deepEqual(await reviewEntries(on.app, order_id), [])
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      assertRefused(await deliver({ order_id: `${order_id}-other`, uid, transaction_id }), 409, 'order_conflict')
    }
  })

  test('two different transaction ids at once: one grant, one duplicate charge, however often each is sent', async () => {
    for (let round = 0; round < 5; round++) {
      const { uid } = await on.app.logIn(`two-ids-${round}`)
      const deliver = await deliverer()
      const order_id = `two-ids-${round}`
      const answers = await times(20, (n) => deliver({ order_id, uid, transaction_id: `${order_id}-${n % 2}` }))
      assert.equal(granted(answers).length, 1)
      const entries = await reviewEntries(on.app, order_id)
      assert.deepEqual(
        entries.map((entry) => entry.reason),
        ['duplicate_charge'],
      )
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
    }
  })

  test('one transaction id for ten orders at once: one grant, nine conflicts, nothing queued', async () => {
    const { uid } = await on.app.logIn('one-id')
    const deliver = await deliverer()
    const answers = await times(10, (n) => deliver({ order_id: `one-id-${n}`, uid, transaction_id: 'one-id-txn' }))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 409, 'order_conflict')
    for (let n = 0; n < 10; n++) assert.deepEqual(await reviewEntries(on.app, `one-id-${n}`), [])
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
  })

  test('right and wrong payments, failures and another player at once: one grant, no error of ours', async () => {
    const { uid } = await on.app.logIn('mixed-race')
    const other = await on.app.logIn('mixed-race-other')
    const deliver = await deliverer()
    const token = await on.app.serverToken()
    const failure = { order_id: 'mixed-race', uid, item_id: 1, web_pay_error_code: 'CARD_DECLINED' }
    const answers = await times(60, (n) => {
      if (n % 6 === 0) return on.app.call('POST', '/api/v1/payment/failure', { token, body: failure })
      if (n % 6 === 1) return deliver({ order_id: 'mixed-race', uid, price: 1 })
      if (n % 6 === 2) return deliver({ order_id: 'mixed-race', uid: other.uid })
      if (n % 6 === 3) {
        const body = payment({ order_id: 'mixed-race', uid, payment_channel: 'signed' })
        return callSigned(on.app, '/api/v1/payment/success', { body, secret: SIGNED_SECRET })
      }
      return deliver({ order_id: 'mixed-race', uid })
    })
    assert.deepEqual(
      answers.filter(({ status }) => ![200, 409].includes(status)),
      [],
    )
    const grants = answers.filter(({ body }) => body.replayed === false)
    assert.equal(grants.length, 1)
    // Whoever came first owns the order: a payment before any failure may be the other player's.
    const coins = [(await playerRow(on.app, uid)).coins, (await playerRow(on.app, other.uid)).coins]
    assert.deepEqual(coins.toSorted(), [0, 1000])
  })

  test('after all of this the books are in order', () => assertBooks(on.app))
})
