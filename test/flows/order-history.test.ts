import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { OTHER_APP_ID, payment } from '../support/test-app.ts'

const clock = fakeClock(Date.UTC(2026, 10, 1, 9, 30, 0, 123))

onEveryEngine(
  (on) => {
    const history = (token: string, query = '') => on.app.call('GET', `/api/v1/orders/history${query}`, { token })
    const pay = async (token: string, fields: Parameters<typeof payment>[0]) =>
      on.app.call('POST', '/api/v1/payment/success', { token, body: payment(fields) })
    const fail = (token: string, order_id: string, uid: string) => {
      const body = { order_id, uid, item_id: 2, web_pay_error_code: 'CARD_DECLINED' }
      return on.app.call('POST', '/api/v1/payment/failure', { token, body })
    }

    test('a row says what was bought, when, for how much and what it gave', async () => {
      const { token, uid } = await on.app.logIn('buys')
      assertDone(await pay(token, { order_id: 'row-1', uid, payment_method: 'visa' }))
      const page = assertDone(await history(token))
      const row = {
        order_id: 'row-1',
        item_id: 1,
        item_name: 'Starter Pack',
        order_time: '2026-11-01 09:30:00',
        order_status: 'completed',
        price: 19.99,
        currency: 'USD',
        coins: 1000,
        tokens: 22,
        is_first_charge: true,
        payment_channel: 'stripe',
        payment_method: 'visa',
        error_code: null,
      }
      assert.deepEqual(page, { return_code: 1, status_code: 1, data: [row], next_cursor: null })
      const one = assertDone(await on.app.call('GET', '/api/v1/orders/row-1', { token }))
      assert.deepEqual(one, { return_code: 1, status_code: 1, ...row })
      const headers = { 'accept-language': 'zh' }
      const zh = assertDone(await on.app.call('GET', '/api/v1/orders/row-1', { token, headers }))
      assert.equal(zh.item_name, '入门礼包')
    })

    test('pages follow each other newest first, over orders of the same millisecond too', async () => {
      const { token, uid } = await on.app.logIn('pages')
      for (let n = 0; n < 23; n++) {
        if (n % 5 === 0) clock.moveMs(1)
        assertDone(await pay(token, { order_id: `page-${String(n * 7919).padStart(6, '0')}`, uid }))
      }
      const all = assertDone(await history(token, '?limit=100'))
      assert.equal(all.data.length, 23)
      assert.equal(all.next_cursor, null)
      for (const limit of [1, 4, 5, 22, 23]) {
        const seen: unknown[] = []
        for (let cursor: string | null = ''; cursor !== null; ) {
          assert.ok(seen.length <= 100, 'a page that repeats never ends')
          const asked: string = cursor === '' ? `?limit=${limit}` : `?limit=${limit}&cursor=${cursor}`
          const page = assertDone(await history(token, asked))
          assert.ok(page.data.length > 0 && page.data.length <= limit)
          seen.push(...page.data)
          cursor = page.next_cursor
        }
        assert.deepEqual(seen, all.data, `pages of ${limit}`)
      }
      const times = all.data.map((row: { order_time: string }) => row.order_time)
      assert.deepEqual(times, times.toSorted().reverse())
      assert.equal(assertDone(await history(token)).data.length, 20)
      const posted = await on.app.call('POST', '/api/v1/orders/history', { token, body: { uid, limit: 100 } })
      assert.deepEqual(assertDone(posted), all)
    })

    test('a status filters, also across pages', async () => {
      const { token, uid } = await on.app.logIn('filters')
      for (let n = 0; n < 6; n++) {
        assertDone(await (n % 2 === 0 ? fail(token, `filter-${n}`, uid) : pay(token, { order_id: `filter-${n}`, uid })))
      }
      const ids = async (query: string) =>
        assertDone(await history(token, query)).data.map((row: { order_id: string }) => row.order_id)
      assert.deepEqual(await ids('?status=failed'), ['filter-4', 'filter-2', 'filter-0'])
      assert.deepEqual(await ids('?status=completed'), ['filter-5', 'filter-3', 'filter-1'])
      assert.deepEqual(await ids('?status=refunded'), [])
      const first = assertDone(await history(token, '?status=failed&limit=2'))
      assert.deepEqual(await ids(`?status=failed&limit=2&cursor=${first.next_cursor}`), ['filter-0'])
      assertFaults(await history(token, '?status=lost'), 'status')
    })

    test('a limit outside 1 to 100 and a cursor that is none are refused', async () => {
      const { token } = await on.app.logIn('limits')
      for (const limit of ['0', '101', '-1', '1.5', 'x', '', '1e1', '9999999999999999']) {
        assertFaults(await history(token, `?limit=${limit}`), 'limit')
      }
      for (const limit of [0, 101, '20', null, 1.5]) {
        assertFaults(await on.app.call('POST', '/api/v1/orders/history', { token, body: { limit } }), 'limit')
      }
      for (const limit of [1, 100]) assertDone(await history(token, `?limit=${limit}`))
      const forged = Buffer.from(JSON.stringify([1, { sql: 'x' }])).toString('base64url')
      for (const cursor of ['x', '', 'W10', forged, 'null', '__proto__']) {
        assertFaults(await history(token, `?cursor=${cursor}`), 'cursor')
      }
    })

    test('no order is named like the call that lists them: nobody could read it', async () => {
      const { token, uid } = await on.app.logIn('names-history')
      assertFaults(await pay(token, { order_id: 'history', uid }), 'order_id')
      assertFaults(await fail(token, 'history', uid), 'order_id')
      for (const order_id of ['history2', 'History', 'my-history']) {
        assertDone(await pay(token, { order_id, uid }))
        assertDone(await on.app.call('GET', `/api/v1/orders/${order_id}`, { token }))
      }
    })

    test("another player's order does not exist: by id, by history, by the cursor of another", async () => {
      const mine = await on.app.logIn('mine')
      const theirs = await on.app.logIn('theirs')
      const foreign = await on.app.logIn('foreigner', OTHER_APP_ID)
      assertDone(await pay(mine.token, { order_id: 'mine-1', uid: mine.uid }))
      assertDone(await pay(mine.token, { order_id: 'mine-2', uid: mine.uid }))
      for (const { token } of [theirs, foreign]) {
        assertRefused(await on.app.call('GET', '/api/v1/orders/mine-1', { token }), 404, 'order_not_found')
        assert.deepEqual(assertDone(await history(token)).data, [])
      }
      assertRefused(await on.app.call('GET', '/api/v1/orders/no-such', { token: mine.token }), 404, 'order_not_found')
      assertRefused(await history(theirs.token, `?uid=${mine.uid}`), 403, 'not_your_account')
      const { next_cursor } = assertDone(await history(mine.token, '?limit=1'))
      assert.deepEqual(assertDone(await history(theirs.token, `?cursor=${next_cursor}`)).data, [])
    })

    test('a server reads the history of whom it names; a single order is for players', async () => {
      const { token, uid } = await on.app.logIn('read-by-server')
      const foreign = await on.app.logIn('read-by-nobody', OTHER_APP_ID)
      assertDone(await pay(token, { order_id: 'served-1', uid }))
      const server = await on.app.serverToken()
      assert.equal(assertDone(await history(server, `?uid=${uid}`)).data[0].order_id, 'served-1')
      assertFaults(await history(server), 'uid')
      assertRefused(await history(server, `?uid=${foreign.uid}`), 404, 'player_not_found')
      assertRefused(await on.app.call('GET', '/api/v1/orders/served-1', { token: server }), 403, 'wrong_scope')
      assertRefused(await history(await on.app.clientToken()), 401, 'login_required')
    })

    test('a failed order says why, and what it would have given', async () => {
      const { token, uid } = await on.app.logIn('sees-failure')
      assertDone(await fail(token, 'seen-1', uid))
      const row = assertDone(await on.app.call('GET', '/api/v1/orders/seen-1', { token }))
      assert.deepEqual([row.order_status, row.error_code, row.is_first_charge], ['failed', 'CARD_DECLINED', false])
      assert.deepEqual([row.item_name, row.coins, row.tokens, row.price], ['Growth Pack', 2000, 33, 29.99])
    })
  },
  { clock },
)
