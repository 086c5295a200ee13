import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutEvidence, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { privacyOf } from '../support/privacy.ts'
import { callSigned } from '../support/signed-call.ts'
import { APP_ID, OTHER_APP_ID, payment, SIGNED_SECRET } from '../support/test-app.ts'

onEveryEngine(
  (on) => {
    const db = () => on.app.service.database.db
    const server = async (method: string, path: string, body?: unknown) =>
      on.app.call(method, path, { token: await on.app.serverToken(), ...(body === undefined ? {} : { body }) })
    const pay = (order_id: string, uid: string, more: object = {}) =>
      callSigned(on.app, '/api/v1/payment/success', {
        body: payment({ order_id, uid, email: `${uid}@example.com`, ...more }),
        secret: SIGNED_SECRET,
        channel: 'signed',
        headers: { 'user-agent': 'FunkyPhone/9' },
      })
    const erase = (uid: string) => privacyOf(on.app).erase(uid)

    test('an erased player has no identity, name, session or address left, and the books are as they were', async () => {
      const { token, uid } = await on.app.logIn('erase-whole')
      assertDone(
        await on.app.call('POST', '/api/v1/account/link', { token, body: { loginType: 3, loginId: 'erase-too' } }),
      )
      await on.app.service.database.inTransaction(async (tx) => {
        const playerId = Number(uid) as PlayerId
        await tx
          .updateTable('users')
          .set({ user_name: 'Anna', avatar_url: 'https://a/b' })
          .where('user_id', '=', playerId)
          .execute()
        const event = {
          app_id: APP_ID as never,
          user_id: playerId,
          kind: 'login' as const,
          provider: null,
          outcome: null,
        }
        const from = { address: '198.51.100.7', client: 'FunkyPhone/9', device_hash: 'd'.repeat(64) }
        await tx
          .insertInto('security_events')
          .values({ event_id: `sec_${uid}` as never, ...event, ...from, request_id: 'r', at_ms: 1 })
          .execute()
      })
      assertDone(await pay('erase-whole', uid))
      assertDone(await on.app.call('POST', '/api/v1/inbox/claim_all', { token }))
      const before = { player: await playerRow(on.app, uid), order: await orderRow(on.app, 'erase-whole') }
      const rows = withoutMarks(await stateOf(on.app))
      const { events, erase } = privacyOf(on.app)
      assert.deepEqual(await erase(uid), {
        ok: true,
        value: { appId: APP_ID, playerId: Number(uid), wasErased: false, sessionsEnded: 1 },
      })
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['player_erased'],
      )
      assert.deepEqual(await playerRow(on.app, uid), {
        ...before.player,
        status: 'erased',
        user_name: '',
        avatar_url: '',
      })
      assert.deepEqual(await orderRow(on.app, 'erase-whole'), before.order)
      assert.deepEqual(withoutMarks(await stateOf(on.app)), { ...rows, identities: Number(rows['identities']) - 2 })
      const [event] = await db()
        .selectFrom('security_events')
        .selectAll()
        .where('user_id', '=', Number(uid) as PlayerId)
        .where('at_ms', '=', 1)
        .execute()
      assert.deepEqual([event?.kind, event?.address, event?.client, event?.device_hash], ['login', null, '', null])
      await assertBooks(on.app)
    })

    test('every token of an erased player is refused, and so is whoever would renew it', async () => {
      const pair = assertDone(await on.app.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
      const body = { loginType: 1, loginId: 'erase-tokens' }
      const { uid } = assertDone(await on.app.call('POST', '/api/v1/login', { token: pair.token, body }))
      await erase(uid)
      for (const [method, path] of [
        ['GET', '/inbox'],
        ['GET', '/daily_gift'],
        ['POST', '/orders'],
        ['POST', '/refresh'],
      ]) {
        const answer = await on.app.call(method ?? '', `/api/v1${path}`, {
          token: pair.token,
          ...(method === 'POST' ? { body: {} } : {}),
        })
        assertRefused(answer, 401, 'session_revoked')
      }
      const renewal = { body: { refresh_token: pair.refresh_token } }
      assertRefused(await on.app.call('POST', '/api/v1/token/refresh', renewal), 401, 'session_revoked')
    })

    test('whoever comes back by an identity of an erased player is a new player with nothing of the old', async () => {
      const { uid } = await on.app.logIn('erase-return')
      assertDone(await pay('erase-return', uid))
      await erase(uid)
      const token = await on.app.clientToken()
      const again = assertDone(
        await on.app.call('POST', '/api/v1/login', { token, body: { loginType: 1, loginId: 'erase-return' } }),
      )
      assert.deepEqual([again.is_new, again.coins, again.is_first_pay], [true, 0, 1])
      assert.notEqual(again.uid, uid)
    })

    test('to the game server an erased player is not there', async () => {
      const { uid } = await on.app.logIn('erase-server')
      await erase(uid)
      const of = `/api/v1/server/users/${uid}`
      const answers = [
        await server('GET', of),
        await server('PATCH', `${of}/progress`, { level: 1, vip_level: 1 }),
        await server('POST', `${of}/wallet`, {
          currency: 'coins',
          amount: 1,
          reason: 'gift',
          idempotency_key: 'erase-server',
        }),
        await server('GET', `${of}/ledger`),
        await server('GET', `/api/v1/orders/history?uid=${uid}`),
        await server('POST', '/api/v1/orders/history', { uid }),
        await server('POST', '/api/v1/store/items', { uid }),
        await server('POST', '/api/v1/daily_gift', { uid }),
        await server('POST', '/api/v1/refresh', { uid }),
      ]
      for (const answer of answers) assertRefused(answer, 404, 'player_not_found')
    })

    test('answers under the keys of an erased player that list identities go; those that moved money stay', async () => {
      const { token, uid } = await on.app.logIn('erase-keys')
      const keyed = (key: string) => ({ token, headers: { 'idempotency-key': key } })
      const identity = { loginType: 2, loginId: 'erase-keys-linked' }
      assertDone(await on.app.call('POST', '/api/v1/account/link', { ...keyed('erase-link'), body: identity }))
      assertDone(await on.app.call('POST', '/api/v1/daily_gift', { ...keyed('erase-gift'), body: {} }))
      await erase(uid)
      const kept = await db().selectFrom('idempotency_keys').selectAll().where('scope', '=', `player:${uid}`).execute()
      assert.deepEqual(
        kept.map((row) => row.idempotency_key),
        ['erase-gift'],
      )
      assert.doesNotMatch(kept[0]?.answer ?? '', /erase-keys/)
    })

    test('erased again a player is as before: what was left over goes, and the answer is the same', async () => {
      const { uid } = await on.app.logIn('erase-again')
      assertDone(await pay('erase-again', uid))
      await erase(uid)
      const row = await playerRow(on.app, uid)
      const state = withoutMarks(await stateOf(on.app))
      const { events, erase: eraseAgain } = privacyOf(on.app)
      const again = await eraseAgain(uid)
      assert.deepEqual(again, {
        ok: true,
        value: { appId: APP_ID, playerId: Number(uid), wasErased: true, sessionsEnded: 0 },
      })
      assert.deepEqual(events, [])
      assert.deepEqual(await playerRow(on.app, uid), row)
      assert.deepEqual(withoutMarks(await stateOf(on.app)), state)
    })

    test("who is unknown, or another app's, is not erased", async () => {
      const { uid } = await on.app.logIn('erase-other-app')
      const before = withoutMarks(withoutEvidence(await stateOf(on.app)))
      for (const answer of [
        await privacyOf(on.app).erase('999999999'),
        await privacyOf(on.app).erase(uid, OTHER_APP_ID),
      ]) {
        assert.deepEqual(answer, { ok: false, refusal: { code: 'player_not_found' } })
      }
      assert.deepEqual(withoutMarks(withoutEvidence(await stateOf(on.app))), before)
      assert.equal((await playerRow(on.app, uid)).status, 'active')
    })

    test('a security event that is written after the erasure is blanked by the next run of the job', async () => {
      const [anna, ben] = [await on.app.logIn('erase-late'), await on.app.logIn('erase-late-not')]
      // Their logins are written by then, and blanked by the erasure itself.
      await on.app.service.trail.flush()
      await erase(anna.uid)
      const from = { app_id: APP_ID as never, provider: null, outcome: null, request_id: 'late', device_hash: null }
      const late = (
        uid: string,
        kind: 'login' | 'player_erased',
        said: { address: string | null; client: string },
      ) => ({
        ...{ event_id: `late_${kind}_${uid}` as never, user_id: Number(uid) as PlayerId, kind, at_ms: Date.now() },
        ...{ ...from, ...said },
      })
      const login = { address: '198.51.100.9', client: 'Late/1' }
      await on.app.service.database.inTransaction((tx) =>
        tx
          .insertInto('security_events')
          .values([
            late(anna.uid, 'player_erased', { address: null, client: '' }),
            ...[anna, ben].map(({ uid }) => late(uid, 'login', login)),
          ])
          .execute(),
      )
      assert.equal(await on.app.service.jobs.run('blank-late-events'), 1)
      assert.equal(await on.app.service.jobs.run('blank-late-events'), 0)
      const rows = await db()
        .selectFrom('security_events')
        .selectAll()
        .where('request_id', '=', 'late')
        .where('kind', '=', 'login')
        .orderBy('user_id')
        .execute()
      assert.deepEqual(
        rows.map(({ address, client }) => [address, client]),
        [
          [null, ''],
          ['198.51.100.9', 'Late/1'],
        ],
      )
    })

    test('the order of an erased player that nobody pays ends in its time', async () => {
      const { token, uid } = await on.app.logIn('erase-pending')
      const order = assertDone(
        await on.app.call('POST', '/api/v1/orders', { token, body: { item_id: 1, payment_channel: 'sandbox' } }),
      )
      await erase(uid)
      await on.app.service.database.inTransaction((tx) =>
        tx.updateTable('order_deadlines').set({ expires_at_ms: 1 }).where('order_id', '=', order.order_id).execute(),
      )
      await on.app.service.jobs.run('expire-orders')
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'expired')
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { jobs: 'by_hand' },
)
