import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { payment } from '../support/test-app.ts'

onEveryEngine((on) => {
  const withReward = async (loginId: string) => {
    const player = await on.app.logIn(loginId)
    const body = payment({ order_id: loginId, uid: player.uid })
    assertDone(await on.app.call('POST', '/api/v1/payment/success', { token: player.token, body }))
    return player
  }
  const claimAll = (token: string, key: string, body: unknown = {}) =>
    on.app.call('POST', '/api/v1/inbox/claim_all', { token, body, headers: { 'idempotency-key': key } })

  test('the same key and request answers the same, and gives nothing again', async () => {
    const player = await withReward('idem-same')
    const first = assertDone(await claimAll(player.token, 'once'))
    assert.equal(first.tokens, 22)
    const second = assertDone(await claimAll(player.token, 'once'))
    assert.deepEqual(second, first)
    assert.equal((await playerRow(on.app, player.uid)).tokens, 22)
    const afresh = assertDone(await claimAll(player.token, 'another-key'))
    assert.equal(afresh.tokens, 0)
    await assertBooks(on.app)
  })

  test('the same key with another body or call is refused and changes nothing', async () => {
    const player = await withReward('idem-other')
    assertDone(await claimAll(player.token, 'once'))
    assertRefused(await claimAll(player.token, 'once', { extra: 1 }), 422, 'idempotency_mismatch')
    const headers = { 'idempotency-key': 'once' }
    const other = await on.app.call('POST', '/api/v1/inbox/msg_none/claim', { token: player.token, headers, body: {} })
    assertRefused(other, 422, 'idempotency_mismatch')
  })

  test('a refusal leaves the key free', async () => {
    const player = await on.app.logIn('idem-refused')
    const headers = { 'idempotency-key': 'free' }
    const call = () => on.app.call('POST', '/api/v1/inbox/msg_none/claim', { token: player.token, headers, body: {} })
    assertRefused(await call(), 404, 'message_not_found')
    assertRefused(await call(), 404, 'message_not_found')
    assert.equal(assertDone(await claimAll(player.token, 'free')).tokens, 0)
  })

  test('a key is its own player’s: another one may use the same', async () => {
    const one = await withReward('idem-one')
    const two = await withReward('idem-two')
    assert.equal(assertDone(await claimAll(one.token, 'shared')).balance.tokens, 22)
    assert.equal(assertDone(await claimAll(two.token, 'shared')).balance.tokens, 22)
  })

  test('fifty at once with one key: one claim, and fifty equal answers', async () => {
    const player = await withReward('idem-race')
    const answers = await Promise.all(Array.from({ length: 50 }, () => claimAll(player.token, 'race')))
    const [first, ...rest] = answers.map(assertDone)
    assert.equal(first.tokens, 22)
    for (const body of rest) assert.deepEqual(body, first)
    assert.equal((await playerRow(on.app, player.uid)).tokens, 22)
    await assertBooks(on.app)
  })

  test('a key that is none is told by its header', async () => {
    const player = await on.app.logIn('idem-bad')
    for (const key of ['with blank', 'x'.repeat(129), 'ü']) {
      assertFaults(await claimAll(player.token, key), 'Idempotency-Key')
    }
  })

  test('login, token and payment calls take no key', async () => {
    const token = await on.app.clientToken()
    const headers = { 'idempotency-key': 'not valid at all' }
    const body = { loginType: 1, loginId: 'idem-login' }
    assertDone(await on.app.call('POST', '/api/v1/login', { token, body, headers }))
  })
})
