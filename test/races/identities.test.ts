import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { codeCalls, MAIL, wrongCode } from '../support/login-codes.ts'
import { startApp, type TestApp } from '../support/test-app.ts'

onEveryEngine((on) => {
  const link = (token: string, body: unknown, headers = {}) =>
    on.app.call('POST', '/api/v1/account/link', { token, body, headers })
  const unlink = (token: string, body: unknown) => on.app.call('POST', '/api/v1/account/unlink', { token, body })
  const logIn = async (body: unknown) =>
    assertDone(await on.app.call('POST', '/api/v1/login', { token: await on.app.clientToken(), body }))

  test('fifty links of one identity by two players: one player wins, and the other gets none of it', async () => {
    const players = [await on.app.logIn('links-one'), await on.app.logIn('links-two')] as const
    const body = { loginType: 3, loginId: 'wanted' }
    const before = await stateOf(on.app)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => link((players[n % 2] as Player).token, body)),
    )
    const winner = answers[0]?.status === 200 ? 0 : 1
    for (const [n, answer] of answers.entries()) {
      if (n % 2 === winner) assertDone(answer)
      else assertRefused(answer, 409, 'identity_taken')
    }
    assert.equal((await logIn(body)).uid, players[winner].uid)
    const after = await stateOf(on.app)
    assert.equal(Number(after['identities']) - Number(before['identities']), 1)
  })

  test('a link and first logins of one identity at once: it belongs to one player', async () => {
    for (let round = 0; round < 5; round++) {
      const { token, uid } = await on.app.logIn(`links-or-logs-in-${round}`)
      const body = { loginType: 3, loginId: `either-${round}` }
      const [linked, ...logins] = await Promise.all([link(token, body), logIn(body), logIn(body), logIn(body)])
      const owners = new Set(logins.map((login) => login.uid))
      assert.equal(owners.size, 1)
      if (owners.has(uid)) assertDone(linked)
      else assertRefused(linked, 409, 'identity_taken')
    }
  })

  test('the last two identities unlinked at once: one stays', async () => {
    for (let round = 0; round < 5; round++) {
      const { token, uid } = await on.app.logIn(`last-two-${round}`)
      const own = [
        { loginType: 1, loginId: `last-two-${round}` },
        { loginType: 2, loginId: `last-two-${round}` },
      ]
      assertDone(await link(token, own[1]))
      const answers = await Promise.all(own.map((identity) => unlink(token, identity)))
      assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409])
      const stays = answers.findIndex(({ status }) => status === 409)
      assertRefused(answers[stays] as Answered, 409, 'last_identity')
      assert.equal((await logIn(own[stays])).uid, uid)
    }
  })

  test('thirty links at once end at twenty identities', async () => {
    const { token } = await on.app.logIn('crowded')
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) => link(token, { loginType: 2, loginId: `crowded-${n}` })),
    )
    assert.equal(answers.filter(({ status }) => status === 200).length, 19)
    for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 409, 'too_many_identities')
  })

  test('one link sent twenty times at once under one key is answered twenty times the same', async () => {
    const { token } = await on.app.logIn('one-key')
    const body = { loginType: 2, loginId: 'one-key' }
    const headers = { 'idempotency-key': 'one-key' }
    const answers = await Promise.all(Array.from({ length: 20 }, () => link(token, body, headers)))
    const [first, ...rest] = answers.map(assertDone)
    for (const body of rest) assert.deepEqual(body, first)
  })

  test('one link by a code sent three times at once under one key is answered three times the same', async () => {
    const { ask, codeFor } = codeCalls(on)
    for (let round = 0; round < 5; round++) {
      const { token } = await on.app.logIn(`three-${round}`)
      const address = { loginType: MAIL, loginId: `three-${round}@example.com` }
      assertDone(await ask(token, address))
      const body = { ...address, loginCode: await codeFor(address.loginId) }
      const headers = { 'idempotency-key': `three-${round}` }
      const answers = await Promise.all([1, 2, 3].map(() => link(token, body, headers)))
      const [first, ...rest] = answers.map(assertDone)
      for (const body of rest) assert.deepEqual(body, first)
      const other = { ...body, loginCode: wrongCode(body.loginCode) }
      assertRefused(await link(token, other, headers), 422, 'idempotency_mismatch')
      assertRefused(await link(token, body, { 'idempotency-key': `another-${round}` }), 401, 'invalid_code')
    }
  })

  test('after all of this the books are in order', () => assertBooks(on.app))
})

onEveryEngine(
  (on) => {
    test('one link by a code sent to three processes at once under one key is answered three times the same', async (t) => {
      const { ask, codeFor } = codeCalls(on)
      const others = [await startApp({ variables: on.app.variables }), await startApp({ variables: on.app.variables })]
      t.after(() => Promise.all(others.map((app) => app.close())))
      for (let round = 0; round < 10; round++) {
        const { token } = await on.app.logIn(`processes-${round}`)
        const address = { loginType: MAIL, loginId: `processes-${round}@example.com` }
        assertDone(await ask(token, address))
        const body = { ...address, loginCode: await codeFor(address.loginId) }
        const headers = { 'idempotency-key': `processes-${round}` }
        const link = (app: TestApp) => app.call('POST', '/api/v1/account/link', { token, body, headers })
        const [first, ...rest] = (await Promise.all([on.app, ...others].map(link))).map(assertDone)
        for (const body of rest) assert.deepEqual(body, first)
      }
      await assertBooks(on.app)
    })
  },
  { variables: { JWT_SECRET: 'one-signing-secret-for-all-processes' } },
)

type Player = Readonly<{ token: string; uid: string }>
type Answered = Parameters<typeof assertRefused>[0]
