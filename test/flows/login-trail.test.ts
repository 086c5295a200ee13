import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLoginMeans } from '../../src/features/account/index.ts'
import { FAILURES_MAX } from '../../src/features/account/lockout-rules.ts'
import { type AccountDeps, logIn } from '../../src/features/account/log-in.ts'
import { openApps } from '../../src/features/apps/index.ts'
import { openSessionStore } from '../../src/features/sessions/index.ts'
import type { IdentityProvider } from '../../src/identity-providers/identity-provider.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import type { AppId, SessionId } from '../../src/kernel/ids.ts'
import { accepted } from '../../src/kernel/outcome.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { guestCalls, proofOf } from '../support/guest-calls.ts'
import { codeCalls, MAIL, SMS } from '../support/login-codes.ts'
import { APP_ID } from '../support/test-app.ts'

const DEVICE = { 'x-device-id': 'a-device', 'user-agent': 'Game/1.0' }

onEveryEngine((on) => {
  const { makeGuest } = guestCalls(on)
  const { codeFor } = codeCalls(on)
  const post = (path: string, token: string, body: object, headers: Record<string, string> = {}) =>
    on.app.call('POST', `/api/v1/${path}`, { token, body, headers: { ...DEVICE, ...headers } })
  /** What the trail says that it did not say before, in the order of the calls. */
  const newEvents = async (act: () => Promise<void>) => {
    const { trail, database } = on.app.service
    const read = async () => {
      await trail.flush()
      return await database.db.selectFrom('security_events').selectAll().execute()
    }
    const before = new Set((await read()).map(({ event_id }) => event_id))
    await act()
    return (await read()).filter(({ event_id }) => !before.has(event_id))
  }
  const told = (events: Awaited<ReturnType<typeof newEvents>>) =>
    events.map(({ kind, provider, outcome, user_id }) => `${kind} ${provider} ${outcome} ${user_id}`).toSorted()

  test('a first login, a later one and a wrong one are in the trail, with where they came from', async () => {
    const guest = await makeGuest()
    let made = ''
    const events = await newEvents(async () => {
      made = assertDone(await post('login', await on.app.clientToken(), { loginType: 0 })).uid
      assertDone(await post('login', await on.app.clientToken(), { loginType: 0, ...proofOf(guest) }))
      const wrong = { loginType: 0, loginId: guest.loginId, credential: 'wrong' }
      assertRefused(await post('login', await on.app.clientToken(), wrong), 401, 'invalid_credential')
      assertRefused(await post('login', guest.token, { loginType: 1, loginId: 'x' }), 409, 'session_bound')
      assertFaults(await post('login', await on.app.clientToken(), { loginType: 1 }), 'loginId')
    })
    assert.deepEqual(
      told(events),
      [
        `player_created guest null ${made}`,
        `login guest null ${made}`,
        `login guest null ${guest.uid}`,
        'login_failed guest invalid_credential null',
        `login_failed facebook session_bound ${guest.uid}`,
      ].toSorted(),
    )
    for (const { address, client, device_hash, app_id } of events) {
      assert.deepEqual([address, client, app_id], ['127.0.0.1', 'Game/1.0', APP_ID])
      assert.match(device_hash ?? '', /^[0-9a-f]{64}$/)
    }
    assert.ok(!JSON.stringify(events).includes(guest.loginId))
  })

  test('a lock is in the trail by its own name', async () => {
    const { loginId } = await makeGuest()
    const wrong = { loginType: 0, loginId, credential: 'wrong' }
    for (let n = 0; n < FAILURES_MAX.pair; n++) await post('login', await on.app.clientToken(), wrong)
    const events = await newEvents(async () => {
      assertRefused(await post('login', await on.app.clientToken(), wrong), 429, 'login_locked')
    })
    assert.deepEqual(told(events), ['login_locked guest login_locked null'])
  })

  test('what is linked and unlinked is in the trail once, however often it is asked for', async () => {
    const { token, uid } = await on.app.logIn('trail-links')
    await on.app.logIn('trail-taken')
    const google = { loginType: 2, loginId: 'trail-links' }
    const once = { 'idempotency-key': 'trail-link' }
    const gone = { 'idempotency-key': 'trail-unlink' }
    const events = await newEvents(async () => {
      for (let n = 0; n < 2; n++) assertDone(await post('account/link', token, google, once))
      assertDone(await post('account/link', token, google))
      assertRefused(await post('account/link', token, { loginType: 1, loginId: 'trail-taken' }), 409, 'identity_taken')
      assertRefused(await post('account/link', token, { ...google, loginType: 4 }), 401, 'proof_required')
      for (let n = 0; n < 2; n++) assertDone(await post('account/unlink', token, google, gone))
      assertRefused(await post('account/unlink', token, google), 404, 'identity_not_found')
    })
    assert.deepEqual(
      told(events),
      [
        `linked google null ${uid}`,
        `link_failed facebook identity_taken ${uid}`,
        `link_failed email proof_required ${uid}`,
        `unlinked google null ${uid}`,
      ].toSorted(),
    )
  })

  test('codes that were sent and that were not are in the trail, and no address is', async () => {
    const token = await on.app.clientToken()
    const [mail, sms] = [
      { loginType: MAIL, loginId: 'trail@example.com' },
      { loginType: SMS, loginId: '+8613812345678' },
    ]
    let uid = ''
    const events = await newEvents(async () => {
      assertDone(await post('login/code', token, mail))
      assertRefused(await post('login/code', token, mail), 429, 'too_many_requests')
      assertDone(await post('login/code', await on.app.clientToken(), sms))
      assertFaults(await post('login/code', token, { ...mail, loginId: 'nobody' }), 'loginId')
      uid = assertDone(await post('login', token, { ...mail, loginCode: await codeFor(mail.loginId) })).uid
    })
    assert.deepEqual(
      told(events),
      [
        'code_sent email null null',
        'code_sent email too_many_requests null',
        'code_sent sms null null',
        `player_created email null ${uid}`,
        `login email null ${uid}`,
      ].toSorted(),
    )
    assert.doesNotMatch(JSON.stringify(events), /trail@|example\.com|138123/)
  })

  test('a player whom a platform vouches for is first shown as it says, and later as they are', async () => {
    const { database, kv } = on.app.service
    let shown: { name: string | null; avatarUrl: string | null } = { name: null, avatarUrl: null }
    const provider: IdentityProvider = {
      ...{ nonceRequired: false, readNotice: null },
      prove: async () => accepted({ subject: 'shown', ...shown }),
      proveFromPage: async () => accepted({ subject: 'shown', ...shown }),
    }
    const clock = systemClock
    const means = openLoginMeans({ kv, clock, secret: 'a secret of this test', countAddresses: false })
    const deps: AccountDeps = {
      ...{ database, clock, ...means, loginTrust: 'proof', record: () => {} },
      ...{ apps: openApps([]), sessions: openSessionStore({ kv, clock }), identityProviders: { find: () => provider } },
      loginCodes: { codes: means.codes, messengers: { email: null, sms: null } },
    }
    const logInAnew = async () => {
      const { body } = await on.app.call('POST', '/api/v1/token', { body: { appId: APP_ID } })
      const sessionId = body.refresh_token.split('.')[0] as SessionId
      const outcome = await logIn(deps, {
        session: { appId: APP_ID as AppId, sessionId, playerId: null },
        claim: { loginType: 2, loginId: null, loginCode: null, credential: 'genuine', nonce: null },
        by: 'body',
        inviterId: null,
        origin: { address: '192.0.2.1', userAgent: undefined, deviceId: null, requestId: 'r' },
      })
      assert.ok(outcome.ok)
      return assertDone(await on.app.call('POST', '/api/v1/refresh', { token: body.token }))
    }
    shown = { name: ' Anna \u202e ', avatarUrl: 'https://pictures.example.com/anna.png' }
    const first = await logInAnew()
    assert.deepEqual([first.user_name, first.avatar_url], ['Anna', 'https://pictures.example.com/anna.png'])
    shown = { name: 'Somebody Else', avatarUrl: null }
    const again = await logInAnew()
    assert.deepEqual([again.uid, again.user_name, again.avatar_url], [first.uid, first.user_name, first.avatar_url])
  })
})
