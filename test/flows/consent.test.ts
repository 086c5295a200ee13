import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { playerRow } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'

const CONSENT = '/api/v1/account/consent'

onEveryEngine((on) => {
  const say = (token: string, purchase_data: unknown, headers: Record<string, string> = {}) =>
    on.app.call('POST', CONSENT, { token, body: { purchase_data }, headers })
  const sinceOf = async (uid: string) => (await playerRow(on.app, uid)).purchase_data_consent_at_ms

  test('nobody has agreed who was not asked; a yes has the time of its first saying, a no ends it', async () => {
    const { token, uid } = await on.app.logIn('consents')
    assert.equal(await sinceOf(uid), null)
    assert.equal(assertDone(await say(token, true)).purchase_data, true)
    const since = await sinceOf(uid)
    assert.equal(typeof since, 'number')
    assertDone(await say(token, true))
    assert.equal(await sinceOf(uid), since)
    assert.equal(assertDone(await say(token, false)).purchase_data, false)
    assert.equal(await sinceOf(uid), null)
    assertDone(await say(token, false))
  })

  test('it is a yes or a no, of a player for themselves', async () => {
    const { token, uid } = await on.app.logIn('consents-strictly')
    for (const other of [undefined, null, 1, 'true', {}]) assertFaults(await say(token, other), 'purchase_data')
    assertRefused(await say(await on.app.clientToken(), true), 401, 'login_required')
    assertRefused(await say(await on.app.serverToken(), true), 403, 'wrong_scope')
    assert.equal(await sinceOf(uid), null)
  })

  test('with a key it is said once', async () => {
    const { token, uid } = await on.app.logIn('consents-once')
    const headers = { 'idempotency-key': 'consent-1' }
    assertDone(await say(token, true, headers))
    assertDone(await say(token, false))
    assert.equal(assertDone(await say(token, true, headers)).purchase_data, true)
    assert.equal(await sinceOf(uid), null, 'the answer of then, and nothing done')
    assertRefused(await say(token, false, headers), 422, 'idempotency_mismatch')
  })

  test('it stands in the export of what is kept, and is gone with the player', async () => {
    const { token, uid } = await on.app.logIn('consents-erased')
    assertDone(await say(token, true))
    const player = (...args: string[]) => runProgram('src/cli/player.ts', { args, variables: on.app.variables })
    const exported = await player('export', uid)
    assert.equal(exported.code, 0, exported.stderr)
    assert.match(exported.stdout, /"purchase_data_consent_at/)
    const erased = await player('erase', uid, '--yes')
    assert.equal(erased.code, 0, erased.stderr)
    assert.equal(await sinceOf(uid), null)
  })
})
