import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { onEveryEngineWithAppleApi } from '../support/apple-api.ts'
import type { AppleServer, Trouble } from '../support/apple-server.ts'
import {
  appleBuyer,
  BUNDLE_ID,
  newTransactionId,
  notificationOf,
  notify,
  type Saying,
  signedTransaction,
  verify,
} from '../support/apple-store.ts'
import { gameServer } from '../support/game-server.ts'

const HOUR_MS = 3_600_000

/** A store that asks how a purchase was used whose buyer wants their money back. */
onEveryEngineWithAppleApi((on) => {
  const buyer = async (name: string, channel = 'apple') => {
    const { token, uid, order, transaction } = await appleBuyer(on.app, name, { payment_channel: channel })
    const bundleId = channel === 'apple' ? BUNDLE_ID : `${BUNDLE_ID}.${channel.slice('apple-'.length)}`
    const buy = async () =>
      assertDone(await verify(on.app, token, signedTransaction({ transaction, bundleId }), channel))
    const ask = async (saying: Saying = {}) =>
      assertDone(
        await notify(on.app, notificationOf('consumption-request', { transaction, bundleId, ...saying }), channel),
      )
    const agree = (purchase_data: boolean) =>
      on.app.call('POST', '/api/v1/account/consent', { token, body: { purchase_data } })
    const spend = async (amount: number) => {
      const server = await gameServer(on.app)
      const body = { currency: 'coins', amount: -amount, reason: 'Slots', idempotency_key: `${name}-${amount}` }
      assertDone(await server.change(uid, body))
    }
    return { token, uid, order, transaction, buy, ask, agree, spend }
  }
  const carryOut = () => on.app.service.jobs.run('carry-out-channel-tasks')
  const callsOf = (transactionId: string) =>
    on.app.service.database.db
      .selectFrom('owed_calls')
      .select(['state', 'last_error', 'attempts'])
      .where('subject', 'like', `${transactionId}:%`)
      .orderBy('created_at_ms')
      .execute()
  const toldOf = (transactionId: string, server: AppleServer = on.production) =>
    server.asked.filter(({ path }) => path === `/inApps/v2/transactions/consumption/${transactionId}`)

  test('the store that asks is told what the books say, of a player who has agreed', async () => {
    const { transaction, buy, ask, agree, spend } = await buyer('apple-consumed')
    await buy()
    assert.equal(assertDone(await agree(true)).purchase_data, true)
    await spend(250)
    await ask()
    await carryOut()
    const [told] = toldOf(transaction.transactionId)
    assert.equal(told?.method, 'PUT')
    assert.deepEqual(told?.body, {
      ...{ customerConsented: true, sampleContentProvided: false },
      ...{ deliveryStatus: 'DELIVERED', consumptionPercentage: 25_000 },
    })
    assert.deepEqual(await callsOf(transaction.transactionId), [{ state: 'done', last_error: null, attempts: 1 }])
    await carryOut()
    assert.equal(toldOf(transaction.transactionId).length, 1)
  })

  test('the store that asks is told nothing of one who has not, or no longer does', async () => {
    for (const [name, said] of [
      ['apple-silent', []],
      ['apple-withdrawn', [true, false]],
    ] as const) {
      const { transaction, buy, ask, agree } = await buyer(name)
      await buy()
      for (const agreed of said) assertDone(await agree(agreed))
      await ask()
      await carryOut()
      assert.deepEqual(toldOf(transaction.transactionId), [])
      const refused = { state: 'refused', last_error: 'consent_missing', attempts: 1 }
      assert.deepEqual(await callsOf(transaction.transactionId), [refused])
    }
    const unknown = newTransactionId()
    const told = notificationOf('consumption-request', { transaction: { transactionId: unknown } })
    assertDone(await notify(on.app, told))
    await carryOut()
    assert.deepEqual(toldOf(unknown), [])
  })

  test('the store that asks is answered each time that it asks anew, once for each, with our opinion where the studio has one', async () => {
    const { transaction, buy, ask, agree, spend } = await buyer('apple-asks-again', 'apple-opinion')
    await buy()
    assertDone(await agree(true))
    const notification = { notificationUUID: 'c0ffee00-0000-4000-8000-000000000001' }
    for (let n = 0; n < 3; n++) await ask({ notification })
    await carryOut()
    await ask({ notification })
    await spend(500)
    await ask()
    await carryOut()
    const said = toldOf(transaction.transactionId).map(({ body }) => [
      body.consumptionPercentage,
      body.refundPreference,
    ])
    assert.deepEqual(said, [
      [0, undefined],
      [50_000, 'GRANT_PRORATED'],
    ])
  })

  test('the store that asks is answered where the purchase was made, in play money too', async () => {
    const { token, transaction, agree } = await buyer('apple-consumed-sandbox')
    const environment = 'Sandbox'
    assertDone(await verify(on.app, token, signedTransaction({ transaction, environment })))
    assertDone(await agree(true))
    assertDone(await notify(on.app, notificationOf('consumption-request', { transaction, environment })))
    await carryOut()
    assert.deepEqual(
      [toldOf(transaction.transactionId).length, toldOf(transaction.transactionId, on.sandbox).length],
      [0, 1],
    )
  })

  test('the store that asks hears nothing of what has gone back meanwhile', async () => {
    const { transaction, buy, ask, agree } = await buyer('apple-gone')
    await buy()
    assertDone(await agree(true))
    await ask()
    assertDone(await notify(on.app, notificationOf('refund', { transaction })))
    await carryOut()
    assert.deepEqual(toldOf(transaction.transactionId), [])
    assert.equal((await callsOf(transaction.transactionId))[0]?.state, 'done')
  })

  test('the store that asks and will not have the answer is not told again', async () => {
    for (const trouble of [
      { status: 400, errorCode: 4000006 },
      { status: 404, errorCode: 4040010 },
    ]) {
      const { transaction, buy, ask, agree } = await buyer(`apple-refuses-${trouble.errorCode}`)
      await buy()
      assertDone(await agree(true))
      await ask()
      await on.inTrouble(trouble, carryOut)
      assert.equal((await callsOf(transaction.transactionId))[0]?.state, 'refused')
    }
  })

  test('the store that asks is not reached by a key that it does not know, and the operator has time to mend that', async () => {
    const { transaction, buy, ask, agree } = await buyer('apple-badkey', 'apple-badkey')
    await buy()
    assertDone(await agree(true))
    await ask()
    await carryOut()
    assert.deepEqual(toldOf(transaction.transactionId), [])
    const [call] = await callsOf(transaction.transactionId)
    assert.deepEqual([call?.state, call?.last_error], ['open', 'channel_unavailable'])
  })

  // The last one: it moves the clock.
  test('the store that asks is told again after any trouble, for twelve hours and no longer', async () => {
    const troubles: Trouble[] = [
      { status: 429, errorCode: 4290000 },
      { status: 500, errorCode: 5000001 },
      { status: 404, errorCode: 4040002 },
      'elsewhere',
    ]
    const { transaction, buy, ask, agree } = await buyer('apple-trouble')
    await buy()
    assertDone(await agree(true))
    await ask()
    for (const trouble of troubles) {
      await on.inTrouble(trouble, carryOut)
      assert.equal((await callsOf(transaction.transactionId))[0]?.last_error, 'channel_unavailable')
      on.clock.moveMs(HOUR_MS)
    }
    await carryOut()
    assert.equal((await callsOf(transaction.transactionId))[0]?.state, 'done')

    const late = await buyer('apple-late')
    await late.buy()
    assertDone(await late.agree(true))
    const signedDate = Date.now()
    await late.ask({ notification: { signedDate } })
    on.clock.moveMs(signedDate + 12 * HOUR_MS - 1_000 - on.clock.nowMs())
    await on.inTrouble({ status: 500, errorCode: 5000001 }, carryOut)
    assert.equal((await callsOf(late.transaction.transactionId))[0]?.state, 'failed')
  })
})
