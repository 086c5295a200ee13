import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { APP_ID } from '../support/test-app.ts'

onEveryEngine((on) => {
  const times = <T>(count: number, one: (n: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, n) => one(n)))
  const ask = async (token: string): Promise<string> =>
    assertDone(await on.app.call('POST', '/api/v1/handover', { token, body: {} })).code
  const redeem = (code: string) => on.app.call('POST', '/api/v1/handover/redeem', { body: { appId: APP_ID, code } })
  const tryToken = (token: string) => on.app.call('POST', '/api/v1/refresh', { token, body: {} })

  test('a hundred redeem one code at once, and one is let in', async () => {
    const { token, uid } = await on.app.logIn('hundred')
    const code = await ask(token)
    const answers = await times(100, () => redeem(code))
    const opened = answers.filter(({ status }) => status === 200)
    assert.equal(opened.length, 1)
    for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 401, 'invalid_handover')
    assert.equal(assertDone(await tryToken(opened[0]?.body.token)).uid, uid)
    assert.equal(assertDone(await on.app.call('GET', '/api/v1/sessions', { token })).sessions.length, 2)
  })

  test('twenty codes of one session at once leave one that works at most', async () => {
    const { token } = await on.app.logIn('twenty-codes')
    const codes = await times(20, () => ask(token))
    const answers = await Promise.all(codes.map(redeem))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  })

  test('a player who is put out while a code of theirs is redeemed is out, whoever comes first', async () => {
    const server = await on.app.serverToken()
    for (let round = 0; round < 15; round++) {
      const { token, uid } = await on.app.logIn(`put-out-${round}`)
      const code = await ask(token)
      const [revoked, redeemed] = await Promise.all([
        on.app.call('POST', `/api/v1/server/users/${uid}/sessions/revoke`, { token: server, body: {} }),
        redeem(code),
      ])
      assertDone(revoked)
      assertRefused(await tryToken(token), 401, 'session_revoked')
      if (redeemed.status === 200) assertRefused(await tryToken(redeemed.body.token), 401, 'session_revoked')
      else assertRefused(redeemed, 401, 'invalid_handover')
    }
  })
})
