import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import {
  type AppleServer,
  type ConnectKey,
  newConnectKey,
  startAppleServer,
  type Trouble,
} from '../support/apple-server.ts'
import {
  appleSettings,
  boughtFor,
  newTransactionId,
  notificationOf,
  notify,
  type Saying,
  signedTransaction,
  verify,
} from '../support/apple-store.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { aheadClock } from '../support/fake-clock.ts'
import { gameServer } from '../support/game-server.ts'
import { createOrder } from '../support/orders.ts'
import { entryOf } from '../support/review-desk.ts'
import { engines, startApp, type TestApp } from '../support/test-app.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const FROM = new Date(Date.now() - 100 * DAY_MS).toISOString()

interface Standing {
  readonly app: TestApp
  readonly key: ConnectKey
  readonly production: AppleServer
  readonly sandbox: AppleServer
}

for (const engine of engines()) {
  describe(engine.name, () => {
    let on: Standing
    const clock = aheadClock()

    before(async () => {
      const key = newConnectKey()
      const [production, sandbox] = [await startAppleServer(key, clock), await startAppleServer(key, clock)]
      const own = { apiKey: key.settings, apiUrl: production.url, sandboxApiUrl: `${sandbox.url}/` }
      const CHANNELS = JSON.stringify({
        apple: appleSettings(own),
        'apple-opinion': appleSettings({ ...own, refundPreference: 'GRANT_PRORATED' }),
        'apple-badkey': appleSettings({ ...own, apiKey: { ...key.settings, keyId: 'ANOTHERKEY' } }),
      })
      sandbox.keptDays = 30
      on = { key, production, sandbox, app: await startApp({ engine, clock, variables: { CHANNELS } }) }
    })
    after(async () => {
      await on.app.close()
      await on.production.stop()
      await on.sandbox.stop()
    })

    const buyer = async (name: string, channel = 'apple') => {
      const { token, uid } = await on.app.logIn(name)
      const order = await createOrder(on.app, token, { payment_channel: channel })
      const transaction = { transactionId: newTransactionId(), ...boughtFor(order) }
      const buy = async () => assertDone(await verify(on.app, token, signedTransaction({ transaction }), channel))
      const ask = async (saying: Saying = {}) =>
        assertDone(await notify(on.app, notificationOf('consumption-request', { transaction, ...saying }), channel))
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
    const orders = (...args: string[]) => runProgram('src/cli/orders.ts', { args, variables: on.app.variables })
    const inTrouble = async (trouble: Trouble, work: () => Promise<void>) => {
      on.production.trouble = trouble
      try {
        await work()
      } finally {
        on.production.trouble = null
      }
    }

    describe('a store that asks how a purchase was used', () => {
      test('is told what the books say, of a player who has agreed', async () => {
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

      test('is told nothing of one who has not, or no longer does', async () => {
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

      test('is answered each time that it asks anew, once for each, with our opinion where the studio has one', async () => {
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

      test('is asked where the purchase was made, in play money too', async () => {
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

      test('hears nothing of what has gone back meanwhile', async () => {
        const { transaction, buy, ask, agree } = await buyer('apple-gone')
        await buy()
        assertDone(await agree(true))
        await ask()
        assertDone(await notify(on.app, notificationOf('refund', { transaction })))
        await carryOut()
        assert.deepEqual(toldOf(transaction.transactionId), [])
        assert.equal((await callsOf(transaction.transactionId))[0]?.state, 'done')
      })

      test('that will not have it is not told again', async () => {
        for (const trouble of [
          { status: 400, errorCode: 4000006 },
          { status: 404, errorCode: 4040010 },
        ]) {
          const { transaction, buy, ask, agree } = await buyer(`apple-refuses-${trouble.errorCode}`)
          await buy()
          assertDone(await agree(true))
          await ask()
          await inTrouble(trouble, async () => void (await carryOut()))
          assert.equal((await callsOf(transaction.transactionId))[0]?.state, 'refused')
        }
      })

      test('is not reached by a key that it does not know, and the operator has time to mend that', async () => {
        const { transaction, buy, ask, agree } = await buyer('apple-badkey', 'apple-badkey')
        await buy()
        assertDone(await agree(true))
        await ask()
        await carryOut()
        assert.deepEqual(toldOf(transaction.transactionId), [])
        const [call] = await callsOf(transaction.transactionId)
        assert.deepEqual([call?.state, call?.last_error], ['open', 'channel_unavailable'])
      })
    })

    describe('money that waits for a person', () => {
      /** A purchase that names no order, shown by a device. */
      const unclaimed = async (name: string, environment: 'Production' | 'Sandbox' = 'Production') => {
        const { token, uid } = await on.app.logIn(name)
        const transaction = { transactionId: newTransactionId() }
        const signed = signedTransaction({ transaction, environment })
        assertRefused(await verify(on.app, token, signed), 409, 'account_mismatch')
        const { entry_id } = await entryOf(on.app, `apple:${transaction.transactionId}`)
        const approve = () =>
          orders('approve', entry_id, '--by', 'a tester', '--app', 'com.funtriolimited.slots.casino.free')
        return { uid, transaction, approve, coins: async () => (await playerRow(on.app, uid)).coins }
      }

      test('is granted once the store says that it stands', async () => {
        const { transaction, approve, coins } = await unclaimed('apple-stands')
        on.production.transactions.set(transaction.transactionId, signedTransaction({ transaction }))
        const done = await approve()
        assert.equal(done.code, 0, done.stderr)
        assert.equal(await coins(), 1000)
        await assertBooks(on.app)
      })

      test('is looked for in play money where it is no real money', async () => {
        const { transaction, approve, coins } = await unclaimed('apple-stands-sandbox', 'Sandbox')
        on.sandbox.transactions.set(
          transaction.transactionId,
          signedTransaction({ transaction, environment: 'Sandbox' }),
        )
        assert.equal((await approve()).code, 0)
        assert.equal(await coins(), 1000)
      })

      test('is not granted where it went back, is known to nobody, or is vouched for by somebody else', async () => {
        const gone = await unclaimed('apple-approve-gone')
        const revoked = { ...gone.transaction, revocationDate: Date.now() }
        on.production.transactions.set(gone.transaction.transactionId, signedTransaction({ transaction: revoked }))
        assert.match((await gone.approve()).stderr, /does not stand any more/)
        const nobodys = await unclaimed('apple-approve-unknown')
        assert.match((await nobodys.approve()).stderr, /cannot say whether this payment stands/)
        const other = await unclaimed('apple-approve-other')
        const { transaction } = await unclaimed('apple-approve-other-2')
        on.production.transactions.set(other.transaction.transactionId, signedTransaction({ transaction }))
        assert.match((await other.approve()).stderr, /out of reach/)
        on.production.transactions.set(other.transaction.transactionId, 'e30.e30.e30')
        assert.match((await other.approve()).stderr, /out of reach/)
        for (const trouble of ['page', { status: 500, errorCode: 5000000 }] as const) {
          await inTrouble(trouble, async () => assert.match((await other.approve()).stderr, /out of reach/))
        }
        for (const { coins } of [gone, nobodys, other]) assert.equal(await coins(), 0)
      })
    })

    test('what Apple told and never reached us is taken in once, from real money and play money, each proven again', async () => {
      const [paid, back, came] = [
        await buyer('apple-lost'),
        await buyer('apple-lost-refund'),
        await buyer('apple-came'),
      ]
      const charge = ({ transaction }: typeof paid) => notificationOf('one-time-charge', { transaction }).signedPayload
      assertDone(await notify(on.app, { signedPayload: charge(came) }))
      await back.buy()
      const played = await buyer('apple-lost-sandbox')
      on.production.told.push(
        ...[charge(came), charge(paid), notificationOf('test').signedPayload],
        ...[notificationOf('refund', { transaction: back.transaction }).signedPayload, `${charge(paid)}A`],
      )
      const { transaction } = played
      on.sandbox.told.push(notificationOf('one-time-charge', { transaction, environment: 'Sandbox' }).signedPayload)
      const catchUp = async (...more: string[]) => {
        const done = await orders('catch-up', 'apple', '--from', FROM, '--json', ...more)
        assert.equal(done.code, 0, done.stderr)
        const { listed, notUnderstood, missed } = JSON.parse(done.stdout)
        return [listed, notUnderstood, missed.map(({ kind }: { kind: string }) => kind)]
      }
      const missed = [6, 1, ['payment', 'notice', 'payment']]
      const before = withoutMarks(await stateOf(on.app))
      assert.deepEqual(await catchUp(), missed)
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
      assert.deepEqual(await catchUp('--apply'), missed)
      assert.deepEqual(await catchUp('--apply'), [6, 1, []])
      const [asked] = on.production.asked.filter(({ path }) => path.endsWith('/history'))
      assert.equal(asked?.body.startDate, Date.parse(FROM))
      const statuses = await Promise.all(
        [paid, back, came, played].map(async ({ order }) => (await orderRow(on.app, order.order_id))?.status),
      )
      assert.deepEqual(statuses, ['completed', 'refunded', 'completed', 'completed'])
      const [play] = on.sandbox.asked.filter(({ path }) => path.endsWith('/history'))
      assert.ok(play?.body.startDate > Date.parse(FROM), 'play money is kept for a month')
      const long = await orders('catch-up', 'apple', '--from', '2020-01-01T00:00:00Z')
      assert.match(long.stderr, /longer ago than Apple keeps/)
      await inTrouble({ status: 401, errorCode: 0 }, async () => {
        assert.match((await orders('catch-up', 'apple', '--from', FROM)).stderr, /out of reach/)
      })
      await assertBooks(on.app)
    })

    // The last one: it moves the clock.
    test('a store that asks how a purchase was used is told again after any trouble, for twelve hours and no longer', async () => {
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
        await inTrouble(trouble, async () => void (await carryOut()))
        assert.equal((await callsOf(transaction.transactionId))[0]?.last_error, 'channel_unavailable')
        clock.moveMs(HOUR_MS)
      }
      await carryOut()
      assert.equal((await callsOf(transaction.transactionId))[0]?.state, 'done')

      const late = await buyer('apple-late')
      await late.buy()
      assertDone(await late.agree(true))
      const signedDate = Date.now()
      await late.ask({ notification: { signedDate } })
      clock.moveMs(signedDate + 12 * HOUR_MS - 1_000 - clock.nowMs())
      await inTrouble({ status: 500, errorCode: 5000001 }, async () => void (await carryOut()))
      assert.equal((await callsOf(late.transaction.transactionId))[0]?.state, 'failed')
    })
  })
}
