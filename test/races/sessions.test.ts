import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { APP_ID } from '../support/test-app.ts'

onEveryEngine((on) => {
  const times = <T>(count: number, one: (n: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, n) => one(n)))
  const newPair = async () => assertDone(await on.app.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
  const renew = (refresh_token: string) => on.app.call('POST', '/api/v1/token/refresh', { body: { refresh_token } })
  const logIn = (token: string, loginId: string) =>
    on.app.call('POST', '/api/v1/login', { token, body: { loginType: 1, loginId } })

  test('fifty first logins of one identity at once make one player', async () => {
    const before = await stateOf(on.app)
    const tokens = await times(50, () => on.app.clientToken())
    const answers = (await Promise.all(tokens.map((token) => logIn(token, 'fifty-logins')))).map(assertDone)
    assert.equal(new Set(answers.map((body) => body.uid)).size, 1)
    assert.equal(answers.filter((body) => body.is_new).length, 1)
    const after = await stateOf(on.app)
    assert.equal(Number(after['users']) - Number(before['users']), 1)
    assert.equal(Number(after['identities']) - Number(before['identities']), 1)
  })

  test('one session logged in by ten identities at once is bound to one of them', async () => {
    const { token } = await newPair()
    const answers = await times(10, (n) => logIn(token, `ten-logins-${n}`))
    const bound = answers.filter((answer) => answer.status === 200)
    assert.equal(bound.length, 1)
    for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 409, 'session_bound')
    const { uid } = assertDone(await on.app.call('POST', '/api/v1/refresh', { token }))
    assert.equal(uid, bound[0]?.body.uid)
  })

  test('one refresh token used twenty times at once wins once, and the family is then ended', async () => {
    const pair = await newPair()
    const answers = await times(20, () => renew(pair.refresh_token))
    const won = answers.filter((answer) => answer.status === 200)
    assert.equal(won.length, 1)
    for (const answer of answers) {
      if (answer.status !== 200) assert.ok(['token_reused', 'session_revoked'].includes(answer.body.error))
    }
    assert.ok(answers.some((answer) => answer.body.error === 'token_reused'))
    assertRefused(await renew(won[0]?.body.refresh_token), 401, 'session_revoked')
    assertRefused(await on.app.call('GET', '/api/v1/inbox', { token: pair.token }), 401, 'session_revoked')
  })

  test('a login and a renewal of one session at once both succeed: nothing was used twice', async () => {
    for (let round = 0; round < 10; round++) {
      const pair = await newPair()
      const [login, renewal] = await Promise.all([logIn(pair.token, `both-${round}`), renew(pair.refresh_token)])
      const { uid } = assertDone(login)
      const { token } = assertDone(renewal)
      assert.equal(assertDone(await on.app.call('POST', '/api/v1/refresh', { token })).uid, uid)
    }
  })

  test('a logout and a renewal at once leave no living session behind', async () => {
    for (let round = 0; round < 10; round++) {
      const pair = await newPair()
      const [, renewal] = await Promise.all([
        on.app.call('POST', '/api/v1/logout', { token: pair.token }),
        renew(pair.refresh_token),
      ])
      const { token } = renewal.status === 200 ? renewal.body : pair
      assertRefused(await on.app.call('GET', '/api/v1/inbox', { token }), 401, 'session_revoked')
    }
  })

  test('fifty logins of one player at once: at most thirty stay, each of them listed, and every other one is dead', async () => {
    const pairs = await times(50, newPair)
    const answers = await Promise.all(pairs.map(({ token }) => logIn(token, 'fifty-devices')))
    // A session that the others have ended while its own login was under way says so.
    for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 401, 'session_revoked')
    const lists = await Promise.all(pairs.map(({ token }) => on.app.call('GET', '/api/v1/sessions', { token })))
    const living = lists.filter(({ status }) => status === 200)
    assert.ok(living.length > 0 && living.length <= 30, `${living.length} are alive`)
    const idOf = (pair: { refresh_token: string }) => pair.refresh_token.split('.')[0]
    const alive = pairs.filter((_, n) => lists[n]?.status === 200).map(idOf)
    for (const { body } of living) {
      assert.deepEqual(body.sessions.map(({ id }: { id: string }) => id).toSorted(), alive.toSorted())
    }
    for (const [n, pair] of pairs.entries()) {
      const renewal = await renew(pair.refresh_token)
      assert.equal(renewal.status, lists[n]?.status)
      if (renewal.status !== 200) assertRefused(renewal, 401, 'session_revoked')
    }
  })

  test('a renewal and a revocation at once leave no living session behind', async () => {
    const { token } = await on.app.logIn('revokes-renewing')
    for (let round = 0; round < 10; round++) {
      const pair = await newPair()
      assertDone(await logIn(pair.token, 'revokes-renewing'))
      const id = pair.refresh_token.split('.')[0]
      const [revoked, renewal] = await Promise.all([
        on.app.call('POST', `/api/v1/sessions/${id}/revoke`, { token }),
        renew(pair.refresh_token),
      ])
      assertDone(revoked)
      const survivor = renewal.status === 200 ? renewal.body.token : pair.token
      assertRefused(await on.app.call('GET', '/api/v1/inbox', { token: survivor }), 401, 'session_revoked')
      const { sessions } = assertDone(await on.app.call('GET', '/api/v1/sessions', { token }))
      assert.equal(sessions.length, 1)
    }
  })

  test('two sessions that revoke each other at once both answer, and at most one is left', async () => {
    for (let round = 0; round < 10; round++) {
      const [one, two] = [await on.app.logIn(`duel-${round}`), await on.app.logIn(`duel-${round}`)]
      const answers = await Promise.all(
        [one, two].map(({ token }) => on.app.call('POST', '/api/v1/sessions/revoke_others', { token })),
      )
      for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 401, 'session_revoked')
      const asked = await Promise.all([one, two].map(({ token }) => on.app.call('GET', '/api/v1/sessions', { token })))
      assert.ok(asked.filter(({ status }) => status === 200).length <= 1)
    }
  })
})
