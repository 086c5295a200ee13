import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openGuestCredentials } from '../../src/features/account/guest-credentials.ts'
import { newGuest } from '../../src/features/account/new-guest.ts'
import { openApps } from '../../src/features/apps/index.ts'
import { type AppId, newSessionId, type PlayerId } from '../../src/kernel/ids.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { playerRow, stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { guestCalls, proofOf } from '../support/guest-calls.ts'
import { APP_ID, OTHER_APP_ID, startApp } from '../support/test-app.ts'

const clock = fakeClock()
const MINUTE_MS = 60_000
const APPS = JSON.stringify([
  { appId: APP_ID, appSecret: 'u3Jx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeXa' },
  { appId: OTHER_APP_ID, appSecret: 'q8Zt4Vn2Xr6Bk1Mw9Cy3Fp7Jd5Hg0LaTe' },
  { appId: 'com.example.no-guests', appSecret: 'w5Rb9Kx3Tn7Vq1Zm6Yc2Pd8Jf4Hg0LsEu', logins: { guest: false } },
])

onEveryEngine(
  (on) => {
    const { logIn, logInAnew, makeGuest } = guestCalls(on)
    const call = (path: string, token: string, body: object) => on.app.call('POST', `/api/v1/${path}`, { token, body })
    /** What became of a guest's way in, by the hand of whoever looks after the database. */
    const insertIdentity = async (uid: string, provider: string, subject: string) =>
      on.app.service.database.inTransaction(async (tx) => {
        const row = { app_id: APP_ID as AppId, provider, subject, user_id: Number(uid) as PlayerId, created_at_ms: 1 }
        await tx.insertInto('identities').values(row).execute()
      })

    test('online a guest is made without any id, is told a credential once, and comes back by it', async () => {
      const token = await on.app.clientToken()
      const first = assertDone(await logIn(token))
      assert.match(first.login_id, /^guest_[0-9a-f]{32}$/)
      assert.match(first.credential, /^[A-Za-z0-9_-]{43}$/)
      assert.deepEqual([first.is_new, first.msg], [true, 'Welcome.'])
      const proof = { loginId: first.login_id, credential: first.credential }
      const again = assertDone(await logInAnew(proof))
      assert.deepEqual([again.uid, again.is_new, again.login_id, again.credential], [first.uid, false, ...Array(2)])
      assert.equal(assertDone(await logIn(token, proof)).uid, first.uid)
      assert.equal(assertDone(await call('refresh', token, {})).credential, undefined)
    })

    test('the answer that tells a credential is kept by no cache, and the database has its hash alone', async () => {
      const answer = await logInAnew({})
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      const { login_id, credential } = assertDone(answer)
      const { db } = on.app.service.database
      const row = await db
        .selectFrom('identities')
        .selectAll()
        .where('subject', '=', login_id)
        .executeTakeFirstOrThrow()
      assert.match(row.credential_hash ?? '', /^[0-9a-f]{64}$/)
      assert.ok(!JSON.stringify(row).includes(credential))
    })

    test('each session makes a guest of its own', async () => {
      const [one, other] = [await makeGuest(), await makeGuest()]
      for (const part of ['uid', 'loginId', 'credential'] as const) assert.notEqual(one[part], other[part])
    })

    test('whoever lost the first answer gets the same again on the same session, for ten minutes', async () => {
      const guest = await makeGuest()
      const before = await stateOf(on.app)
      clock.moveMs(10 * MINUTE_MS - 1)
      const again = assertDone(await logIn(guest.token))
      assert.deepEqual([again.uid, again.login_id, again.credential], [guest.uid, guest.loginId, guest.credential])
      clock.moveMs(1)
      assertRefused(await logIn(guest.token), 409, 'session_bound')
      assert.deepEqual(await stateOf(on.app), before)
      assert.equal(assertDone(await logInAnew(proofOf(guest))).uid, guest.uid)
    })

    test('a session that is somebody’s already makes no guest', async () => {
      const guest = await makeGuest()
      const token = await on.app.clientToken()
      assertDone(await logIn(token, proofOf(guest)))
      const before = await stateOf(on.app)
      assertRefused(await logIn(token), 409, 'session_bound')
      assert.deepEqual(await stateOf(on.app), before)
    })

    test('an ended session makes no guest, and tells of none', async () => {
      const ended = await on.app.clientToken()
      assertDone(await call('logout', ended, {}))
      assertRefused(await logIn(ended), 401, 'session_revoked')
      const guest = await makeGuest()
      assertDone(await call('logout', guest.token, {}))
      assertRefused(await logIn(guest.token), 401, 'session_revoked')
    })

    test('a guest who is unlinked is told no credential any more, and comes in by none', async () => {
      const guest = await makeGuest()
      await insertIdentity(guest.uid, 'google', 'unlinked-guest')
      assertDone(await call('account/unlink', guest.token, { loginType: 0, loginId: guest.loginId }))
      const before = await stateOf(on.app)
      assertRefused(await logIn(guest.token), 409, 'session_bound')
      assertRefused(await logInAnew(proofOf(guest)), 401, 'invalid_credential')
      assert.deepEqual(await stateOf(on.app), before, 'no player is made on the way')
    })

    test('a credential that was changed since is not told again', async () => {
      const guest = await makeGuest()
      await on.app.service.database.inTransaction(async (tx) => {
        const changed = tx.updateTable('identities').set({ credential_hash: 'f'.repeat(64) })
        await changed.where('subject', '=', guest.loginId).execute()
      })
      assertRefused(await logIn(guest.token), 409, 'session_bound')
      assertRefused(await logInAnew(proofOf(guest)), 401, 'invalid_credential')
    })

    test('a guest comes in under another secret of the server, which tells no credential of before again', async (t) => {
      const guest = await makeGuest()
      const variables = { ...on.app.variables, JWT_SECRET: 'n4Kx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeQw' }
      const changed = await startApp({ env: 'online', clock, variables })
      t.after(() => changed.close())
      const body = { loginType: 0, ...proofOf(guest) }
      const token = await changed.clientToken()
      assert.equal(assertDone(await changed.call('POST', '/api/v1/login', { token, body })).uid, guest.uid)
      // Even on the session that made it.
      const session = { appId: APP_ID as AppId, sessionId: newSessionId(), playerId: Number(guest.uid) as PlayerId }
      const { database } = on.app.service
      const guests = openGuestCredentials({ secret: variables.JWT_SECRET })
      const told = await newGuest({ database, apps: openApps([]), clock, guests }, session)
      assert.equal(told.ok ? 'told' : told.refusal.code, 'session_bound')
    })

    test('where an app makes no guests, none is made', async () => {
      const before = await stateOf(on.app)
      assertRefused(await logInAnew({}, 'com.example.no-guests'), 403, 'login_type_unavailable')
      assert.deepEqual(await stateOf(on.app), before)
    })

    test('a credential travels in no address: by GET no guest is made and none logs in', async () => {
      const guest = await makeGuest()
      const before = await stateOf(on.app)
      const token = await on.app.clientToken()
      for (const query of [
        'loginType=0',
        `loginType=0&credential=${guest.credential}`,
        `loginType=0&loginId=${guest.loginId}`,
        `loginType=0&loginId=${guest.loginId}&credential=${guest.credential}`,
      ]) {
        assertRefused(await on.app.call('GET', `/api/v1/login?${query}`, { token }), 401, 'proof_required')
      }
      assert.deepEqual(await stateOf(on.app), before)
    })

    test('whatever is not this guest’s own credential is refused in one and the same way', async () => {
      const [guest, other, foreign] = [await makeGuest(), await makeGuest(), await makeGuest(OTHER_APP_ID)]
      const { loginId, credential } = guest
      const before = await stateOf(on.app)
      const wrong: Readonly<Record<string, object>> = {
        'another credential': { loginId, credential: 'A'.repeat(43) },
        'another guest’s': { loginId, credential: other.credential },
        'a guest’s of another app': { loginId, credential: foreign.credential },
        'the id of another guest': { loginId: other.loginId, credential },
        'an id of another app': { loginId: foreign.loginId, credential: foreign.credential },
        'an id of nobody': { loginId: `guest_${'0'.repeat(32)}`, credential },
        'its beginning': { loginId, credential: credential.slice(0, -1) },
        'more than it': { loginId, credential: `${credential}A` },
        'a blank behind it': { loginId, credential: `${credential} ` },
        'upper case': { loginId, credential: credential.toUpperCase() },
        'its id in upper case': { loginId: loginId.toUpperCase(), credential },
        'its hash': { loginId, credential: await hashOf(loginId) },
        'as long as fields are': { loginId, credential: 'x'.repeat(8192) },
      }
      for (const [what, fields] of Object.entries(wrong)) {
        const answer = await logInAnew(fields)
        assert.equal(answer.body.error, 'invalid_credential', what)
        assertRefused(answer, 401, 'invalid_credential')
        // Ten of one guest would be locked.
        clock.moveMs(24 * 60 * MINUTE_MS)
      }
      assertRefused(await logInAnew({ loginId }), 401, 'proof_required')
      assertFaults(await logInAnew({ loginId, credential: '' }), 'credential')
      assertFaults(await logInAnew({ loginId, credential: 'x'.repeat(8193) }), 'credential')
      assertFaults(await logInAnew({ loginId, credential: 42 }), 'credential')
      assertFaults(await logInAnew({ credential }), 'loginId')
      for (const loginType of [1, 2, 3]) {
        assertRefused(await logInAnew({ loginType, loginId, credential }), 403, 'login_type_unavailable')
      }
      assertRefused(await logInAnew({ loginType: 4, loginId: 'a@example.com', credential }), 401, 'proof_required')
      assert.deepEqual(await stateOf(on.app), before, 'nobody was made')
      assert.equal(assertDone(await logInAnew(proofOf(guest))).uid, guest.uid)
    })

    const hashOf = async (loginId: string): Promise<string> => {
      const { db } = on.app.service.database
      const row = await db.selectFrom('identities').selectAll().where('subject', '=', loginId).executeTakeFirstOrThrow()
      return row.credential_hash ?? ''
    }

    test('a guest without a credential of its own, and one who was erased, come in by none', async () => {
      const guest = await makeGuest()
      await insertIdentity(guest.uid, 'guest', 'device-of-old')
      for (const credential of ['x', '0'.repeat(64), guest.credential]) {
        assertRefused(await logInAnew({ loginId: 'device-of-old', credential }), 401, 'invalid_credential')
      }
      await on.app.service.database.inTransaction(async (tx) => {
        const erased = tx.updateTable('users').set({ status: 'erased' })
        await erased.where('user_id', '=', Number(guest.uid) as PlayerId).execute()
      })
      assertRefused(await logInAnew(proofOf(guest)), 401, 'invalid_credential')
    })

    test('a guest’s credential links nothing to anybody else, and without an id there is nothing to link', async () => {
      const [guest, other] = [await makeGuest(), await makeGuest()]
      const link = (fields: object) => call('account/link', other.token, { loginType: 0, ...fields })
      assertRefused(await link(proofOf(guest)), 409, 'identity_taken')
      assertRefused(await link({ ...proofOf(guest), credential: other.credential }), 401, 'invalid_credential')
      assertFaults(await link({}), 'loginId')
      assert.equal(assertDone(await link(proofOf(other))).identities.length, 1)
      assert.equal((await playerRow(on.app, guest.uid)).coins, 0)
    })
  },
  { env: 'online', clock, variables: { APPS } },
)

onEveryEngine((on) => {
  const { logIn, logInAnew, makeGuest } = guestCalls(on)

  test('in local a bare id is a guest as before, and one with a credential is held to it only where it is shown', async () => {
    const bare = assertDone(await logInAnew({ loginId: 'device-1' }))
    assert.deepEqual([bare.is_new, bare.credential], [true, undefined])
    assert.equal(assertDone(await logInAnew({ loginId: 'device-1', credential: 'anything' })).uid, bare.uid)
    assert.equal(assertDone(await logInAnew({ loginId: 'device-2', credential: 'anything' })).is_new, true)
    const guest = await makeGuest()
    assert.equal(assertDone(await logInAnew({ loginId: guest.loginId })).uid, guest.uid)
    assert.equal(assertDone(await logInAnew(proofOf(guest))).uid, guest.uid)
    const wrong = { loginId: guest.loginId, credential: 'anything' }
    assertRefused(await logInAnew(wrong), 401, 'invalid_credential')
    assert.equal(assertDone(await logIn(guest.token)).credential, guest.credential)
  })
})
