import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, PlayerId } from '../../src/kernel/ids.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow, setPlayer, stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { giftPlayer, moveTo } from '../support/gift-calls.ts'
import { OTHER_APP_ID, payment, type TestApp } from '../support/test-app.ts'

const WEEK = [100, 200, 300, 400, 500, 800, 2000]

const clock = fakeClock()

/** Edits the days that an app's gift has, and tells the servers. */
async function editDays(app: TestApp, appId: string, days: readonly { coins: number; tokens: number }[]) {
  const of = appId as AppId
  await app.service.database.inTransaction(async (tx) => {
    await tx.deleteFrom('daily_gift_days').where('app_id', '=', of).execute()
    const rows = days.map((gift, index) => ({ app_id: of, day: index + 1, ...gift }))
    if (rows.length > 0) await tx.insertInto('daily_gift_days').values(rows).execute()
    const raise = tx.updateTable('catalogues').set((eb) => ({ version: eb('version', '+', 1) }))
    await raise.where('app_id', '=', of).execute()
  })
  clock.moveMs(1000)
}

async function giftPostings(app: TestApp, uid: string) {
  return await app.service.database.db
    .selectFrom('ledger_transactions as lt')
    .innerJoin('postings as p', (on) =>
      on.onRef('p.user_id', '=', 'lt.user_id').onRef('p.ledger_seq', '=', 'lt.ledger_seq'),
    )
    .select(['lt.source_id', 'p.from_account', 'p.to_account', 'p.currency', 'p.amount'])
    .where('lt.user_id', '=', Number(uid) as PlayerId)
    .where('lt.kind', '=', 'daily_gift')
    .orderBy('lt.ledger_seq')
    .orderBy('p.posting_no')
    .execute()
}

