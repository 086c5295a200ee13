import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ChannelTaskDeps } from '../../src/features/payments/index.ts'
import { carryOutRefunds } from '../../src/features/payments/index.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import type { DiesAt } from '../support/refund-process.ts'
import { type RefundServer, refundChannel, startRefundServer } from '../support/refund-server.ts'
import { purchase, tell } from '../support/reversals.ts'
import { approveBy, deskOf, entryOf, refundBy, refusingPlatform } from '../support/review-desk.ts'

// Longer than a dead process keeps its refund to itself.
const LATER_MS = 5 * 60_000
const FOREVER = new AbortController().signal

onEveryEngine(
  (on) => {
    let cases = 0
    /** A granted order, or with a wrong price an entry of the queue. */
    const paid = async (amountMinor = 1999) => {
      cases += 1
      const { uid } = await on.app.logIn(`refund-kill-${cases}`)
      const bought = purchase({ order_id: `refund-kill-${cases}`, uid, amount_minor: amountMinor })
      await tell(on.app, bought, 'payment.succeeded')
      return { uid, bought }
    }
    const intentsOf = async (orderId: string) => {
      const rows = await on.app.service.database.db.selectFrom('refund_intents').selectAll().execute()
      return rows.filter((row) => row.order_id === orderId)
    }
    const refundInChild = async (platform: RefundServer, { target, diesAt }: { target: string; diesAt: DiesAt }) => {
      const task = JSON.stringify({ variables: on.app.variables, url: platform.url, target, diesAt })
      return await runProgram('test/support/refund-process.ts', { args: [task] })
    }
    const later = (platform: RefundServer): ChannelTaskDeps =>
      deskOf(on.app, refundChannel(platform.url), { nowMs: () => Date.now() + LATER_MS })

    const points: { name: string; diesAt: DiesAt; killAsker: RefundServer['killAsker']; wentBack: number }[] = [
      { name: 'between the intent and the call', diesAt: 'before_call', killAsker: 'never', wentBack: 0 },
      { name: 'in the call, before the money goes', diesAt: 'nowhere', killAsker: 'before_refund', wentBack: 0 },
      { name: 'in the call, after the money went', diesAt: 'nowhere', killAsker: 'after_refund', wentBack: 1 },
      { name: 'between the answer and its booking', diesAt: 'after_answer', killAsker: 'never', wentBack: 1 },
      { name: 'in the booking, before it is committed', diesAt: 'in_confirmation', killAsker: 'never', wentBack: 1 },
    ]
    for (const { name, diesAt, killAsker, wentBack } of points) {
      test(`kill -9 ${name}: the money goes back once and is booked once`, async (t: TestContext) => {
        const platform = await startRefundServer(t)
        const granted = await paid()
        const queued = await paid(999)
        for (const { bought } of [granted, queued]) {
          platform.killAsker = killAsker
          const before = platform.refunds.size
          const { signal, stdout, stderr } = await refundInChild(platform, { target: bought.order_id, diesAt })
          assert.deepEqual([signal, stdout, stderr], ['SIGKILL', '', ''])
          assert.equal(platform.refunds.size - before, wentBack)
          assert.deepEqual(
            (await intentsOf(bought.order_id)).map(({ state }) => state),
            ['open'],
          )
          platform.killAsker = 'never'
        }
        assert.equal((await playerRow(on.app, granted.uid)).coins, 1000)
        const { entry_id: entryId } = await entryOf(on.app, queued.bought.order_id)
        const approved = await approveBy(later(platform), entryId, { isStatedPaid: true })
        assert.equal(approved.ok ? '' : approved.refusal.code, 'refund_under_way')

        assert.equal(await carryOutRefunds(later(platform), FOREVER), 2)
        assert.equal(await carryOutRefunds(later(platform), FOREVER), 0)
        assert.equal(platform.refunds.size, 2)
        for (const { bought, uid } of [granted, queued]) {
          assert.deepEqual(
            (await intentsOf(bought.order_id)).map(({ state }) => state),
            ['done'],
          )
          assert.equal((await orderRow(on.app, bought.order_id))?.status, 'refunded')
          assert.equal((await playerRow(on.app, uid)).coins, 0)
        }
        assert.equal((await entryOf(on.app, queued.bought.order_id)).state, 'refunded')
        await assertBooks(on.app)
      })
    }

    test('a platform out of reach is asked less and less often, given up in the open, and asked again by a person', async (t) => {
      const platform = await startRefundServer(t)
      const { bought, uid } = await paid()
      let nowMs = Date.now()
      const clock = { nowMs: () => nowMs }
      const away = deskOf(on.app, refusingPlatform('channel_unavailable'), clock)
      const first = await refundBy(away, bought.order_id)
      assert.deepEqual(first.ok && [first.value.state, first.value.last_error], ['open', 'channel_unavailable'])
      assert.equal(await carryOutRefunds(away, FOREVER), 0, 'not before its time')
      const waits: number[] = []
      for (let attempts = 1; ; attempts++) {
        const [intent] = await intentsOf(bought.order_id)
        assert.ok(intent && attempts <= 20)
        assert.equal(intent.attempts, attempts)
        if (intent.state !== 'open') break
        waits.push(intent.next_attempt_at_ms - nowMs)
        nowMs = intent.next_attempt_at_ms
        assert.equal(await carryOutRefunds(away, FOREVER), 1)
      }
      assert.deepEqual(
        waits,
        waits.toSorted((a, b) => a - b),
      )
      assert.equal((await intentsOf(bought.order_id))[0]?.state, 'failed')
      const other = await refundBy(away, bought.order_id, { amount: '5.00' })
      assert.equal(
        other.ok ? '' : other.refusal.code,
        'refund_under_way',
        'what it did is not known: the same, or nothing',
      )
      const again = await refundBy(deskOf(on.app, refundChannel(platform.url), clock), bought.order_id)
      assert.ok(again.ok && first.ok)
      assert.deepEqual([again.value.state, [...platform.refunds.keys()]], ['done', [first.value.idempotency_key]])
      assert.equal((await playerRow(on.app, uid)).coins, 0)
      await assertBooks(on.app)
    })

    test('a refund that its platform refuses is over at once, and a person may state that the money went back', async () => {
      const { bought, uid } = await paid()
      const desk = deskOf(on.app, refusingPlatform('purchase_not_found'))
      for (const _ of [1, 2]) {
        const no = await refundBy(desk, bought.order_id)
        assert.deepEqual(no.ok && [no.value.state, no.value.attempts], ['refused', 1])
      }
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      const stated = await refundBy(desk, bought.order_id, { isReturned: true })
      assert.equal(stated.ok && stated.value.state, 'done')
      assert.equal((await playerRow(on.app, uid)).coins, 0)
      await assertBooks(on.app)
    })

    test('the server does this work by itself', async () => {
      assert.equal(await on.app.service.jobs.run('carry-out-channel-tasks'), 0)
    })
  },
  { jobs: 'by_hand' },
)
