import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import {
  assertOnceInOrder,
  newWebhookSecret,
  type ReceivedEvent,
  startEventReceiver,
} from '../support/event-receiver.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { aheadClock } from '../support/fake-clock.ts'
import type { DeliveryTask } from '../support/outbox-process.ts'
import { APP_ID, localApps, payment } from '../support/test-app.ts'

const clock = aheadClock()
const LEASE_MS = 2 * 60_000
// What one process sends at once; more than this means that two are at work.
const ONE_PROCESS_MAX = 32
const receiver = await startEventReceiver()
after(() => receiver.stop())
// A process may take its time to start while the other holds its first events.
const webhooks = { url: receiver.url, secrets: [newWebhookSecret()], timeoutMs: 30_000 }

onEveryEngine(
  (on) => {
    beforeEach(async () => {
      receiver.reactWith(() => 200)
      // From here on what is new is looked for, however long a busy machine takes to pay.
      await deliver()
      receiver.received.length = 0
      receiver.taken.length = 0
    })
    const deliver = () => on.app.service.jobs.run(`deliver-outbox ${APP_ID}`)
    const deliverElsewhere = (diesAt: DeliveryTask['diesAt']) => {
      const aheadMs = clock.nowMs() - Date.now()
      const task: DeliveryTask = { variables: on.app.variables, aheadMs, diesAt }
      return runProgram('test/support/outbox-process.ts', { args: [JSON.stringify(task)] })
    }
    const payEach = async (players: readonly string[], times: number): Promise<void> => {
      const token = await on.app.serverToken()
      for (const name of players) {
        const { uid } = await on.app.logIn(name)
        for (let n = 0; n < times; n++) {
          const body = payment({ order_id: `${name}-${n}`, uid })
          assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body }))
        }
      }
    }
    const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`)

    test('two processes deliver at once, and no player’s events cross or come twice', { timeout: 60_000 }, async () => {
      await payEach(names('outbox-race', 80), 3)
      const bothAtWork = Promise.withResolvers<void>()
      let underWay = 0
      receiver.reactWith(async () => {
        underWay += 1
        if (underWay > ONE_PROCESS_MAX) bothAtWork.resolve()
        await bothAtWork.promise
        underWay -= 1
        return 200
      })
      const [one, other] = await Promise.all([deliverElsewhere('nowhere'), deliverElsewhere('nowhere')])
      const counts = [one, other].map(({ code, stdout, stderr }) => {
        assert.equal(code, 0, stderr)
        return Number(stdout)
      })
      assert.ok(
        counts.every((count) => count > 0),
        `both deliver: ${counts}`,
      )
      assert.equal(receiver.received.length, 240)
      assert.deepEqual(new Set(receiver.received.map((event) => event.besides)), new Set([0]))
      assertOnceInOrder(receiver.taken)
      assert.equal(await deliver(), 0)
    })

    test('a process that comes back after its time changes nothing of what another has done since', async () => {
      await payEach(['outbox-late'], 3)
      const held = Promise.withResolvers<void>()
      const isHeld = Promise.withResolvers<void>()
      receiver.reactWith(async () => {
        isHeld.resolve()
        await held.promise
        return 500
      })
      const late = deliver()
      await isHeld.promise
      receiver.reactWith(() => 200)
      clock.moveMs(LEASE_MS)
      assert.equal(await deliver(), 3)
      held.resolve()
      assert.equal(await late, 0)
      clock.moveMs(LEASE_MS)
      assert.equal(await deliver(), 0)
      assertOnceInOrder(receiver.taken)
    })

    for (const diesAt of ['first_taken', 'in_confirmation'] as const) {
      test(`a process that dies (${diesAt}) leaves events to another, which sends them by the same ids`, async () => {
        await payEach(names(`outbox-${diesAt}`, 3), 2)
        const { signal } = await deliverElsewhere(diesAt)
        assert.equal(signal, 'SIGKILL')
        const before = receiver.taken.slice()
        assert.ok(before.length > 0)
        // Nobody knows yet that it is dead.
        assert.equal(await deliver(), 0)
        clock.moveMs(LEASE_MS)
        assert.equal(await deliver(), 6)
        const later = receiver.taken.slice(before.length)
        assertOnceInOrder(later)
        const idOf = (events: readonly ReceivedEvent[]) =>
          new Map(events.map((event) => [event.data.order_id as string, `${event.id} ${event.raw}`]))
        for (const [orderId, same] of idOf(before)) assert.equal(idOf(later).get(orderId), same)
        await assertBooks(on.app)
      })
    }
  },
  { clock, variables: { APPS: localApps({ webhooks }) } },
)
