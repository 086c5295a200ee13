import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import { decideInvite, dueInviteReward, type InviteFacts, invitePostings } from './rules.ts'

const player = { status: 'active' as const, coins: 0, tokens: 0, inbox_coins: 0, inbox_tokens: 0 }
const reward = { coins: 100, tokens: 5 }
const facts: InviteFacts = {
  terms: { inviter: reward, invited: { coins: 0, tokens: 7 }, rewardsMax: 3 },
  orderStatus: 'completed',
  inviter: player,
  invited: player,
  inviterRewards: 2,
}
const invited = { coins: 0, tokens: 7 }

test('an invitation rewards both, once its order is completed', () => {
  assert.deepEqual(decideInvite(facts), { inviter: reward, invited })
  assert.equal(decideInvite({ ...facts, orderStatus: 'disputed' }), 'wait')
  assert.deepEqual(decideInvite({ ...facts, orderStatus: 'refunded' }), { inviter: null, invited: null })
})

test('what one of the two may not get keeps nothing from the other', () => {
  const erased = { ...player, status: 'erased' as const }
  assert.deepEqual(decideInvite({ ...facts, inviter: erased }), { inviter: null, invited })
  assert.deepEqual(decideInvite({ ...facts, invited: erased }), { inviter: reward, invited: null })
  assert.deepEqual(decideInvite({ ...facts, inviterRewards: 3 }), { inviter: null, invited })
  const full = { ...player, inbox_tokens: Number.MAX_SAFE_INTEGER - 4 }
  assert.deepEqual(decideInvite({ ...facts, inviter: full }), { inviter: null, invited })
  const rich = { ...player, coins: Number.MAX_SAFE_INTEGER }
  assert.deepEqual(decideInvite({ ...facts, invited: rich }), { inviter: reward, invited }, 'no coins come to him')
})

test('a reward of nothing is none', () => {
  const nothing = { coins: 0, tokens: 0 }
  assert.deepEqual(decideInvite({ ...facts, terms: { ...facts.terms, invited: nothing } }), {
    inviter: reward,
    invited: null,
  })
})

test('only what there is of a reward is posted', () => {
  const id = 10001 as PlayerId
  const between = { from: 'bonus', to: 'inbox:10001' }
  assert.deepEqual(invitePostings(id, reward), [
    { ...between, currency: 'coins', amount: 100 },
    { ...between, currency: 'tokens', amount: 5 },
  ])
  assert.deepEqual(invitePostings(id, invited), [{ ...between, currency: 'tokens', amount: 7 }])
})

test('a first grant makes a reward due for a player whom somebody has invited', () => {
  const about = { orderId: 'first' as OrderId, nowMs: 1000 }
  const ofApp = { user_id: 10002 as PlayerId, app_id: 'com.example.game' as AppId }
  assert.equal(dueInviteReward({ ...ofApp, inviter_id: null }, about), null)
  const due = dueInviteReward({ ...ofApp, inviter_id: 10001 as PlayerId }, about)
  assert.deepEqual([due?.inviter_user_id, due?.invited_user_id, due?.state], [10001, 10002, 'due'])
})
