import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { PlayerId } from '../../kernel/ids.ts'
import { checkPostings, inboxAccount, type LedgerContent, linkHash, type Posting, playerAccount } from './rules.ts'

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
