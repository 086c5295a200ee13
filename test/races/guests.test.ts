import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { guestCalls, proofOf } from '../support/guest-calls.ts'

onEveryEngine(
  (on) => {
    const { logIn, logInAnew, makeGuest } = guestCalls(on)
    const made = async () => {
      const { users, identities } = await stateOf(on.app)
      return { users: Number(users), identities: Number(identities) }
    }

    test('a hundred first logins at once on one session make one guest, and all are told the same', async () => {
      const token = await on.app.clientToken()
      const before = await made()
      const answers = await Promise.all(Array.from({ length: 100 }, () => logIn(token)))
      const told = answers.map(assertDone)
      assert.equal(new Set(told.map(({ uid, login_id, credential }) => `${uid} ${login_id} ${credential}`)).size, 1)
      assert.equal(told.filter(({ is_new }) => is_new).length, 1)
      assert.deepEqual(await made(), { users: before.users + 1, identities: before.identities + 1 })
      const [{ uid, login_id, credential }] = told
      assert.equal(assertDone(await logInAnew({ loginId: login_id, credential })).uid, uid)
    })

    test('first logins at once on many sessions make a guest each', async () => {
      const before = await made()
      const guests = await Promise.all(Array.from({ length: 20 }, () => makeGuest()))
      assert.equal(new Set(guests.map(({ uid }) => uid)).size, 20)
      assert.equal(new Set(guests.map(({ credential }) => credential)).size, 20)
      assert.deepEqual(await made(), { users: before.users + 20, identities: before.identities + 20 })
    })

    test('one guest comes in from many sessions at once', async () => {
      const guest = await makeGuest()
      const answers = await Promise.all(Array.from({ length: 25 }, () => logInAnew(proofOf(guest))))
      for (const answer of answers) assert.equal(assertDone(answer).uid, guest.uid)
    })

    test('a first login and the end of its session at once: nobody is told a credential that lets nobody in', async () => {
      for (let round = 0; round < 10; round++) {
        const token = await on.app.clientToken()
        const [login] = await Promise.all([logIn(token), on.app.call('POST', '/api/v1/logout', { token })])
        if (login.status === 200) {
          const { login_id, credential, uid } = login.body
          assert.equal(assertDone(await logInAnew({ loginId: login_id, credential })).uid, uid)
        } else assertRefused(login, 401, 'session_revoked')
      }
    })
  },
  { env: 'online' },
)
