import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { OrderStatus } from '../../src/db/schema.ts'
import type { OrderId, PlayerId } from '../../src/kernel/ids.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { INVITE, INVITE_VARIABLES, invitations, type Joined } from '../support/invitations.ts'
import { createOrder } from '../support/orders.ts'
import { OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const INVITER: [number, number] = [INVITE.inviter.coins, INVITE.inviter.tokens]
const INVITED: [number, number] = [INVITE.invited.coins, 0]

onEveryEngine(
  (on) => {
    const { logIn, join, pay, rewards, messages, give, rewardRow } = invitations(on)
    const inviterOf = async (uid: string) => (await playerRow(on.app, uid)).inviter_id
    const pair = async (name: string): Promise<{ inviter: Joined; invited: Joined }> => {
      const inviter = await join(`${name}-inviter`)
      return { inviter, invited: await join(`${name}-invited`, inviter) }
    }
    /** Erasure and refunds have calls of their own elsewhere; here only what they leave matters. */
    const setStatus = (uid: string, status: 'active' | 'erased') =>
      on.app.service.database.inTransaction((tx) =>
        tx
          .updateTable('users')
          .set({ status })
          .where('user_id', '=', Number(uid) as PlayerId)
          .execute(),
      )
    const setOrder = (orderId: string, status: OrderStatus) =>
      on.app.service.database.inTransaction((tx) =>
        tx
          .updateTable('orders')
          .set({ status })
          .where('order_id', '=', orderId as OrderId)
          .execute(),
      )

    afterEach(() => assertBooks(on.app))

    test("both get their rewards after the invited player's first completed order, and not before", async () => {
      const { inviter, invited } = await pair('both')
      assert.equal(await give(), 0)
      assert.deepEqual([await rewards(inviter), await rewards(invited)], [[], []])
      assertDone(await pay(invited, 'both-first'))
      assert.deepEqual([await rewards(inviter), await rewards(invited)], [[], []], 'a payment waits for no reward')
      assert.equal(await give(), 1)
      assert.deepEqual([await rewards(inviter), await rewards(invited)], [[INVITER], [INVITED]])
    })

    test('a reward waits in the inbox like any other, and is claimed once', async () => {
      const { inviter, invited } = await pair('claims')
      assertDone(await pay(invited, 'claims-first'))
      await give()
      const [message] = await messages(inviter)
      const { id, ...rest } = message
      assert.deepEqual(rest, {
        ...{ kind: 'invite_reward', title: 'Invitation reward', coins: 500, tokens: 5, act_items: [], order_id: null },
        ...{ state: 'unclaimed', created_at: new Date(clock.nowMs()).toISOString(), expires_at: null },
      })
      const headers = { 'accept-language': 'zh' }
      const inChinese = assertDone(await on.app.call('GET', '/api/v1/inbox', { token: inviter.token, headers }))
      assert.equal(inChinese.messages[0].title, '邀请奖励')
      const claim = () => on.app.call('POST', `/api/v1/inbox/${id}/claim`, { token: inviter.token })
      const claimed = assertDone(await claim())
      assert.deepEqual([claimed.coins, claimed.tokens, claimed.balance], [500, 5, { coins: 500, tokens: 5 }])
      assertRefused(await claim(), 409, 'already_claimed')
      const all = assertDone(await on.app.call('POST', '/api/v1/inbox/claim_all', { token: invited.token }))
      assert.deepEqual([all.coins, all.tokens, all.balance], [200, 22, { coins: 1200, tokens: 22 }])
    })

    test('an order that failed, waits or is looked at brings nothing; the first that is completed does', async () => {
      const { inviter, invited } = await pair('unpaid')
      await createOrder(on.app, invited.token)
      const failure = { order_id: 'unpaid-failed', uid: invited.uid, item_id: 1, web_pay_error_code: 'CARD_DECLINED' }
      assertDone(await on.app.call('POST', '/api/v1/payment/failure', { token: invited.token, body: failure }))
      assertRefused(await pay(invited, 'unpaid-cheap', { price: 1 }), 409, 'price_mismatch')
      assert.equal(await give(), 0)
      assert.deepEqual([await rewards(inviter), await rewards(invited)], [[], []])
      assertDone(await pay(invited, 'unpaid-failed'))
      assert.equal(await give(), 1)
      assert.deepEqual([await rewards(inviter), await rewards(invited)], [[INVITER], [INVITED]])
      assert.equal((await rewardRow(invited))?.order_id, 'unpaid-failed')
    })

    test('a second order, a payment told again and further runs bring nothing more', async () => {
      const { inviter, invited } = await pair('again')
      for (let n = 0; n < 2; n++) assertDone(await pay(invited, 'again-first', { transaction_id: 'again-first' }))
      assert.equal(await give(), 1)
      assertDone(await pay(invited, 'again-first', { transaction_id: 'again-first' }))
      assertDone(await pay(invited, 'again-second'))
      for (let n = 0; n < 2; n++) assert.equal(await give(), 0)
      assert.deepEqual([await rewards(inviter), await rewards(invited)], [[INVITER], [INVITED]])
    })

    test('an invited player invites others, and a chain of invitations rewards one step each', async () => {
      const first = await join('chain-1')
      const second = await join('chain-2', first)
      const third = await join('chain-3', second)
      assertDone(await pay(third, 'chain-third'))
      await give()
      assert.deepEqual([await rewards(first), await rewards(second), await rewards(third)], [[], [INVITER], [INVITED]])
      // The inbox is read newest first.
      clock.moveMs(1)
      assertDone(await pay(second, 'chain-second'))
      await give()
      assert.deepEqual([await rewards(first), await rewards(second)], [[INVITER], [INVITED, INVITER]])
    })

    test('the inviter is recorded by number or text, of GET and POST', async () => {
      const { uid } = await join('recorder')
      const asNumber = assertDone(await logIn('recorded-number', { shareId: Number(uid) }))
      const asText = assertDone(await logIn('recorded-text', { shareId: uid }))
      const token = await on.app.clientToken()
      const path = `/api/v1/login?loginType=1&loginId=recorded-query&shareId=${uid}`
      const byQuery = assertDone(await on.app.call('GET', path, { token }))
      for (const invited of [asNumber, asText, byQuery]) assert.equal(await inviterOf(invited.uid), Number(uid))
    })

    test("a shareId that is no active player's of the app is ignored, and the login succeeds", async () => {
      const foreigner = assertDone(await logIn('foreigner', { appId: OTHER_APP_ID }))
      const erased = await join('erased-before')
      await setStatus(erased.uid, 'erased')
      const { uid } = await join('shared-uid')
      const strangers = [
        ...['0', 0, -0, 'abc', '', '999999999', 999_999_999, foreigner.uid, erased.uid, '__proto__', 'constructor'],
        ...[` ${uid}`, `${uid} `, `+${uid}`, `-${uid}`, -Number(uid), `0${uid}`, `${uid}.0`, `${uid}e0`, `0x${uid}`],
        ...[Number(uid) + 0.5, 1.5, 1e21, 1e308, Number.MAX_SAFE_INTEGER, 2 ** 63, '9'.repeat(64), `${uid}\u0000`],
        ...[`${uid},${uid}`, `${uid}' or '1'='1`, '１０００１', '\u202e10001', '%31'],
      ]
      for (const [index, shareId] of strangers.entries()) {
        const joined = assertDone(await logIn(`stranger-${index}`, { shareId }))
        assert.equal(joined.is_new, true)
        assert.equal(await inviterOf(joined.uid), null, JSON.stringify(shareId))
        const token = await on.app.clientToken()
        const query = new URLSearchParams({ loginType: '1', loginId: `stranger-get-${index}`, shareId: `${shareId}` })
        const byQuery = assertDone(await on.app.call('GET', `/api/v1/login?${query}`, { token }))
        assert.equal(await inviterOf(byQuery.uid), null, JSON.stringify(shareId))
      }
      for (const shareId of [true, {}, [uid], '9'.repeat(65)]) {
        assertFaults(await logIn('stranger-shape', { shareId }), 'shareId')
      }
    })

    test('nobody is invited by themselves, not even by the number that is theirs next', async () => {
      const { uid } = await join('self-before')
      const next = assertDone(await logIn('self', { shareId: Number(uid) + 1 }))
      assert.equal(Number(next.uid), Number(uid) + 1, 'the guess was right')
      assert.equal(await inviterOf(next.uid), null)
    })

    test('an existing player is invited by nobody, whatever they send', async () => {
      const { inviter, invited } = await pair('late')
      const other = await join('late-other')
      const old = await join('late-old')
      for (const loginId of ['late-old', 'late-invited']) assertDone(await logIn(loginId, { shareId: other.uid }))
      assert.deepEqual([await inviterOf(old.uid), await inviterOf(invited.uid)], [null, Number(inviter.uid)])
      assertDone(await pay(old, 'late-old-first'))
      assert.equal(await give(), 0)
      assert.equal(await rewardRow(old), undefined)
    })

    test('an inviter is rewarded as often as the app says, the invited ones every time', async () => {
      const inviter = await join('often-inviter')
      const invited: Joined[] = []
      for (let n = 0; n <= INVITE.rewardsMax; n++) {
        const joined = await join(`often-${n}`, inviter)
        assertDone(await pay(joined, `often-${n}`))
        invited.push(joined)
      }
      assert.equal(await give(), INVITE.rewardsMax + 1)
      assert.deepEqual(await rewards(inviter), [INVITER, INVITER, INVITER])
      for (const one of invited) assert.deepEqual(await rewards(one), [INVITED])
    })

    test('an order that was refunded before its reward was given brings nothing, for good', async () => {
      const { inviter, invited } = await pair('refunded')
      assertDone(await pay(invited, 'refunded-first'))
      await setOrder('refunded-first', 'refunded')
      assert.equal(await give(), 1)
      assert.equal((await rewardRow(invited))?.state, 'void')
      await setOrder('refunded-first', 'completed')
      assert.equal(await give(), 0)
      assert.deepEqual([await rewards(inviter), await rewards(invited)], [[], []])
    })

    test('while the order is disputed its reward waits', async () => {
      const { inviter, invited } = await pair('disputed')
      assertDone(await pay(invited, 'disputed-first'))
      await setOrder('disputed-first', 'disputed')
      assert.equal(await give(), 0)
      assert.deepEqual([await rewards(inviter), await rewards(invited)], [[], []])
      await setOrder('disputed-first', 'completed')
      assert.equal(await give(), 1)
      assert.deepEqual([await rewards(inviter), await rewards(invited)], [[INVITER], [INVITED]])
    })

    test('who was erased meanwhile gets nothing, the other one still does', async () => {
      for (const gone of ['inviter', 'invited'] as const) {
        const both = await pair(`gone-${gone}`)
        assertDone(await pay(both.invited, `gone-${gone}`))
        await setStatus(both[gone].uid, 'erased')
        assert.equal(await give(), 1)
        const { inbox_coins: inviterCoins } = await playerRow(on.app, both.inviter.uid)
        const { inbox_coins: invitedCoins } = await playerRow(on.app, both.invited.uid)
        assert.deepEqual([inviterCoins, invitedCoins], gone === 'inviter' ? [0, 200] : [500, 0])
      }
    })

    test('coins that could no more be counted are not given, the other one gets theirs', async () => {
      const { inviter, invited } = await pair('rich')
      const server = await on.app.serverToken()
      const amount = Number.MAX_SAFE_INTEGER - 499
      const body = { currency: 'coins', amount, reason: 'Jackpot', idempotency_key: 'rich' }
      assertDone(await on.app.call('POST', `/api/v1/server/users/${inviter.uid}/wallet`, { token: server, body }))
      assertDone(await pay(invited, 'rich-first'))
      assert.equal(await give(), 1)
      assert.deepEqual([await rewards(inviter), await rewards(invited)], [[], [INVITED]])
    })

    test('an app without rewards records who has invited whom, and gives nothing', async () => {
      const inviter = assertDone(await logIn('unrewarded-inviter', { appId: OTHER_APP_ID }))
      const shared = { appId: OTHER_APP_ID, shareId: inviter.uid }
      const invited: Joined = assertDone(await logIn('unrewarded', shared))
      assert.equal(await inviterOf(invited.uid), Number(inviter.uid))
      assertDone(await pay(invited, 'unrewarded-first'))
      assert.equal(await give(), 0)
      assert.equal(await rewardRow(invited), undefined)
    })
  },
  { clock, variables: INVITE_VARIABLES },
)
