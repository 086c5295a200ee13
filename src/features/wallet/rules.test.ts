import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { PlayerId } from '../../kernel/ids.ts'
import {
  checkPostings,
  gamePosting,
  inboxAccount,
  type LedgerContent,
  ledgerPosition,
  ledgerSeqAt,
  linkHash,
  type Posting,
  playerAccount,
  refuseChange,
  wouldOverflow,
} from './rules.ts'

const PLAYER = 10001 as PlayerId
const START = '0'.repeat(64)
const posting: Posting = { from: 'sales', to: playerAccount(PLAYER), currency: 'coins', amount: 1000 }
const content: LedgerContent = {
  playerId: PLAYER,
  ledgerSeq: 1,
  kind: 'order_grant',
  sourceId: 'order-1',
  createdAtMs: 1_790_000_000_000,
  postings: [posting, { from: 'bonus', to: inboxAccount(PLAYER), currency: 'tokens', amount: 2 }],
}

describe('the link of a chain', () => {
  test('is the same for ever: a change of its bytes would break every chain that was written', () => {
    assert.equal(linkHash(START, content), linkHash(START, structuredClone(content)))
    assert.match(linkHash(START, content), /^[0-9a-f]{64}$/)
  })

  test('changes with every field that it covers', () => {
    const second: Posting = { from: 'bonus', to: inboxAccount(PLAYER), currency: 'tokens', amount: 2 }
    const changes: Partial<LedgerContent>[] = [
      { playerId: 10002 as PlayerId },
      { ledgerSeq: 2 },
      { kind: 'inbox_claim' },
      { sourceId: 'order-2' },
      { createdAtMs: content.createdAtMs + 1 },
      { postings: [posting] },
      { postings: [second, posting] },
      { postings: [{ ...posting, from: 'game' }, second] },
      { postings: [{ ...posting, to: inboxAccount(PLAYER) }, second] },
      { postings: [{ ...posting, currency: 'tokens' }, second] },
      { postings: [{ ...posting, amount: 1001 }, second] },
    ]
    const hashes = changes.map((change) => linkHash(START, { ...content, ...change }))
    hashes.push(linkHash(START, content), linkHash(`1${START.slice(1)}`, content))
    assert.equal(new Set(hashes).size, changes.length + 2)
  })

  test('cannot be made equal by moving text from one field to the next', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (kindA, sourceA, kindB, sourceB) => {
        if (kindA === kindB && sourceA === sourceB) return
        const a = linkHash(START, { ...content, kind: kindA, sourceId: sourceA })
        assert.notEqual(a, linkHash(START, { ...content, kind: kindB, sourceId: sourceB }))
      }),
    )
  })
})

describe('a posting', () => {
  test('moves a positive whole amount between two accounts', () => {
    checkPostings([posting])
    for (const amount of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1]) {
      assert.throws(() => checkPostings([{ ...posting, amount }]), /positive whole/, String(amount))
    }
    assert.throws(() => checkPostings([{ ...posting, to: 'sales' }]), /two accounts/)
  })

  test('comes in a transaction of at least one and not of thousands', () => {
    assert.throws(() => checkPostings([]), /one or more/)
    assert.throws(() => checkPostings(Array.from({ length: 65 }, () => posting)), /one or more/)
  })
})

describe("a game server's change of a balance", () => {
  const MAX = Number.MAX_SAFE_INTEGER
  const verdict = (coins: number, amount: number, inbox_coins = 0) =>
    refuseChange({ coins, tokens: 0, inbox_coins, inbox_tokens: 0 }, { currency: 'coins', amount })

  test('spends what is there and no more', () => {
    assert.equal(verdict(10, -10), null)
    assert.equal(verdict(10, -11), 'insufficient_balance')
    assert.equal(verdict(0, -MAX), 'insufficient_balance')
    assert.equal(verdict(MAX, -MAX), null)
  })

  test('spends nothing of a player in debt, who can always be given', () => {
    assert.equal(verdict(-1, -1), 'insufficient_balance')
    assert.equal(verdict(-MAX, -MAX), 'insufficient_balance')
    assert.equal(verdict(-1000, 1), null)
    assert.equal(verdict(-MAX, MAX), null)
  })

  test('never grants beyond what can be counted, with what waits in the inbox', () => {
    const any = fc.integer({ min: 0, max: MAX })
    const figures = fc.tuple(fc.integer({ min: -MAX, max: MAX }), any, fc.integer({ min: 1, max: MAX }))
    fc.assert(
      fc.property(figures, ([coins, inbox, amount]) => {
        const total = BigInt(coins) + BigInt(inbox) + BigInt(amount)
        assert.equal(verdict(coins, amount, inbox), total > BigInt(MAX) ? 'balance_overflow' : null)
      }),
    )
    const edges: [number, number, number, string | null][] = [
      [MAX - 1, 0, 1, null],
      [MAX - 1, 0, 2, 'balance_overflow'],
      [MAX - 3, 2, 1, null],
      [MAX - 3, 2, 2, 'balance_overflow'],
      [-1, 1, MAX, null],
      [-1, 2, MAX, 'balance_overflow'],
    ]
    for (const [coins, inbox, amount, expected] of edges) assert.equal(verdict(coins, amount, inbox), expected)
  })

  test('looks at the currency that it moves, and only at that', () => {
    const rich = { coins: 100, tokens: 0, inbox_coins: MAX, inbox_tokens: 0 }
    assert.equal(refuseChange(rich, { currency: 'tokens', amount: -1 }), 'insufficient_balance')
    assert.equal(refuseChange(rich, { currency: 'tokens', amount: 1 }), null)
  })

  test('is booked from the game or to it', () => {
    const wallet = playerAccount(PLAYER)
    const granted = gamePosting(PLAYER, { currency: 'tokens', amount: 5 })
    assert.deepEqual(granted, { from: 'game', to: wallet, currency: 'tokens', amount: 5 })
    const spent = gamePosting(PLAYER, { currency: 'coins', amount: -5 })
    assert.deepEqual(spent, { from: wallet, to: 'game', currency: 'coins', amount: 5 })
  })
})

test("a position in a ledger is its own player's, and of no other list", () => {
  const position = ledgerPosition({ user_id: PLAYER, ledger_seq: 7, created_at_ms: 1 })
  assert.equal(ledgerSeqAt(PLAYER, position), 7)
  assert.equal(ledgerSeqAt(10002 as PlayerId, position), null)
  for (const id of [
    '',
    '7',
    'order-1',
    'msg_1',
    '10001:',
    '10001:0',
    '10001:-1',
    '10001:9999999999999999',
    '10001:7:1',
  ]) {
    assert.equal(ledgerSeqAt(PLAYER, { createdAtMs: 1, id }), null, id)
  }
})

test('a wallet with its inbox never comes to more than can be counted', () => {
  const balances = { coins: 0, tokens: 0, inbox_coins: 0, inbox_tokens: 0 }
  const given = { coins: 100, tokens: 5 }
  const max = Number.MAX_SAFE_INTEGER
  assert.equal(wouldOverflow({ ...balances, coins: max - 100, tokens: max - 5 }, given), false)
  assert.equal(wouldOverflow({ ...balances, coins: max - 99 }, given), true)
  assert.equal(wouldOverflow({ ...balances, tokens: max - 10, inbox_tokens: 6 }, given), true)
  assert.equal(wouldOverflow({ ...balances, coins: max, inbox_coins: 1 }, given), true)
  assert.equal(wouldOverflow({ ...balances, coins: -500 }, given), false)
})
