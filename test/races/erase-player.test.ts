import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSessionStore } from '../../src/features/sessions/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import type { PlayerId } from '../../src/kernel/ids.ts'
import type { KeyValueStore } from '../../src/kv/kv.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { privacyOf } from '../support/privacy.ts'
import { callSigned } from '../support/signed-call.ts'
import { payment, SIGNED_SECRET } from '../support/test-app.ts'

const ROUNDS = 6

onEveryEngine((on) => {
  const erase = async (uid: string) => assert.equal((await privacyOf(on.app).erase(uid)).ok, true)
  const times = <T>(count: number, one: (n: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, n) => one(n)))
  const pay = (order_id: string, uid: string) =>
    callSigned(on.app, '/api/v1/payment/success', {
      body: payment({ order_id, uid, transaction_id: order_id, email: `${uid}@example.com` }),
      secret: SIGNED_SECRET,
      channel: 'signed',
    })
  const logIn = (token: string, loginId: string) =>
    on.app.call('POST', '/api/v1/login', { token, body: { loginType: 1, loginId } })
  /** Nothing in the store of sessions, in the tables or in kept messages leads to a player any more. */
  const assertGone = async (uid: string): Promise<void> => {
    const playerId = Number(uid) as PlayerId
    const { db } = on.app.service.database
    assert.equal((await playerRow(on.app, uid)).status, 'erased')
    assert.deepEqual(await db.selectFrom('identities').selectAll().where('user_id', '=', playerId).execute(), [])
    const sessions = openSessionStore({ kv: on.app.service.kv, clock: systemClock })
    for (const sessionId of (await sessions.entries(playerId)).keys()) {
      assert.notEqual((await sessions.find(sessionId))?.playerId, playerId)
    }
    const bodies = await db.selectFrom('payment_event_bodies').selectAll().execute()
    assert.deepEqual(
      bodies.filter(({ body }) => Buffer.from(body).includes(`${uid}@example.com`)).map(({ event_id }) => event_id),
      [],
    )
  }

  test('an erasure and many logins at once: each login is the new player, or its session has ended', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const loginId = `erase-logins-${round}`
      const { uid } = await on.app.logIn(loginId)
      const tokens = await times(8, () => on.app.clientToken())
      const [answers] = await Promise.all([Promise.all(tokens.map((token) => logIn(token, loginId))), erase(uid)])
      await assertGone(uid)
      for (const [n, answer] of answers.entries()) {
        const after = await on.app.call('POST', '/api/v1/refresh', { token: tokens[n] ?? '', body: {} })
        if (answer.status === 200 && answer.body.uid !== uid) assert.equal(assertDone(after).uid, answer.body.uid)
        else assertRefused(after, 401, 'session_revoked')
      }
    }
  })

  test('a login that found its player before the erasure and binds its session after it ends that session itself', async () => {
    const { uid } = await on.app.logIn('erase-between')
    const token = await on.app.clientToken()
    // Two places in the middle of a login: right before its session is bound, and right before it is listed.
    const store = on.app.service.kv as { -readonly [K in keyof KeyValueStore]: KeyValueStore[K] }
    const { compareAndSet } = store
    store.compareAndSet = async (...bind) => {
      store.compareAndSet = compareAndSet
      await erase(uid)
      return compareAndSet.apply(store, bind)
    }
    assertRefused(await logIn(token, 'erase-between'), 401, 'session_revoked')
    await assertGone(uid)
    const { setField } = store
    const second = await on.app.logIn('erase-between')
    const late = await on.app.clientToken()
    store.setField = async (...entry) => {
      store.setField = setField
      await erase(second.uid)
      return setField.apply(store, entry)
    }
    assertRefused(await logIn(late, 'erase-between'), 401, 'session_revoked')
    await assertGone(second.uid)
    assertRefused(await on.app.call('POST', '/api/v1/refresh', { token: late, body: {} }), 401, 'session_revoked')
  })

  test('an erasure and links at once: the player has no identity after it, and the links are whose they say', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { token, uid } = await on.app.logIn(`erase-links-${round}`)
      const body = (n: number) => ({ loginType: 2, loginId: `erase-links-${round}-${n}` })
      const link = (n: number) => on.app.call('POST', '/api/v1/account/link', { token, body: body(n) })
      const [answers] = await Promise.all([times(6, link), erase(uid)])
      for (const answer of answers) {
        if (answer.status !== 200) assert.ok(['player_not_found', 'session_revoked'].includes(answer.body.error))
      }
      await assertGone(uid)
    }
  })

  test('an erasure and payments at once: each is granted or waits for a person, and none keeps what it said', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { uid } = await on.app.logIn(`erase-payments-${round}`)
      const known = await times(4, async (n) => assertDone(await pay(`known-${round}-${n}`, uid)).order_id as string)
      const [fresh, replayed] = await Promise.all([
        times(12, (n) => pay(`fresh-${round}-${n}`, uid)),
        Promise.all([...known, ...known, ...known].map((orderId) => pay(orderId, uid))),
        erase(uid),
      ])
      for (const answer of replayed) assert.equal(assertDone(answer).replayed, true)
      const granted = fresh.filter(({ status }) => status === 200).length
      for (const answer of fresh) if (answer.status !== 200) assertRefused(answer, 404, 'player_not_found')
      assert.equal((await playerRow(on.app, uid)).coins, 1000 * (granted + known.length))
      await assertGone(uid)
    }
  })

  test('an erasure, claims and gifts at once: what was given was given once', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { token, uid } = await on.app.logIn(`erase-claims-${round}`)
      assertDone(await pay(`claimed-${round}`, uid))
      const answers = await Promise.all([
        ...Array.from({ length: 4 }, () => on.app.call('POST', '/api/v1/inbox/claim_all', { token })),
        ...Array.from({ length: 2 }, () => on.app.call('POST', '/api/v1/daily_gift', { token, body: {} })),
        erase(uid).then(() => null),
      ])
      const allowed = new Set([undefined, 'player_not_found', 'session_revoked', 'already_claimed'])
      for (const answer of answers) assert.ok(!answer || allowed.has(answer.body.error), JSON.stringify(answer?.body))
      const tokens = answers.reduce((sum, answer) => sum + (answer?.status === 200 ? (answer.body.tokens ?? 0) : 0), 0)
      const row = await playerRow(on.app, uid)
      assert.deepEqual([row.tokens, row.tokens + row.inbox_tokens], [tokens, 22])
      await assertGone(uid)
    }
  })

  test('four erasures of one player at once: one erases, and all say so', async () => {
    const { uid } = await on.app.logIn('erase-four')
    assertDone(await pay('erase-four', uid))
    const runs = await times(4, async () => {
      const { erase: run, events } = privacyOf(on.app)
      return { erased: await run(uid), events }
    })
    assert.equal(runs.flatMap(({ events }) => events).length, 1)
    for (const { erased } of runs) assert.equal(erased.ok, true)
    await assertGone(uid)
  })

  test('after all of this the books are in order', async (t) => {
    await assertBooks(on.app)
    await assertAuditClean(t, on.app.variables)
  })
})
