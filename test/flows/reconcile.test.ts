import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Channel } from '../../src/channels/channel.ts'
import { type Reconciled, reconcile } from '../../src/features/reconciliation/index.ts'
import { refused } from '../../src/kernel/outcome.ts'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type ListedMessage, listingChannel, listingPlatform } from '../support/listing-platform.ts'
import { messageDepsOn } from '../support/message-deps.ts'
import { createOrder } from '../support/orders.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
const clock = fakeClock()
const platform = listingPlatform({ instance: 'listing', nowMs: clock.nowMs })
const channel = listingChannel('listing', platform)
before(() => platform.open())
after(() => platform.close())

onEveryEngine(
  (on) => {
    let cases = 0
    let fromMs = 0
    const ordered = async () => {
      cases += 1
      const id = `r-${cases}`
      const { token, uid } = await on.app.logIn(`reconciled-${cases}`)
      const { order_id } = await createOrder(on.app, token, { payment_channel: 'listing' })
      return { id, order_id: order_id as string, uid }
    }
    const send = async (callback: ReturnType<typeof platform.tell>) =>
      assertDone(await on.app.call('POST', callback.path, callback))
    /** Both sides know of it. */
    const told = async (message: ListedMessage) => await send(platform.tell(message))
    /** The books alone know of it. */
    const toldAndForgotten = async (message: ListedMessage) => {
      await told(message)
      platform.kept.pop()
    }
    const compare = async (
      more: { apply?: boolean; fromMs?: number; untilMs?: number; channel?: Channel } = {},
    ): Promise<Reconciled> => {
      clock.moveMs(20 * 60_000)
      const deps = messageDepsOn(on.app.service.database, { variables: on.app.variables, clock })
      const span = { fromMs, untilMs: clock.nowMs(), ...more }
      const done = await reconcile(deps, { channel, rows: null, apply: false, progress: () => undefined, ...span })
      assert.ok(done.ok)
      return done.value
    }
    const kindsOf = ({ differences }: Reconciled) =>
      Object.fromEntries(differences.map(({ ids, kind, isHealed }) => [ids[0], isHealed ? `${kind}, healed` : kind]))
    beforeEach(() => {
      // No case meets another's span, nor its edges.
      clock.moveMs(3 * HOUR_MS)
      fromMs = clock.nowMs()
      clock.moveMs(1)
      platform.kept.length = 0
      Object.assign(platform.says, { pageSize: 2, repeats: true, standing: 'unknown', mood: 'well' })
    })

    test('two sides that agree are clean, with equal totals', async () => {
      const some = [await ordered(), await ordered(), await ordered()]
      for (const one of some) await told({ say: 'paid', ...one })
      await told({ say: 'refunded', id: some[0]?.id ?? '', minor: 500 })
      await told({ say: 'disputed', id: some[1]?.id ?? '' })
      clock.moveMs(1)
      await told({ say: 'lost', id: some[1]?.id ?? '' })
      const found = await compare()
      assert.deepEqual(found.differences, [])
      const [dollars] = found.totals
      assert.deepEqual(dollars, {
        currency: 'USD',
        there: { paid: 3n * 1999n, back: 500n + 1999n },
        here: { paid: 3n * 1999n, back: 500n + 1999n },
      })
    })

    test('every kind of difference is found, both ways, and what the platform proves is healed', async () => {
      const [good, missing, only, wrong, refunded, refundOnly, disputed, disputeOnly] = await Promise.all(
        Array.from({ length: 8 }, ordered),
      )
      assert.ok(good && missing && only && wrong && refunded && refundOnly && disputed && disputeOnly)
      await told({ say: 'paid', ...good })
      platform.tell({ say: 'paid', ...missing })
      await toldAndForgotten({ say: 'paid', ...only })
      await toldAndForgotten({ say: 'paid', ...wrong })
      platform.tell({ say: 'paid', ...wrong, minor: 999 })
      for (const one of [refunded, refundOnly, disputed, disputeOnly]) await told({ say: 'paid', ...one })
      platform.tell({ say: 'refunded', id: refunded.id })
      await toldAndForgotten({ say: 'refunded', id: refundOnly.id })
      platform.tell({ say: 'disputed', id: disputed.id })
      await toldAndForgotten({ say: 'disputed', id: disputeOnly.id })

      const before = withoutMarks(await stateOf(on.app))
      const dry = await compare()
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before, 'without --apply nothing changes')
      const unhealed = {
        [missing.id]: 'missing_here',
        [only.id]: 'unknown_there',
        [wrong.id]: 'amount_differs',
        [refunded.id]: 'refund_missing_here',
        [refundOnly.id]: 'refund_unknown_there',
        [disputed.id]: 'dispute_missing_here',
        [disputeOnly.id]: 'dispute_unknown_there',
      }
      assert.deepEqual(kindsOf(dry), unhealed)
      assert.equal(dry.differences.length, 7, 'each once, though pages repeat')
      assert.deepEqual(dry.totals, [
        {
          currency: 'USD',
          there: { paid: 6n * 1999n + 999n, back: 1999n },
          here: { paid: 7n * 1999n, back: 1999n },
        },
      ])
      const healed = {
        ...unhealed,
        [missing.id]: 'missing_here, healed',
        [refunded.id]: 'refund_missing_here, healed',
        [disputed.id]: 'dispute_missing_here, healed',
      }
      assert.deepEqual(kindsOf(await compare({ apply: true })), healed)
      const statuses = await Promise.all(
        [missing, refunded, disputed].map(async ({ order_id }) => (await orderRow(on.app, order_id))?.status),
      )
      assert.deepEqual(statuses, ['completed', 'refunded', 'disputed'])
      const left = kindsOf(await compare({ apply: true }))
      assert.deepEqual(Object.values(left).sort(), [
        ...['amount_differs', 'dispute_unknown_there', 'refund_unknown_there', 'unknown_there'],
      ])
      await assertBooks(on.app)
    })

    test('another currency and a sum that went back differ, and money in the queue is no difference', async () => {
      const [euros, part, queued] = [await ordered(), await ordered(), await ordered()]
      await toldAndForgotten({ say: 'paid', ...euros })
      platform.tell({ say: 'paid', ...euros, currency: 'EUR' })
      await told({ say: 'paid', ...part })
      await toldAndForgotten({ say: 'refunded', id: part.id, minor: 500 })
      clock.moveMs(1)
      platform.tell({ say: 'refunded', id: part.id, minor: 700 })
      await told({ say: 'paid', ...queued, minor: 1 })
      const found = await compare()
      assert.deepEqual(kindsOf(found), { [euros.id]: 'amount_differs', [part.id]: 'amount_differs' })
      assert.equal(found.notGranted, 1)
    })

    test('what was told at the edge of the span, or late, is no difference: its platform is asked', async () => {
      const [edge, late, gone] = [await ordered(), await ordered(), await ordered()]
      await told({ say: 'paid', ...edge, at: fromMs - 30 * 60_000 })
      await told({ say: 'paid', ...late, at: fromMs - 2 * HOUR_MS })
      platform.says.standing = 'stands'
      platform.standingsAsked = 0
      assert.deepEqual(kindsOf(await compare()), {})
      assert.equal(platform.standingsAsked, 1, 'the edge was in the list')
      platform.says.standing = 'gone'
      await toldAndForgotten({ say: 'paid', ...gone })
      assert.deepEqual(kindsOf(await compare()), { [late.id]: 'refund_missing_here', [gone.id]: 'refund_missing_here' })
    })

    test('a list of one kind is compared by that kind, and what nobody could be asked about is no difference', async () => {
      const [paid, refunded] = [await ordered(), await ordered()]
      for (const one of [paid, refunded]) await toldAndForgotten({ say: 'paid', ...one })
      await toldAndForgotten({ say: 'refunded', id: refunded.id })
      const both = { [paid.id]: 'unknown_there', [refunded.id]: 'refund_unknown_there' }
      assert.deepEqual(kindsOf(await compare()), both)
      const only = { reversals: { [refunded.id]: 'refund_unknown_there' }, payments: { [paid.id]: 'unknown_there' } }
      for (const listsOnly of ['reversals', 'payments'] as const) {
        const found = kindsOf(await compare({ channel: { ...channel, listsOnly } }))
        assert.deepEqual(listsOnly === 'payments' ? { [paid.id]: found[paid.id] } : found, only[listsOnly])
      }
      const silent = { ...channel, lookUpStanding: async () => refused('channel_unavailable') }
      const found = await compare({ channel: silent })
      assert.deepEqual(kindsOf(found), { [refunded.id]: 'refund_unknown_there' })
      assert.equal(found.notAsked, 2)
    })

    test('all of it is the same whether a platform says its sum or none', async () => {
      const [summed, unsummed] = [await ordered(), await ordered()]
      for (const one of [summed, unsummed]) await told({ say: 'paid', ...one })
      await toldAndForgotten({ say: 'refunded', id: summed.id, minor: 1999 })
      await toldAndForgotten({ say: 'refunded', id: unsummed.id })
      clock.moveMs(1)
      platform.tell({ say: 'refunded', id: summed.id })
      platform.tell({ say: 'refunded', id: unsummed.id, minor: 1999 })
      assert.deepEqual(kindsOf(await compare()), {})
    })

    test('days are compared one after the other, and what another channel or game has is none of it', async () => {
      const [first, last] = [await ordered(), await ordered()]
      const { uid } = await on.app.logIn('reconciled-sandbox')
      const token = await on.app.serverToken()
      const body = { order_id: `of-server-${cases}`, uid, item_id: 1, price: 19.99, currency: 'USD' }
      assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body }))
      platform.tell({ say: 'paid', ...first, at: fromMs + 1 })
      platform.tell({ say: 'paid', ...last, at: fromMs + 3.5 * DAY_MS })
      clock.moveMs(4 * DAY_MS)
      const asked = platform.asked.length
      assert.deepEqual(kindsOf(await compare({ untilMs: fromMs + 4 * DAY_MS })), {
        [first.id]: 'missing_here',
        [last.id]: 'missing_here',
      })
      const spans = platform.asked
        .slice(asked)
        .map(({ from, until }) => [Math.round((from - fromMs) / HOUR_MS), Math.round((until - fromMs) / HOUR_MS)])
      assert.deepEqual(spans, [
        [-1, 0],
        [0, 24],
        [24, 48],
        [48, 72],
        [72, 96],
        [96, 96],
      ])
    })

    test('a list that fails in the middle is no clean bill, and what was taken in until then stays', async () => {
      const some = [await ordered(), await ordered(), await ordered(), await ordered()]
      for (const one of some) platform.tell({ say: 'paid', ...one })
      platform.onPage = (page) => {
        platform.says.mood = page === 1 ? 'away' : 'well'
      }
      clock.moveMs(20 * 60_000)
      const deps = messageDepsOn(on.app.service.database, { variables: on.app.variables, clock })
      const wanted = { channel, rows: null, apply: true, progress: () => undefined, fromMs, untilMs: clock.nowMs() }
      const done = await reconcile(deps, wanted)
      platform.onPage = () => undefined
      assert.equal(done.ok ? '' : done.refusal.code, 'channel_unavailable')
      const statuses = await Promise.all(some.map(async ({ order_id }) => (await orderRow(on.app, order_id))?.status))
      assert.deepEqual(statuses, ['completed', 'completed', 'pending', 'pending'])
      platform.says.mood = 'well'
      assert.equal((await compare({ apply: true })).differences.length, 2)
    })

    test('whoever is told to stop asks for no further page, and does not say that anything was compared', async () => {
      for (let no = 0; no < 3; no++) await told({ say: 'paid', ...(await ordered()) })
      const stopping = new AbortController()
      let pages = 0
      platform.onPage = () => {
        pages += 1
        stopping.abort()
      }
      const deps = messageDepsOn(on.app.service.database, { variables: on.app.variables, clock })
      const span = { fromMs, untilMs: clock.nowMs() + 1, rows: null, apply: true, progress: () => undefined }
      const done = await reconcile(deps, { channel, ...span, signal: stopping.signal })
      platform.onPage = () => undefined
      assert.deepEqual([done.ok, pages], [false, 1])
    })

    test('every night the last two days are compared, healed and counted', async () => {
      const [missing, only] = [await ordered(), await ordered()]
      platform.tell({ say: 'paid', ...missing })
      await toldAndForgotten({ say: 'paid', ...only })
      const metric = async (line: string) => {
        const text = String((await on.app.call('GET', '/metrics')).body)
        const found = text.split('\n').find((one) => one.startsWith(`${line} `))
        return Number(found?.split(' ')[1])
      }
      const differences = (kind: string) => metric(`reconciliation_differences_total{channel="listing",kind="${kind}"}`)
      clock.moveMs(DAY_MS)
      const before = await differences('unknown_there')
      assert.ok((await on.app.service.jobs.run('reconcile-platforms')) >= 1)
      assert.equal((await orderRow(on.app, missing.order_id))?.status, 'completed')
      assert.ok((await differences('unknown_there')) > before)
      assert.equal(await differences('missing_here'), 0, 'what was healed is no difference any more')
      assert.equal(await metric('reconciliations_total{channel="listing",outcome="differences"}'), 1)
      platform.says.mood = 'away'
      await on.app.service.jobs.run('reconcile-platforms')
      assert.equal(await metric('reconciliations_total{channel="listing",outcome="failed"}'), 1)
    })
  },
  { channels: [channel], clock },
)
