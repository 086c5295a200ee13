import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { change, type GameServer, gameServer, withToken } from '../support/game-server.ts'
import { OTHER_APP_ID, OTHER_APP_SECRET, payment, type TestApp } from '../support/test-app.ts'

const clock = fakeClock()
const DAY_MS = 24 * 60 * 60 * 1000
const LEVEL_MAX = 21_474_836.47

/** Every call of a game server about one player, each correct. */
const callsAbout = (server: GameServer, uid: string) => [
  () => server.readUser(uid),
  () => server.saveProgress(uid, { level: 7 }),
  () => server.change(uid, change({ idempotency_key: `about-${uid}` })),
  () => server.ledger(uid),
]

async function setStatus(app: TestApp, uid: string, status: 'active' | 'erased'): Promise<void> {
  await app.service.database.inTransaction(async (tx) => {
    await tx
      .updateTable('users')
      .set({ status })
      .where('user_id', '=', Number(uid) as PlayerId)
      .execute()
  })
}

onEveryEngine(
  (on) => {
    test('a game server reads everything of a player', async () => {
      const server = await gameServer(on.app)
      const { token, uid } = await on.app.logIn('read')
      const fresh = assertDone(await server.readUser(uid))
      assert.deepEqual(fresh, {
        return_code: 1,
        status_code: 1,
        user_id: uid,
        uid,
        user_name: `Player ${uid}`,
        avatar_url: '',
        level: 0,
        vip_level: 0,
        coins: 0,
        tokens: 0,
        inbox: { coins: 0, tokens: 0 },
        is_first_pay: 1,
        ledger_seq: 0,
        event_seq: 0,
        created_at: new Date(clock.nowMs()).toISOString(),
      })
      const body = payment({ order_id: 'read', uid })
      assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body }))
      const charged = assertDone(await server.readUser(uid))
      const { event_seq } = await playerRow(on.app, uid)
      assert.ok(event_seq > 0)
      assert.deepEqual(charged, {
        ...fresh,
        coins: 1000,
        inbox: { coins: 0, tokens: 22 },
        is_first_pay: 0,
        ledger_seq: 1,
        event_seq,
      })
    })

    test('the store grows from six items to eight once level and coins are there', async () => {
      const server = await gameServer(on.app)
      const { token, uid } = await on.app.logIn('grows')
      const seen = async () => assertDone(await on.app.call('GET', '/api/v1/store/items', { token })).items.length
      assert.equal(await seen(), 6)
      assertDone(await server.change(uid, change({ amount: 10_000, idempotency_key: 'grows' })))
      assert.equal(await seen(), 6)
      assertDone(await server.saveProgress(uid, { level: 99.98 }))
      assert.equal(await seen(), 6)
      const saved = assertDone(await server.saveProgress(uid, { level: 99.99 }))
      assert.deepEqual([saved.uid, saved.level, saved.vip_level], [uid, 99.99, 0])
      assert.equal(await seen(), 8)
      assertDone(await server.change(uid, change({ amount: -1, idempotency_key: 'shrinks' })))
      assert.equal(await seen(), 6)
    })

    test('level and VIP level are kept exactly, each by itself or both', async () => {
      const server = await gameServer(on.app)
      const { uid } = await on.app.logIn('progress')
      const steps: [object, number, number][] = [
        [{ level: 12.3 }, 12.3, 0],
        [{ vip_level: 4 }, 12.3, 4],
        [{ level: 0.07, vip_level: 5 }, 0.07, 5],
        [{ level: 100 }, 100, 5],
        [{ level: 1.1, unknown: 'ignored' }, 1.1, 5],
        [{ level: LEVEL_MAX, vip_level: 2_147_483_647 }, LEVEL_MAX, 2_147_483_647],
        [{ level: 0, vip_level: 0 }, 0, 0],
      ]
      for (const [sent, level, vipLevel] of steps) {
        const saved = assertDone(await server.saveProgress(uid, sent))
        assert.deepEqual([saved.level, saved.vip_level], [level, vipLevel])
        const read = assertDone(await server.readUser(uid))
        assert.deepEqual([read.level, read.vip_level], [level, vipLevel])
        assert.equal((await playerRow(on.app, uid)).level_hundredths, Math.round(level * 100))
      }
    })

    test('progress that cannot be kept is refused by its field and changes nothing', async () => {
      const server = await gameServer(on.app)
      const { uid } = await on.app.logIn('no-progress')
      assertDone(await server.saveProgress(uid, { level: 5.5, vip_level: 2 }))
      for (const level of [0.001, 99.995, 1e-7, 1e21, -1, -0.01, LEVEL_MAX + 0.01, '5', null, true, [5]]) {
        assertFaults(await server.saveProgress(uid, { level }), 'level')
      }
      for (const vip_level of [-1, 0.5, 2_147_483_648, '1', null]) {
        assertFaults(await server.saveProgress(uid, { vip_level }), 'vip_level')
      }
      assertFaults(await server.saveProgress(uid, { level: -1, vip_level: -1 }), 'level', 'vip_level')
      assertFaults(await server.saveProgress(uid, {}), 'level', 'vip_level')
      assertFaults(await server.saveProgress(uid, undefined), 'level', 'vip_level')
      assertFaults(await server.saveProgress(uid, { level: 0.001, vip_level: 9 }), 'level')
      const { level, vip_level } = assertDone(await server.readUser(uid))
      assert.deepEqual([level, vip_level], [5.5, 2])
    })

    test('a sync sent again under its key is answered and not carried out again, for a day', async () => {
      const server = await gameServer(on.app)
      const { uid } = await on.app.logIn('syncs')
      const key = { 'idempotency-key': 'sync-1' }
      const first = assertDone(await server.saveProgress(uid, { level: 10 }, key))
      assertDone(await server.saveProgress(uid, { level: 11 }))
      assert.deepEqual(assertDone(await server.saveProgress(uid, { level: 10 }, key)), first)
      assert.equal(assertDone(await server.readUser(uid)).level, 11)
      assertRefused(await server.saveProgress(uid, { level: 12 }, key), 422, 'idempotency_mismatch')
      assertFaults(await server.saveProgress(uid, { level: 0.001 }, { 'idempotency-key': 'sync-2' }), 'level')
      assert.equal(assertDone(await server.saveProgress(uid, { level: 1 }, { 'idempotency-key': 'sync-2' })).level, 1)

      clock.moveMs(DAY_MS)
      const nextDay = await gameServer(on.app)
      assert.equal(assertDone(await nextDay.saveProgress(uid, { level: 12 }, key)).level, 12)
    })

    test("only a game's own server may call", async () => {
      const { token, uid } = await on.app.logIn('scope')
      const before = withoutMarks(await stateOf(on.app))
      for (const other of [token, await on.app.clientToken()]) {
        for (const call of callsAbout(withToken(on.app, other), uid)) assertRefused(await call(), 403, 'wrong_scope')
      }
      for (const call of callsAbout(withToken(on.app, 'none'), uid)) assertRefused(await call(), 401, 'unauthorized')
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
    })

    test("another game's player does not exist, nor one who is unknown or erased", async () => {
      const server = await gameServer(on.app)
      const foreigner = await on.app.logIn('foreigner', OTHER_APP_ID)
      const erased = await on.app.logIn('erased')
      await setStatus(on.app, erased.uid, 'erased')
      const before = withoutMarks(await stateOf(on.app))
      for (const uid of [foreigner.uid, erased.uid, '999999999999999']) {
        for (const call of callsAbout(server, uid)) assertRefused(await call(), 404, 'player_not_found')
      }
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
      const own = await gameServer(on.app, { appId: OTHER_APP_ID, appSecret: OTHER_APP_SECRET })
      for (const call of callsAbout(own, foreigner.uid)) assertDone(await call())
    })

    test('a number that is none is refused by its field', async () => {
      const server = await gameServer(on.app)
      for (const uid of ['none', '0', '-1', '010001', '1e4', '1'.repeat(16), '%20', '10001%00']) {
        for (const call of callsAbout(server, uid)) assertFaults(await call(), 'uid')
      }
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { clock },
)
