import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AppId, newMessageId, type PlayerId } from '../../src/kernel/ids.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID, OTHER_APP_ID, payment, type TestApp } from '../support/test-app.ts'

const clock = fakeClock()

/** Gifts that nobody gives yet: older than anything else in the inbox, and over. They hold items only, so no postings. */
async function insertExpiredGifts(
  app: TestApp,
  { uid, count, nowMs }: { uid: string; count: number; nowMs: number },
): Promise<void> {
  const gifts = Array.from({ length: count }, () => ({
    message_id: newMessageId(),
    app_id: APP_ID as AppId,
    user_id: Number(uid) as PlayerId,
    kind: 'gift',
    reward_order_id: null,
    title_en: 'Gift',
    title_zh: '礼物',
    coins: 0,
    tokens: 0,
    act_items: '[]',
    state: 'unclaimed' as const,
    created_at_ms: nowMs - 1000,
    expires_at_ms: nowMs,
    claimed_at_ms: null,
  }))
  await app.service.database.inTransaction((tx) => tx.insertInto('inbox_messages').values(gifts).execute())
}

onEveryEngine(
  (on) => {
    const inbox = (token: string, query = '') => on.app.call('GET', `/api/v1/inbox${query}`, { token })
    const claim = (token: string, id: string) => on.app.call('POST', `/api/v1/inbox/${id}/claim`, { token })
    const claimAll = (token: string) => on.app.call('POST', '/api/v1/inbox/claim_all', { token })
    /** A player with rewards of as many orders of item 1. */
    const playerWith = async (loginId: string, orders: number, appId?: string) => {
      const player = await on.app.logIn(loginId, appId)
      for (let n = 0; n < orders; n++) {
        const body = payment({ order_id: `${loginId}-${n}`, uid: player.uid })
        assertDone(await on.app.call('POST', '/api/v1/payment/success', { token: player.token, body }))
      }
      return player
    }
    const idsOf = async (token: string): Promise<string[]> =>
      assertDone(await inbox(token, '?limit=100')).messages.map((message: { id: string }) => message.id)

    test('a purchase leaves its tokens as a message, which a claim moves to the wallet once', async () => {
      const { token, uid } = await playerWith('claims', 1)
      const [message] = assertDone(await inbox(token)).messages
      const { id, created_at, ...rest } = message
      assert.equal(created_at, new Date(clock.nowMs()).toISOString())
      assert.deepEqual(rest, {
        kind: 'order_reward',
        title: 'Starter Pack',
        tokens: 22,
        coins: 0,
        act_items: [],
        order_id: 'claims-0',
        state: 'unclaimed',
        expires_at: null,
      })
      const claimed = assertDone(await claim(token, id))
      assert.deepEqual([claimed.tokens, claimed.coins, claimed.claimed], [22, 0, [id]])
      assert.deepEqual(claimed.balance, { coins: 1000, tokens: 22 })
      assertRefused(await claim(token, id), 409, 'already_claimed')
      assert.equal(assertDone(await inbox(token)).messages[0].state, 'claimed')
      const { tokens, inbox_tokens } = await playerRow(on.app, uid)
      assert.deepEqual([tokens, inbox_tokens], [22, 0])
    })

    test("another player's message does not exist, of this app or another", async () => {
      const owner = await playerWith('inbox-owner', 1)
      const others = [await on.app.logIn('inbox-thief'), await on.app.logIn('inbox-foreigner', OTHER_APP_ID)]
      const [id = ''] = await idsOf(owner.token)
      for (const { token } of others) {
        assertRefused(await claim(token, id), 404, 'message_not_found')
        assert.deepEqual(await idsOf(token), [])
      }
      for (const none of ['msg_0', '__proto__', 'x']) {
        assertRefused(await claim(owner.token, none), 404, 'message_not_found')
      }
      assertDone(await claim(owner.token, id))
    })

    test('claim_all takes everything once, and nothing to claim is no error', async () => {
      const { token, uid } = await playerWith('claims-all', 3)
      const [first = ''] = await idsOf(token)
      assertDone(await claim(token, first))
      const all = assertDone(await claimAll(token))
      assert.deepEqual([all.claimed.length, all.more], [2, false])
      assert.equal(all.balance.tokens, 22 + 20 + 20)
      const again = assertDone(await claimAll(token))
      assert.deepEqual([again.claimed, again.tokens, again.balance], [[], 0, all.balance])
      assert.equal((await playerRow(on.app, uid)).inbox_tokens, 0)
    })

    test('claim_all reaches what can be claimed past any number of gifts that have expired', async () => {
      const { token, uid } = await playerWith('claims-past-expired', 1)
      await insertExpiredGifts(on.app, { uid, count: 250, nowMs: clock.nowMs() })
      const all = assertDone(await claimAll(token))
      assert.deepEqual([all.claimed.length, all.tokens, all.more], [1, 22, false])
    })

    test('pages follow each other newest first, over messages of the same millisecond too', async () => {
      const { token } = await playerWith('pages-inbox', 11)
      const all = assertDone(await inbox(token, '?limit=100'))
      assert.equal(all.messages.length, 11)
      for (const limit of [1, 3, 10, 11]) {
        const seen: unknown[] = []
        for (let cursor: string | null = ''; cursor !== null; ) {
          assert.ok(seen.length <= 100, 'a page that repeats never ends')
          const asked: string = cursor === '' ? `?limit=${limit}` : `?limit=${limit}&cursor=${cursor}`
          const page = assertDone(await inbox(token, asked))
          seen.push(...page.messages)
          cursor = page.next_cursor
        }
        assert.deepEqual(seen, all.messages, `pages of ${limit}`)
      }
      for (const limit of ['0', '101', '-1', 'x']) assertFaults(await inbox(token, `?limit=${limit}`), 'limit')
      assertFaults(await inbox(token, '?cursor=nonsense'), 'cursor')
    })

    test('the inbox is for logged-in players only', async () => {
      const anonymous = await on.app.clientToken()
      const server = await on.app.serverToken()
      for (const call of [inbox, claimAll, (token: string) => claim(token, 'msg_1')]) {
        assertRefused(await call(anonymous), 401, 'login_required')
        assertRefused(await call(server), 403, 'wrong_scope')
      }
    })

    test('the words follow the language', async () => {
      const { token } = await playerWith('claims-zh', 1)
      const headers = { 'accept-language': 'zh' }
      const [message] = assertDone(await on.app.call('GET', '/api/v1/inbox', { token, headers })).messages
      assert.equal(message.title, '入门礼包')
      const claimed = assertDone(await on.app.call('POST', '/api/v1/inbox/claim_all', { token, headers, body: {} }))
      assert.equal(claimed.msg, '已领取：0 金币，22 第三货币。')
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { clock },
)
