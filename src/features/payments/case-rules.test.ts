import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CaseFacts, explainOrder } from './case-rules.ts'

const NOW_MS = Date.UTC(2026, 10, 1, 9, 30)

function facts(given: Partial<CaseFacts> & Pick<CaseFacts, 'status'>): CaseFacts {
  return {
    ...{ errorCode: null, wasGranted: false, isTest: false, nowMs: NOW_MS, expiresAtMs: null, reward: null },
    ...{ takenBy: null, wasRestored: false, hasDebt: false, openEntries: [] },
    ...given,
  }
}

const granted = { wasGranted: true } as const
const review = { status: 'review', openEntries: ['x'] } as const

/** Every state with every cause that there is for it, and what its sentence must say in either language. */
const CASES: readonly [CaseFacts, RegExp, RegExp][] = [
  [facts({ status: 'pending' }), /^It waits for its payment\.$/, /等待付款/],
  [facts({ status: 'pending', expiresAtMs: NOW_MS + 1000 }), /until 2026-11-01 09:30:01 UTC/, /等待付款至 2026-11-01/],
  [facts({ status: 'pending', expiresAtMs: NOW_MS }), /was over at .* expires within seconds/, /数秒内将标记为过期/],
  [
    facts({ status: 'completed', ...granted }),
    /granted: the coins are in the wallet\. Nothing is left/,
    /无需其他操作/,
  ],
  [facts({ status: 'completed', ...granted, reward: 'unclaimed' }), /waits in the inbox until/, /等待玩家领取/],
  [facts({ status: 'completed', ...granted, reward: 'claimed' }), /reward was claimed/, /奖励已领取/],
  [facts({ status: 'completed', ...granted, reward: 'withdrawn' }), /reward was withdrawn/, /已被撤回/],
  [facts({ status: 'completed', ...granted, reward: 'expired' }), /reward has expired/, /奖励已过期/],
  [
    facts({ status: 'completed', ...granted, takenBy: 'refund' }),
    /A part of the money was given back/,
    /部分款项已退回/,
  ],
  [facts({ status: 'completed', ...granted, wasRestored: true }), /in question and is ours again/, /现已恢复/],
  [
    facts({ status: 'completed', ...granted, openEntries: ['duplicate_charge'] }),
    /A second payment of it waits/,
    /重复付款/,
  ],
  [
    facts({ status: 'completed', ...granted, openEntries: ['duplicate_charge', 'order_conflict'] }),
    /Further money that names it waits/,
    /等待人工处理/,
  ],
  [
    facts({ status: 'completed', ...granted, takenBy: 'refund', hasDebt: true }),
    /below zero and later credits/,
    /为负/,
  ],
  [facts({ status: 'completed', ...granted, isTest: true }), /a test purchase: no real money/, /测试购买/],
  [facts({ status: 'failed', errorCode: 'CARD_DECLINED' }), /failed \(CARD_DECLINED\)/, /CARD_DECLINED/],
  [facts({ status: 'failed' }), /failed \(no code\)/, /无代码/],
  [facts({ status: 'cancelled', errorCode: 'PAYMENT_CANCELLED' }), /The player gave it up/, /放弃了订单/],
  [facts({ status: 'expired' }), /Nobody had paid when its time was over/, /到期时无人付款/],
  [facts({ ...review, errorCode: 'price_mismatch' }), /another amount or currency/, /金额或币种/],
  [facts({ ...review, errorCode: 'order_conflict' }), /another player or item/, /玩家或礼包与订单不一致/],
  [facts({ ...review, errorCode: 'item_not_found' }), /is not in the store/, /不在商店/],
  [facts({ ...review, errorCode: 'item_locked' }), /may not buy this item/, /不可购买此礼包/],
  [facts({ ...review, errorCode: 'balance_overflow' }), /exceed what can be counted/, /可精确记录/],
  [facts({ ...review, errorCode: 'player_not_found' }), /unknown or erased/, /已注销/],
  [facts({ ...review, errorCode: 'refunded_before' }), /came before the payment, was undone/, /退款已被撤销/],
  [facts({ ...review, errorCode: 'new_cause' }), /because of `new_cause`/, /原因代码 new_cause/],
  [facts({ ...review, errorCode: 'price_mismatch', openEntries: [] }), /its entry .* is closed/, /核查条目已关闭/],
  [facts({ status: 'refunded' }), /before anything was granted/, /发放之前已退回/],
  [facts({ status: 'refunded', ...granted, takenBy: 'refund' }), /what it gave was taken; should/, /重新发放/],
  [facts({ status: 'refunded', ...granted, takenBy: 'dispute' }), /Its dispute was lost/, /争议败诉/],
  [facts({ status: 'refunded', ...granted, takenBy: 'dispute', hasDebt: true }), /below zero/, /余额为负/],
  [facts({ status: 'disputed', ...granted, reward: 'unclaimed' }), /the bank has not decided/, /尚未裁决/],
]

test('every state with every cause has its own plain sentence, in both languages', () => {
  const said = new Set<string>()
  for (const [given, en, zh] of CASES) {
    const words = explainOrder(given)
    assert.match(words.en, en)
    assert.match(words.zh, zh)
    assert.match(words.en, /^[A-Z][^\n]*\.$/)
    assert.match(words.zh, /^[^\n]*。$/)
    assert.ok(!said.has(words.en), `no two causes are told alike: ${words.en}`)
    said.add(words.en)
  }
  const states = new Set(CASES.map(([given]) => given.status))
  assert.equal(states.size, 8)
})
