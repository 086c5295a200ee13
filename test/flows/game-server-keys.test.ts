import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { change, gameServer } from '../support/game-server.ts'
import { OTHER_APP_ID, OTHER_APP_SECRET, type TestApp } from '../support/test-app.ts'

const clock = fakeClock()
const TWO_YEARS_MS = 2 * 366 * 24 * 60 * 60 * 1000

/** Loses the kept answers, as a table restored from an older copy would. */
async function loseKeys(app: TestApp, key: string): Promise<void> {
  await app.service.database.inTransaction((tx) =>
    tx.deleteFrom('idempotency_keys').where('idempotency_key', '=', key).execute(),
  )
}

onEveryEngine(
  (on) => {
    const coinsOf = async (uid: string) => (await playerRow(on.app, uid)).coins

    test('the same key and request answers the same for ever, whatever came between', async () => {
      const server = await gameServer(on.app)
      const { uid } = await on.app.logIn('keys-for-ever')
      const grant = change({ amount: 500, idempotency_key: 'for-ever' })
      const first = assertDone(await server.change(uid, grant))
      assertDone(await server.change(uid, change({ amount: -200, idempotency_key: 'between' })))
      assert.deepEqual(assertDone(await server.change(uid, grant)), first)
      clock.moveMs(TWO_YEARS_MS)
      const later = await gameServer(on.app)
      assert.deepEqual(assertDone(await later.change(uid, grant)), first)
      assert.equal(first.balance.coins, 500)
      assert.equal(await coinsOf(uid), 300)
    })

    test('the same key with another request is refused and moves nothing', async () => {
      const server = await gameServer(on.app)
      const one = await on.app.logIn('keys-one')
      const two = await on.app.logIn('keys-two')
      const booked = change({ amount: 500, idempotency_key: 'taken' })
      assertDone(await server.change(one.uid, booked))
      for (const other of [
        { amount: 501 },
        { amount: -500 },
        { currency: 'tokens' },
        { reason: 'Other' },
        { more: 1 },
      ]) {
        assertRefused(await server.change(one.uid, { ...booked, ...other }), 422, 'idempotency_mismatch')
      }
      // The very same body about another player of the app: the path is part of the request.
      assertRefused(await server.change(two.uid, booked), 422, 'idempotency_mismatch')
      const header = { 'idempotency-key': 'taken' }
      assertRefused(await server.saveProgress(one.uid, { level: 1 }, header), 422, 'idempotency_mismatch')
      assert.deepEqual([await coinsOf(one.uid), await coinsOf(two.uid)], [500, 0])
      assert.equal((await playerRow(on.app, one.uid)).level_hundredths, 0)
    })

    test('a key that names a sync names no grant: header and body are one name space', async () => {
      const server = await gameServer(on.app)
      const { uid } = await on.app.logIn('keys-name-space')
      assertDone(await server.saveProgress(uid, { level: 1 }, { 'idempotency-key': 'a-sync' }))
      assertRefused(await server.change(uid, change({ idempotency_key: 'a-sync' })), 422, 'idempotency_mismatch')
      assert.equal(await coinsOf(uid), 0)
    })

    test('a header may repeat the key of the body, and not differ from it or stand for it', async () => {
      const server = await gameServer(on.app)
      const { uid } = await on.app.logIn('keys-header')
      const body = change({ idempotency_key: 'in-body' })
      const first = assertDone(await server.change(uid, body, { 'idempotency-key': 'in-body' }))
      assert.deepEqual(assertDone(await server.change(uid, body)), first)
      assertFaults(await server.change(uid, body, { 'idempotency-key': 'in-header' }), 'Idempotency-Key')
      const { idempotency_key: _, ...without } = body
      assertFaults(await server.change(uid, without, { 'idempotency-key': 'in-header' }), 'idempotency_key')
      assert.equal(await coinsOf(uid), 100)
    })

    test('keys that differ in their letters alone are two', async () => {
      const server = await gameServer(on.app)
      const { uid } = await on.app.logIn('keys-letters')
      for (const key of ['Spin-A', 'spin-a', 'SPIN-A']) {
        assertDone(await server.change(uid, change({ idempotency_key: key })))
      }
      assert.equal(await coinsOf(uid), 300)
    })

    test("a key is its app's: another game may use the same", async () => {
      const server = await gameServer(on.app)
      const other = await gameServer(on.app, { appId: OTHER_APP_ID, appSecret: OTHER_APP_SECRET })
      const own = await on.app.logIn('keys-own')
      const foreigner = await on.app.logIn('keys-own', OTHER_APP_ID)
      const body = change({ idempotency_key: 'both-apps' })
      assertDone(await server.change(own.uid, body))
      assertDone(await other.change(foreigner.uid, body))
      assert.deepEqual([await coinsOf(own.uid), await coinsOf(foreigner.uid)], [100, 100])
    })

    test('a refusal of any kind leaves the key free', async () => {
      const server = await gameServer(on.app)
      const { uid } = await on.app.logIn('keys-free')
      const spend = change({ amount: -100, idempotency_key: 'free' })
      assertRefused(await server.change(uid, spend), 409, 'insufficient_balance')
      assertRefused(await server.change('999999999999999', spend), 404, 'player_not_found')
      assertFaults(await server.change(uid, { ...spend, amount: 0 }), 'amount')
      const grant = change({ amount: 100, idempotency_key: 'free' })
      assert.equal(assertDone(await server.change(uid, grant)).balance.coins, 100)
    })

    test('should the kept answers be lost, the ledger itself books no key a second time', async () => {
      const server = await gameServer(on.app)
      const { uid } = await on.app.logIn('keys-lost')
      const grant = change({ amount: 100, idempotency_key: 'lost' })
      assertDone(await server.change(uid, grant))
      await loseKeys(on.app, 'lost')
      assertRefused(await server.change(uid, grant), 500, 'internal_error')
      const { coins, ledger_seq } = await playerRow(on.app, uid)
      assert.deepEqual([coins, ledger_seq], [100, 1])
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { clock },
)