onEveryEngine(
  (on) => {
    test('a whole week gives what the calendar says, and the eighth day is day 1 of the next round', async () => {
      const player = await giftPlayer(on.app, 'whole-week')
      let coins = 0
      for (let n = 1; n <= 8; n++) {
        moveTo(clock, `2026-11-0${n}T09:30:00Z`)
        const [day, gift] = n === 8 ? [1, 100] : [n, WEEK[n - 1] ?? 0]
        const before = assertDone(await player.calendar())
        assert.deepEqual([before.daily_gift, before.streak, before.day], [1, n - 1, day])
        assert.equal(before.days[day - 1].state, 'today')
        assert.deepEqual([before.days[day - 1].coins, before.next_at], [gift, new Date(clock.nowMs()).toISOString()])
        coins += gift
        const tokens = n >= 7 ? 5 : 0
        const { msg, ...claimed } = assertDone(await player.claim())
        assert.deepEqual(claimed, {
          ...{ return_code: 1, status_code: 1, day, streak: n, coins: gift, tokens: n === 7 ? 5 : 0 },
          ...{ balance: { coins, tokens }, daily_gift: 0, next_at: `2026-11-0${n + 1}T05:30:00.000Z` },
        })
        assert.equal(msg, n === 7 ? 'Day 7: 2000 coins, 5 tokens.' : `Day ${day}: ${gift} coins.`)
        const row = await playerRow(on.app, player.uid)
        assert.deepEqual([row.coins, row.tokens, row.inbox_tokens], [coins, tokens, 0])
      }
      const postings = await giftPostings(on.app, player.uid)
      const between = { from_account: 'daily_gift', to_account: `player:${player.uid}` }
      assert.equal(postings.length, 9)
      assert.deepEqual(postings[0], {
        ...between,
        source_id: `${player.uid}:2026-11-01`,
        currency: 'coins',
        amount: 100,
      })
      assert.deepEqual(postings[7], {
        ...between,
        source_id: `${player.uid}:2026-11-07`,
        currency: 'tokens',
        amount: 5,
      })
      await assertBooks(on.app)
    })

    test('the calendar tells a client all that it draws, before the claim and after it', async () => {
      moveTo(clock, '2026-11-01T09:30:00Z')
      const player = await giftPlayer(on.app, 'drawn')
      const days = (states: string) =>
        WEEK.map((coins, index) => ({
          ...{ day: index + 1, coins, tokens: index === 6 ? 5 : 0 },
          state: { c: 'claimed', t: 'today', n: 'next', l: 'later' }[states[index] ?? ''],
        }))
      const same = { return_code: 1, status_code: 1, time_zone: 'UTC', local_date: '2026-11-01' }
      assert.deepEqual(assertDone(await player.calendar()), {
        ...same,
        ...{ daily_gift: 1, streak: 0, day: 1, days: days('tllllll'), next_at: '2026-11-01T09:30:00.000Z' },
        msg: "Today's gift: 100 coins.",
      })
      assertDone(await player.claim())
      assert.deepEqual(assertDone(await player.calendar()), {
        ...same,
        ...{ daily_gift: 0, streak: 1, day: 2, days: days('cnlllll'), next_at: '2026-11-02T05:30:00.000Z' },
        msg: 'The next gift: 200 coins.',
      })
      const headers = { 'accept-language': 'zh' }
      const chinese = await on.app.call('GET', '/api/v1/daily_gift', { token: await player.token(), headers })
      assert.equal(assertDone(chinese).msg, '下一份礼物：200 金币。')
      moveTo(clock, '2026-11-02T09:30:00Z')
      assert.equal(assertDone(await player.claim(headers)).msg, '第 2 天：200 金币。')
    })

    test('a missed day starts again at day 1', async () => {
      const player = await giftPlayer(on.app, 'missed')
      for (const date of ['2026-11-01', '2026-11-02']) {
        moveTo(clock, `${date}T09:30:00Z`)
        assertDone(await player.claim())
      }
      moveTo(clock, '2026-11-04T00:00:00Z')
      const calendar = assertDone(await player.calendar())
      assert.deepEqual([calendar.streak, calendar.day, calendar.days[1].state], [0, 1, 'later'])
      const again = assertDone(await player.claim())
      assert.deepEqual([again.streak, again.day, again.coins, again.balance.coins], [1, 1, 100, 400])
      await assertBooks(on.app)
    })

    test('the second claim of a day is 409 with the number that clients know, and changes nothing', async () => {
      moveTo(clock, '2026-11-01T09:30:00Z')
      const player = await giftPlayer(on.app, 'twice')
      assertDone(await player.claim())
      const token = await player.token()
      const before = await stateOf(on.app)
      assertRefused(await on.app.call('POST', '/api/v1/daily_gift', { token }), 409, 'already_claimed', {
        errCode: 999,
      })
      assert.deepEqual(await stateOf(on.app), before)
    })

    test('two gifts are never within twenty hours, also over midnight', async () => {
      const player = await giftPlayer(on.app, 'late-and-early')
      moveTo(clock, '2026-11-01T23:00:00Z')
      assert.equal(assertDone(await player.claim()).next_at, '2026-11-02T19:00:00.000Z')
      moveTo(clock, '2026-11-02T18:59:59.999Z')
      assert.equal(await player.flag(), 0)
      assertRefused(await player.claim(), 409, 'already_claimed', { errCode: 999 })
      moveTo(clock, '2026-11-02T19:00:00Z')
      assert.equal(assertDone(await player.claim()).streak, 2)
      await assertBooks(on.app)
    })

    test('a clock that goes back gives no second gift', async () => {
      const player = await giftPlayer(on.app, 'clock-back')
      moveTo(clock, '2026-11-05T09:30:00Z')
      assertDone(await player.claim())
      for (const back of ['2026-11-05T09:29:00Z', '2026-11-03T09:30:00Z', '2026-10-01T00:00:00Z']) {
        moveTo(clock, back)
        assertRefused(await player.claim(), 409, 'already_claimed', { errCode: 999 })
        assert.equal(assertDone(await player.calendar()).next_at, '2026-11-06T05:30:00.000Z')
      }
      moveTo(clock, '2026-11-06T09:30:00Z')
      assert.equal(assertDone(await player.claim()).streak, 2)
    })

    test('login and refresh tell whether the gift can be claimed now', async () => {
      moveTo(clock, '2026-11-01T09:30:00Z')
      const token = await on.app.clientToken()
      const body = { loginType: 1, loginId: 'flagged' }
      const logIn = async () => assertDone(await on.app.call('POST', '/api/v1/login', { token, body })).daily_gift
      assert.equal(await logIn(), 1)
      const player = await giftPlayer(on.app, 'flagged')
      assert.equal(await player.flag(), 1)
      assertDone(await player.claim())
      assert.deepEqual([await logIn(), await player.flag()], [0, 0])
      moveTo(clock, '2026-11-02T00:00:00Z')
      assert.equal(await player.flag(), 0, 'midnight is not yet twenty hours later')
      moveTo(clock, '2026-11-02T05:30:00Z')
      assert.equal(await player.flag(), 1)
    })

    test('a gift and a payment at once lose nothing', async () => {
      moveTo(clock, '2026-11-01T09:30:00Z')
      const player = await giftPlayer(on.app, 'gift-and-payment')
      const [token, body] = [await player.token(), payment({ order_id: 'gift-and-payment', uid: player.uid })]
      const paid = on.app.call('POST', '/api/v1/payment/success', { token, body })
      const answers = await Promise.all([paid, player.claim()])
      answers.map(assertDone)
      assert.equal((await playerRow(on.app, player.uid)).coins, 1100)
      moveTo(clock, '2026-11-02T09:30:00Z')
      assert.equal(assertDone(await player.claim()).streak, 2, 'the payment leaves the streak alone')
      await assertBooks(on.app)
    })

    test('an Idempotency-Key is answered the same for ever, and gives nothing again', async () => {
      moveTo(clock, '2026-11-01T09:30:00Z')
      const player = await giftPlayer(on.app, 'keyed')
      const key = { 'idempotency-key': 'gift-1' }
      const first = assertDone(await player.claim(key))
      assert.deepEqual(assertDone(await player.claim(key)), first)
      assertRefused(await player.claim({ 'idempotency-key': 'gift-2' }), 409, 'already_claimed', { errCode: 999 })
      moveTo(clock, '2026-11-09T09:30:00Z')
      assert.deepEqual(assertDone(await player.claim(key)), first)
      const other = { token: await player.token(), headers: key, body: { uid: player.uid } }
      assertRefused(await on.app.call('POST', '/api/v1/daily_gift', other), 422, 'idempotency_mismatch')
      assert.equal(assertDone(await player.claim({ 'idempotency-key': 'gift-2' })).balance.coins, 200)
      await assertBooks(on.app)
    })

    test('a client claims for its own player, a server for one of its app that it names', async () => {
      moveTo(clock, '2026-11-01T09:30:00Z')
      const claim = (token: string, body: object) => on.app.call('POST', '/api/v1/daily_gift', { token, body })
      const own = await on.app.logIn('claims-own')
      const friend = await on.app.logIn('claims-friend')
      const foreigner = await on.app.logIn('claims-foreign', OTHER_APP_ID)
      const server = await on.app.serverToken()
      assertRefused(await claim(own.token, { uid: friend.uid }), 403, 'not_your_account')
      assertRefused(await claim(await on.app.clientToken(), {}), 401, 'login_required')
      assertFaults(await claim(server, {}), 'uid')
      assertRefused(await claim(server, { uid: foreigner.uid }), 404, 'player_not_found')
      assertRefused(await claim(server, { uid: '99999999' }), 404, 'player_not_found')
      assertRefused(await on.app.call('GET', '/api/v1/daily_gift', { token: server }), 403, 'wrong_scope')
      assertDone(await claim(server, { uid: friend.uid }))
      assertRefused(await claim(friend.token, { uid: friend.uid }), 409, 'already_claimed', { errCode: 999 })
      assertDone(await claim(own.token, { uid: own.uid }))
      assertDone(await claim(foreigner.token, {}))
      await assertBooks(on.app)
    })

    test('an erased player is given nothing', async () => {
      moveTo(clock, '2026-11-01T09:30:00Z')
      const { token, uid } = await on.app.logIn('erased-gift')
      const { database } = on.app.service
      await database.inTransaction(async (tx) => {
        const erase = tx.updateTable('users').set({ status: 'erased' })
        await erase.where('user_id', '=', Number(uid) as PlayerId).execute()
      })
      const server = { token: await on.app.serverToken(), body: { uid } }
      assertRefused(await on.app.call('POST', '/api/v1/daily_gift', server), 404, 'player_not_found')
      assertRefused(await on.app.call('POST', '/api/v1/daily_gift', { token }), 404, 'player_not_found')
      assertRefused(await on.app.call('GET', '/api/v1/daily_gift', { token }), 404, 'player_not_found')
    })

    test('a balance that could no longer be counted is refused, and the day stays to be claimed', async () => {
      moveTo(clock, '2026-11-01T09:30:00Z')
      const player = await giftPlayer(on.app, 'too-rich')
      await setPlayer(on.app, player.uid, { coins: Number.MAX_SAFE_INTEGER - 99 })
      assertRefused(await player.claim(), 422, 'balance_overflow')
      assert.equal(await player.flag(), 1)
      await setPlayer(on.app, player.uid, { coins: 0 })
      assert.equal(assertDone(await player.claim()).balance.coins, 100)
      await assertBooks(on.app)
    })

    test('an edited calendar holds from the next claim on, of its own app alone', async () => {
      moveTo(clock, '2026-11-01T09:30:00Z')
      const [here, there] = [await giftPlayer(on.app, 'edited'), await giftPlayer(on.app, 'edited', OTHER_APP_ID)]
      await editDays(
        on.app,
        OTHER_APP_ID,
        WEEK.map(() => ({ coins: 0, tokens: 3 })),
      )
      assert.deepEqual(assertDone(await there.calendar()).days[6], { day: 7, coins: 0, tokens: 3, state: 'later' })
      const { coins, tokens, balance, msg } = assertDone(await there.claim())
      assert.deepEqual([coins, tokens, balance, msg], [0, 3, { coins: 0, tokens: 3 }, 'Day 1: 3 tokens.'])
      assert.equal(assertDone(await here.claim()).coins, 100)
      await assertBooks(on.app)
    })

    test('a calendar that somebody cut short in the database gives nothing, and login goes on', async () => {
      moveTo(clock, '2026-11-03T09:30:00Z')
      await editDays(on.app, OTHER_APP_ID, [{ coins: 1, tokens: 0 }])
      const player = await giftPlayer(on.app, 'cut-short', OTHER_APP_ID)
      assertRefused(await player.claim(), 500, 'internal_error')
      assertRefused(await player.calendar(), 500, 'internal_error')
      assert.equal(await player.flag(), 1)
      await editDays(on.app, OTHER_APP_ID, [])
      assert.equal(assertDone(await player.claim()).coins, 100)
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { clock },
)
