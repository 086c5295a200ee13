import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionStore } from '../../src/features/sessions/index.ts'
import type { IdentityNotice } from '../../src/identity-providers/identity-provider.ts'
import type { Outcome } from '../../src/kernel/outcome.ts'
import { KeyValueUnavailable } from '../../src/kv/kv.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { privacyOf } from '../support/privacy.ts'
import { OTHER_APP_ID, payment } from '../support/test-app.ts'

const FACEBOOK = 1
const APPLE = 3

onEveryEngine(
  (on) => {
    const notice = (subject: string, kind: IdentityNotice['kind'] = 'forget', key = 'once'): IdentityNotice => ({
      ...{ key: `${subject} ${key}`, kind, subject, named: 'as the platform calls it' },
    })
    const logIn = async (loginType: number, loginId: string) => {
      const token = await on.app.clientToken()
      const body = { loginType, loginId }
      return { token, ...assertDone(await on.app.call('POST', '/api/v1/login', { token, body })) }
    }
    const link = async (token: string, loginType: number, loginId: string) =>
      assertDone(await on.app.call('POST', '/api/v1/account/link', { token, body: { loginType, loginId } }))
    const codeOf = (told: Outcome<{ confirmationCode: string }>): string => {
      assert.ok(told.ok, JSON.stringify(told))
      assert.match(told.value.confirmationCode, /^[0-9a-f]{32}$/)
      return told.value.confirmationCode
    }
    const pageOf = async (code: string, language = 'en') => {
      const { body, status } = await on.app.call('GET', `/deletion/${code}`, {
        headers: { 'accept-language': language },
      })
      return { status, text: String(body) }
    }
    const rowOf = (code: string) =>
      on.app.service.database.db
        .selectFrom('identity_notices')
        .selectAll()
        .where('confirmation_code', '=', code)
        .executeTakeFirstOrThrow()
    const assertSignedOut = async (token: string) =>
      assertRefused(await on.app.call('POST', '/api/v1/refresh', { token, body: {} }), 401, 'session_revoked')

    test('a request for deletion erases a player who had this login only, and its page says so', async () => {
      const { token, uid } = await logIn(FACEBOOK, 'fb-forget')
      const order = payment({ order_id: 'fb-forget', uid })
      assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body: order }))
      const { tell, events, failures } = privacyOf(on.app)
      const code = codeOf(await tell(notice('fb-forget')))
      assert.equal((await playerRow(on.app, uid)).status, 'erased')
      await assertSignedOut(token)
      assert.deepEqual(
        events.map(({ kind, provider, playerId }) => [kind, provider, String(playerId)]),
        [
          ['notice_received', 'facebook', uid],
          ['player_erased', null, uid],
        ],
      )
      assert.deepEqual(failures, [])
      const row = await rowOf(code)
      assert.deepEqual([row.state, row.subject, row.kind, String(row.user_id)], ['done', null, 'forget', uid])
      const { status, text } = await pageOf(code)
      assert.equal(status, 200)
      assert.match(text, /Your data has been deleted\./)
      assert.match(text, /Orders and payments, with amounts and times/)
    })

    test('told again it answers the same code and does nothing more, also when the user has come back', async () => {
      const first = await logIn(FACEBOOK, 'fb-back')
      const { tell, events } = privacyOf(on.app)
      const code = codeOf(await tell(notice('fb-back')))
      const second = await logIn(FACEBOOK, 'fb-back')
      assert.notEqual(second.uid, first.uid)
      const before = withoutMarks(await stateOf(on.app))
      for (let again = 0; again < 3; again++) assert.equal(codeOf(await tell(notice('fb-back'))), code)
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
      assert.equal((await playerRow(on.app, second.uid)).status, 'active')
      assertDone(await on.app.call('POST', '/api/v1/refresh', { token: second.token, body: {} }))
      assert.equal(events.length, 2)
      // Asked for once more, it is another request.
      assert.notEqual(codeOf(await tell(notice('fb-back', 'forget', 'another day'))), code)
      assert.equal((await playerRow(on.app, second.uid)).status, 'erased')
    })

    test('one request told twenty times at once is one request', async () => {
      const { uid } = await logIn(FACEBOOK, 'fb-twenty')
      const told = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const { tell, events } = privacyOf(on.app)
          return { code: codeOf(await tell(notice('fb-twenty'))), kinds: events.map(({ kind }) => kind) }
        }),
      )
      assert.equal(new Set(told.map(({ code }) => code)).size, 1)
      assert.deepEqual(told.flatMap(({ kinds }) => kinds).toSorted(), ['notice_received', 'player_erased'])
      assert.equal((await playerRow(on.app, uid)).status, 'erased')
    })

    test('a player with another login keeps the account without this one, its name and its sessions', async () => {
      const { token, uid } = await logIn(FACEBOOK, 'fb-two')
      await link(token, APPLE, 'apple-two')
      await on.app.service.database.inTransaction((tx) =>
        tx
          .updateTable('users')
          .set({ user_name: 'Anna', avatar_url: 'https://example.com/a' })
          .where('user_id', '=', Number(uid) as never)
          .execute(),
      )
      const { tell, events } = privacyOf(on.app)
      const code = codeOf(await tell(notice('fb-two')))
      const { status, user_name, avatar_url } = await playerRow(on.app, uid)
      assert.deepEqual([status, user_name, avatar_url], ['active', '', ''])
      await assertSignedOut(token)
      assert.equal((await logIn(APPLE, 'apple-two')).uid, uid)
      assert.notEqual((await logIn(FACEBOOK, 'fb-two')).uid, uid)
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['notice_received'],
      )
      assert.match((await pageOf(code)).text, /The account goes on by its other logins\./)
    })

    test('a removed app logs out its user everywhere and keeps the login; the address decides, not the message', async () => {
      const { token, uid } = await logIn(FACEBOOK, 'fb-deauthorize')
      const { tell } = privacyOf(on.app)
      const code = codeOf(await tell(notice('fb-deauthorize', 'forget'), { route: 'deauthorize' }))
      await assertSignedOut(token)
      assert.equal((await logIn(FACEBOOK, 'fb-deauthorize')).uid, uid)
      // Nobody is given this code; the page tells of deletions only.
      assert.equal((await pageOf(code)).status, 404)
      // The same message at the other address is another notice.
      const deletion = codeOf(await tell(notice('fb-deauthorize', 'sign_out')))
      assert.notEqual(deletion, code)
      assert.equal((await playerRow(on.app, uid)).status, 'erased')
    })

    test("Apple's notices do what they say: consent withdrawn, account deleted, or nothing of ours", async () => {
      const { token, uid } = await logIn(APPLE, 'apple-events')
      const { tell } = privacyOf(on.app)
      const from = { provider: 'apple', route: 'events' } as const
      codeOf(await tell(notice('apple-events', 'none', 'mail'), from))
      assertDone(await on.app.call('POST', '/api/v1/refresh', { token, body: {} }))
      codeOf(await tell(notice('apple-events', 'sign_out', 'consent'), from))
      await assertSignedOut(token)
      assert.equal((await logIn(APPLE, 'apple-events')).uid, uid)
      codeOf(await tell(notice('apple-events', 'forget', 'deleted'), from))
      assert.equal((await playerRow(on.app, uid)).status, 'erased')
    })

    test('a notice about nobody is kept as done, and its page says that there was nothing', async () => {
      const before = withoutMarks(await stateOf(on.app))
      const code = codeOf(await privacyOf(on.app).tell(notice('fb-nobody')))
      const after = withoutMarks(await stateOf(on.app))
      assert.deepEqual(after, { ...before, identity_notices: Number(before['identity_notices']) + 1 })
      assert.equal((await rowOf(code)).subject, null)
      assert.match((await pageOf(code)).text, /nothing to delete/)
    })

    test('a player of that subject on another platform, or in another app, is not meant', async () => {
      const apple = await logIn(APPLE, 'same-subject')
      const there = await on.app.logIn('same-subject', OTHER_APP_ID)
      codeOf(await privacyOf(on.app).tell(notice('same-subject')))
      for (const { uid } of [apple, there]) assert.equal((await playerRow(on.app, uid)).status, 'active')
    })

    test('while the store of sessions is away the notice stays open, and the job finishes it once', async () => {
      const { token, uid } = await logIn(FACEBOOK, 'fb-store-away')
      const away = { entries: () => Promise.reject(new KeyValueUnavailable('away')) } as unknown as SessionStore
      const first = privacyOf(on.app, { sessions: away })
      const code = codeOf(await first.tell(notice('fb-store-away')))
      assert.equal(first.failures.length, 1)
      assert.equal((await rowOf(code)).state, 'open')
      assert.match((await pageOf(code)).text, /the deletion is under way/)
      // What was committed holds: the session lives, and nobody stands behind it.
      assert.equal((await playerRow(on.app, uid)).status, 'erased')
      assertRefused(await on.app.call('POST', '/api/v1/refresh', { token, body: {} }), 404, 'player_not_found')
      assert.equal(await on.app.service.jobs.run('act-on-notices'), 1)
      await assertSignedOut(token)
      assert.equal((await rowOf(code)).state, 'done')
      assert.equal(await on.app.service.jobs.run('act-on-notices'), 0)
    })

    test('a notice that was written and never acted on is acted on by the job, for the player of its time only', async () => {
      const { uid } = await logIn(FACEBOOK, 'fb-killed')
      const moved = await logIn(FACEBOOK, 'fb-moved')
      const stays = await logIn(APPLE, 'apple-moved')
      const { tell, deps } = privacyOf(on.app)
      const codes: string[] = []
      for (const subject of ['fb-killed', 'fb-moved']) {
        // The process dies between the row and the deed.
        const { database } = deps
        const dying = { ...database, inTransaction: onlyFirst(database.inTransaction) }
        codes.push(codeOf(await privacyOf(on.app, { database: dying }).tell(notice(subject))))
      }
      assert.equal((await playerRow(on.app, uid)).status, 'active')
      // Meanwhile one login has gone to another player.
      await link(moved.token, APPLE, 'apple-of-the-first')
      const body = { loginType: FACEBOOK, loginId: 'fb-moved' }
      assertDone(await on.app.call('POST', '/api/v1/account/unlink', { token: moved.token, body }))
      await link(stays.token, FACEBOOK, 'fb-moved')
      assert.equal(await on.app.service.jobs.run('act-on-notices'), 2)
      assert.equal((await playerRow(on.app, uid)).status, 'erased')
      for (const player of [moved, stays]) assert.equal((await playerRow(on.app, player.uid)).status, 'active')
      assert.equal((await logIn(FACEBOOK, 'fb-moved')).uid, stays.uid)
      for (const code of codes) assert.equal((await rowOf(code)).state, 'done')
      codeOf(await tell(notice('fb-killed')))
    })

    test('a notice that cannot be acted on keeps no other from being acted on', async () => {
      const broken = await logIn(FACEBOOK, 'fb-broken')
      const whole = await logIn(FACEBOOK, 'fb-whole')
      const away = { entries: () => Promise.reject(new KeyValueUnavailable('away')) } as unknown as SessionStore
      for (const subject of ['fb-broken', 'fb-whole']) await privacyOf(on.app, { sessions: away }).tell(notice(subject))
      const { sessions, act, failures } = privacyOf(on.app)
      const half: SessionStore = {
        ...sessions,
        entries: (playerId) =>
          String(playerId) === broken.uid
            ? Promise.reject(new KeyValueUnavailable('away'))
            : sessions.entries(playerId),
      }
      const some = privacyOf(on.app, { sessions: half })
      assert.equal(await some.act(), 1)
      assert.equal(some.failures.length, 1)
      await assertSignedOut(whole.token)
      assert.equal(await act(), 1)
      assert.deepEqual(failures, [])
      await assertSignedOut(broken.token)
    })

    test('what is forged is refused by one code whatever is wrong with it; a platform out of reach is asked again', async () => {
      const { tell } = privacyOf(on.app)
      const before = withoutMarks(await stateOf(on.app))
      const refusals = [
        [await tell(notice('forged')), 'invalid_proof'],
        [await tell(notice('platform_away')), 'provider_unavailable'],
        [await tell(notice('x'), { provider: 'google' }), 'not_found'],
        [await tell(notice('x'), { appId: OTHER_APP_ID }), 'not_found'],
      ] as const
      for (const [told, code] of refusals) assert.deepEqual(told, { ok: false, refusal: { code } })
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
    })

    test('a code that nobody has been given is answered with words and 404, in the language that is asked for', async () => {
      for (const code of ['0'.repeat(32), 'x', '%3Cscript%3E', `${'a'.repeat(32)}b`, 'A'.repeat(32)]) {
        const { status, text } = await pageOf(code)
        assert.equal(status, 404)
        assert.match(text, /There is no request for deletion under this code/)
        assert.ok(!text.includes('<script'), 'nothing of the address is shown')
      }
      const { status, text } = await pageOf('0'.repeat(32), 'zh-CN,zh;q=0.9')
      assert.equal(status, 404)
      assert.match(text, /<html lang="zh">[\s\S]*没有找到该确认码对应的删除申请/)
    })

    test('the page runs no script, is in no search engine, and is kept by nobody', async () => {
      const { headers } = await on.app.call('GET', `/deletion/${'0'.repeat(32)}`)
      assert.match(headers.get('content-type') ?? '', /^text\/html; charset=utf-8$/)
      assert.equal(headers.get('x-robots-tag'), 'noindex, nofollow')
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'unsafe-inline'/)
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { jobs: 'by_hand' },
)

/** Lets one transaction through; every later one finds the database gone. */
function onlyFirst<T extends (...args: never[]) => Promise<unknown>>(transact: T): T {
  let calls = 0
  return ((...args: Parameters<T>) => {
    calls += 1
    return calls === 1 ? transact(...args) : Promise.reject(new Error('the process is dead'))
  }) as T
}
