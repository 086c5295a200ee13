import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow, stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { codeCalls, MAIL } from '../support/login-codes.ts'
import { OTHER_APP_ID, payment } from '../support/test-app.ts'

interface Told {
  identities: { login_type: number; login_id: string; linked_at: string }[]
  msg: string
}

onEveryEngine((on) => {
  const link = (token: string, body: unknown, headers = {}) =>
    on.app.call('POST', '/api/v1/account/link', { token, body, headers })
  const unlink = (token: string, body: unknown, headers = {}) =>
    on.app.call('POST', '/api/v1/account/unlink', { token, body, headers })
  const google = (loginId: string) => ({ loginType: 2, loginId })
  const facebook = (loginId: string) => ({ loginType: 1, loginId })
  const pairsOf = ({ identities }: Told) => identities.map(({ login_type, login_id }) => [login_type, login_id])
  const logIn = async (body: unknown, appId?: string) =>
    assertDone(await on.app.call('POST', '/api/v1/login', { token: await on.app.clientToken(appId), body }))

  test('a linked identity logs the same player in', async () => {
    const { token, uid } = await on.app.logIn('links')
    const told = assertDone(await link(token, google('links-google')))
    assert.deepEqual(pairsOf(told), [
      [1, 'links'],
      [2, 'links-google'],
    ])
    assert.equal(told.msg, 'The login is linked.')
    for (const { linked_at } of told.identities) assert.match(linked_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const again = await logIn(google('links-google'))
    assert.deepEqual([again.uid, again.is_new], [uid, false])
    assertDone(await on.app.call('POST', '/api/v1/login', { token, body: google('links-google') }))
  })

  test('what is linked already is linked once', async () => {
    const { token } = await on.app.logIn('links-twice')
    const first = assertDone(await link(token, google('twice')))
    const before = await stateOf(on.app)
    assert.deepEqual(assertDone(await link(token, google('twice'))), first)
    assert.deepEqual(pairsOf(assertDone(await link(token, facebook('links-twice')))), pairsOf(first))
    assert.deepEqual(await stateOf(on.app), before)
  })

  test('an identity of another player stays theirs, and in another game it is another identity', async () => {
    const owner = await on.app.logIn('taken')
    const thief = await on.app.logIn('takes')
    assertRefused(await link(thief.token, facebook('taken')), 409, 'identity_taken')
    assert.equal((await logIn(facebook('taken'))).uid, owner.uid)
    const elsewhere = await on.app.logIn('takes-elsewhere', OTHER_APP_ID)
    assertDone(await link(elsewhere.token, facebook('taken')))
    assert.equal((await logIn(facebook('taken'), OTHER_APP_ID)).uid, elsewhere.uid)
    assert.equal((await logIn(facebook('taken'))).uid, owner.uid)
  })

  test('linking asks for the proof that a login asks for', async () => {
    const { token } = await on.app.logIn('links-unproven')
    const mail = { loginType: 4, loginId: 'a@example.com' }
    assertRefused(await link(token, mail), 401, 'proof_required')
    assertFaults(await link(token, { loginType: 6, loginId: 'x' }), 'loginType')
    assertFaults(await link(token, { loginType: 2 }), 'loginId')
    assertFaults(await unlink(token, { loginType: 2 }), 'loginId')
    const anonymous = await on.app.clientToken()
    assertRefused(await link(anonymous, google('links-anonymous')), 401, 'login_required')
    assertRefused(await unlink(anonymous, google('links-anonymous')), 401, 'login_required')
    assertRefused(await link(await on.app.serverToken(), google('links-anonymous')), 403, 'wrong_scope')
  })

  test('an unlinked identity is a new player’s, and the coins stay with the old one', async () => {
    const { token, uid } = await on.app.logIn('unlinks')
    const body = payment({ order_id: 'unlinks', uid })
    assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body }))
    assertDone(await link(token, google('unlinks-google')))
    const told = assertDone(await unlink(token, facebook('unlinks')))
    assert.deepEqual(pairsOf(told), [[2, 'unlinks-google']])
    assert.equal(told.msg, 'The login is unlinked.')
    const stranger = await logIn(facebook('unlinks'))
    assert.deepEqual([stranger.is_new, stranger.coins], [true, 0])
    assert.notEqual(stranger.uid, uid)
    const same = await logIn(google('unlinks-google'))
    assert.deepEqual([same.uid, same.coins], [uid, 1000])
    assertDone(await on.app.call('POST', '/api/v1/refresh', { token }))
    await assertBooks(on.app)
  })

  test('only their own identities are a player’s to remove, and never the last one', async () => {
    const { token } = await on.app.logIn('keeps-one')
    const other = await on.app.logIn('keeps-another')
    assertRefused(await unlink(token, facebook('keeps-another')), 404, 'identity_not_found')
    assertRefused(await unlink(token, google('keeps-one')), 404, 'identity_not_found')
    assertRefused(await unlink(token, facebook('KEEPS-ONE')), 404, 'identity_not_found')
    assertRefused(await unlink(token, facebook('keeps-one')), 409, 'last_identity')
    assertDone(await link(token, google('keeps-one')))
    assertDone(await unlink(token, facebook('keeps-one')))
    assertRefused(await unlink(token, facebook('keeps-one')), 404, 'identity_not_found')
    assertRefused(await unlink(token, google('keeps-one')), 409, 'last_identity')
    assert.equal((await logIn(facebook('keeps-another'))).uid, other.uid)
  })

  test('twenty identities are enough, and one that is there already can still be named', async () => {
    const { token } = await on.app.logIn('twenty')
    for (let n = 1; n < 20; n++) assertDone(await link(token, google(`twenty-${n}`)))
    assertRefused(await link(token, google('twenty-20')), 409, 'too_many_identities')
    assert.equal(assertDone(await link(token, google('twenty-7'))).identities.length, 20)
    assertDone(await unlink(token, google('twenty-7')))
    assertDone(await link(token, google('twenty-20')))
  })

  test('a mail address and a phone number are shown by their ends', async () => {
    const { token, uid } = await on.app.logIn('masked')
    await on.app.service.database.inTransaction(async (tx) => {
      const { app_id } = await playerRow(on.app, uid)
      const own = { app_id, user_id: Number(uid) as PlayerId }
      const rows = [
        { ...own, provider: 'email', subject: 'anna@example.com', created_at_ms: 1 },
        { ...own, provider: 'sms', subject: '+8613800138000', created_at_ms: 2 },
      ]
      await tx.insertInto('identities').values(rows).execute()
    })
    assert.deepEqual(pairsOf(assertDone(await link(token, facebook('masked')))), [
      [4, 'a***@example.com'],
      [5, '+8613*****000'],
      [1, 'masked'],
    ])
    assert.equal(assertDone(await unlink(token, { loginType: 4, loginId: 'anna@example.com' })).identities.length, 2)
  })

  test('a mail address is linked by its code, and unlinked however it is typed', async () => {
    const { ask, codeFor } = codeCalls(on)
    const { token, uid } = await on.app.logIn('links-mail')
    const address = { loginType: MAIL, loginId: 'Links.Mail@example.com' }
    assertRefused(await link(token, { ...address, loginCode: '000000' }), 401, 'invalid_code')
    assertDone(await ask(token, address))
    const body = { ...address, loginCode: await codeFor('links.mail@example.com') }
    const headers = { 'idempotency-key': 'link-by-code' }
    const told = assertDone(await link(token, body, headers))
    assert.deepEqual(pairsOf(told), [
      [1, 'links-mail'],
      [4, 'l***@example.com'],
    ])
    // The code is used up: whoever sends the same again is told what became of it, and anybody else that it is no good.
    assert.deepEqual(assertDone(await link(token, body, headers)), told)
    assertRefused(await link(token, body), 401, 'invalid_code')
    assertDone(await unlink(token, facebook('links-mail')))
    assertRefused(await unlink(token, { loginType: MAIL, loginId: 'links.mail@EXAMPLE.com' }), 409, 'last_identity')
    assertRefused(await unlink(token, { loginType: MAIL, loginId: 'nobody' }), 404, 'identity_not_found')
    assertDone(await link(token, google('links-mail')))
    assertDone(await unlink(token, { loginType: MAIL, loginId: 'links.mail@EXAMPLE.com' }))
    assert.equal((await logIn(google('links-mail'))).uid, uid)
  })

  test('one key is one change: a retry is answered the same, whatever was changed since', async () => {
    const { token } = await on.app.logIn('keyed')
    const headers = { 'idempotency-key': 'link-once' }
    const first = assertDone(await link(token, google('keyed'), headers))
    assertDone(await unlink(token, google('keyed')))
    assert.deepEqual(assertDone(await link(token, google('keyed'), headers)), first)
    assertRefused(await link(token, google('keyed-other'), headers), 422, 'idempotency_mismatch')
    assertRefused(await unlink(token, google('keyed'), headers), 422, 'idempotency_mismatch')
    assertRefused(await unlink(token, google('keyed')), 404, 'identity_not_found')
  })

  test('an erased player neither links nor unlinks', async () => {
    const { token, uid } = await on.app.logIn('erased-links')
    await on.app.service.database.inTransaction(async (tx) => {
      await tx
        .updateTable('users')
        .set({ status: 'erased' })
        .where('user_id', '=', Number(uid) as PlayerId)
        .execute()
    })
    assertRefused(await link(token, google('erased-links')), 404, 'player_not_found')
    assertRefused(await unlink(token, facebook('erased-links')), 404, 'player_not_found')
  })
})

onEveryEngine(
  (on) => {
    test('online a bare id links nothing', async () => {
      const token = await on.app.clientToken()
      const body = { loginType: 2, loginId: 'x' }
      assertRefused(await on.app.call('POST', '/api/v1/account/link', { token, body }), 401, 'login_required')
    })
  },
  { env: 'online' },
)
