import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks } from '../support/books.ts'
import { assertOnceInOrder, newWebhookSecret, startEventReceiver } from '../support/event-receiver.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID, engines, localApps, payment, startApp, type TestApp } from '../support/test-app.ts'

const MINUTE_MS = 60_000
const clock = fakeClock()
const receiver = await startEventReceiver()
after(() => receiver.stop())
// Nothing here may wait for it: who hangs is let go by hand.
const webhooks = { url: receiver.url, secrets: [newWebhookSecret()], timeoutMs: 30_000 }
const variables = { APPS: localApps({ webhooks }) }

const deliverOn = (app: TestApp) => app.service.jobs.run(`deliver-outbox ${APP_ID}`)
async function payOn(app: TestApp, order_id: string, uid: string): Promise<void> {
  const token = await app.serverToken()
  assertDone(await app.call('POST', '/api/v1/payment/success', { token, body: payment({ order_id, uid }) }))
}
function forgetReceived(): void {
  receiver.reactWith(() => 200)
  receiver.received.length = 0
  receiver.taken.length = 0
}

onEveryEngine(
  (on) => {
    beforeEach(forgetReceived)
    const deliver = () => deliverOn(on.app)
    const logIn = async (name: string) => (await on.app.logIn(name)).uid

    test('a game server that is down for a day gets everything once, in order, within minutes', async (t) => {
      const { logger } = on.app.service
      const warn = t.mock.method(logger, 'warn', () => undefined)
      const info = t.mock.method(logger, 'info', () => undefined)
      const words = (calls: { arguments: unknown[] }[]) =>
        calls.map((call) => String(call.arguments.at(-1))).filter((said) => /game server/.test(said))
      const players: string[] = []
      for (let n = 0; n < 60; n++) players.push(await logIn(`outage-${n}`))
      let paid = 0
      const payAll = async (uids: readonly string[]) => {
        for (const uid of uids) await payOn(on.app, `outage-${paid++}`, uid)
      }
      await payAll(players)
      receiver.reactWith(() => 503)
      for (let minute = 0; minute < 24 * 60; minute += 5) {
        if (minute === 12 * 60) await receiver.listen(false)
        if (minute === 18 * 60) {
          await receiver.listen(true)
          receiver.reactWith(() => 502)
        }
        if (minute % 240 === 0) await payAll(players.slice(0, 20))
        assert.equal(await deliver(), 0)
        clock.moveMs(5 * MINUTE_MS)
      }
      assert.equal(paid, 180)
      const asked = receiver.received.length
      assert.ok(asked > 400 && asked < 700, `${asked} requests in a day's 18 hours that it could be reached`)
      assert.deepEqual(words(warn.mock.calls), ['the game server takes no events; they wait, and it is asked again'])
      receiver.reactWith(() => 200)
      assert.equal(await deliver(), 180)
      assertOnceInOrder(receiver.taken)
      assert.equal(receiver.taken.length, 180)
      assert.deepEqual(words(info.mock.calls), ['the game server takes events again'])
      assert.equal(await deliver(), 0)
      await assertBooks(on.app)
    })

    test('an event that a game server cannot take holds up its own player, and others for a minute at most', async (t) => {
      const warn = t.mock.method(on.app.service.logger, 'warn', () => undefined)
      const bad = await logIn('outage-bad')
      const good = await logIn('outage-good')
      receiver.reactWith((event) => (event.data.order_id === 'outage-bad-1' ? 500 : 200))
      for (const n of [1, 2]) await payOn(on.app, `outage-bad-${n}`, bad)
      for (let minute = 0; minute < 120; minute++) {
        await deliver()
        clock.moveMs(MINUTE_MS)
      }
      const tries = receiver.received.length
      assert.ok(tries > 12 && tries < 25, `${tries} tries in two hours`)
      await payOn(on.app, 'outage-good-1', good)
      assert.equal(await deliver(), 1)
      assert.equal(warn.mock.callCount(), 1)
      for (let n = 2; n <= 14; n++) {
        await payOn(on.app, `outage-good-${n}`, good)
        clock.moveMs(5 * MINUTE_MS)
        assert.equal(await deliver(), 1)
      }
      // Only now can it be told from an outage: it is named, so that somebody can look at it.
      const [, named] = warn.mock.calls.map((call) => call.arguments[0] as { playerId?: number; eventId?: string })
      assert.deepEqual([named?.playerId, warn.mock.callCount()], [Number(bad), 2])
      assert.ok(receiver.received.some((event) => event.id === named?.eventId && event.data.uid === bad))
      assert.deepEqual(new Set(receiver.taken.map((event) => event.data.uid)), new Set([good]))
      receiver.reactWith(() => 200)
      clock.moveMs(12 * MINUTE_MS)
      assert.equal(await deliver(), 2)
      assertOnceInOrder(receiver.taken)
    })

    test('while a game server hangs, payments go on: nothing of the database is held', {
      timeout: 60_000,
    }, async () => {
      const players: string[] = []
      for (let n = 0; n < 40; n++) players.push(await logIn(`outage-hang-${n}`))
      for (const [n, uid] of players.entries()) await payOn(on.app, `outage-hang-${n}`, uid)
      const allHang = Promise.withResolvers<void>()
      receiver.reactWith(() => {
        if (receiver.received.length === 32) allHang.resolve()
        return 'hang'
      })
      let isDelivered = false
      const delivery = deliver().finally(() => {
        isDelivered = true
      })
      await allHang.promise
      await Promise.all(players.map((uid, n) => payOn(on.app, `outage-hang-later-${n}`, uid)))
      assert.equal(isDelivered, false)
      await receiver.listen(false)
      assert.equal(await delivery, 0)
      await receiver.listen(true)
      receiver.reactWith(() => 200)
      clock.moveMs(MINUTE_MS)
      assert.equal(await deliver(), 80)
      assertOnceInOrder(receiver.taken)
    })
  },
  { clock, variables },
)

describe('a server that stops while its game server hangs', () => {
  for (const engine of engines()) {
    test(`does not wait for it, and counts nothing against it (${engine.name})`, { timeout: 20_000 }, async (t) => {
      forgetReceived()
      const app = await startApp({ engine, clock, variables })
      t.after(() => app.close())
      await payOn(app, 'stopping', (await app.logIn('stopping')).uid)
      const hangs = Promise.withResolvers<void>()
      receiver.reactWith(() => {
        hangs.resolve()
        return 'hang'
      })
      const delivery = deliverOn(app)
      await hangs.promise
      await app.service.jobs.close()
      assert.equal(await delivery, 0)
      const { db } = app.service.database
      const [cursor] = await db.selectFrom('outbox_cursors').selectAll().execute()
      assert.deepEqual(
        [cursor?.delivered_seq, cursor?.attempts, cursor?.leased_until_ms, cursor?.due_at_ms],
        [0, 0, 0, clock.nowMs()],
      )
    })
  }
})
