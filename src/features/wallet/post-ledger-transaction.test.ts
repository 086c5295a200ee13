import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { type LedgerHolder, postLedgerTransaction } from './post-ledger-transaction.ts'
import { type Account, inboxAccount, type Posting, playerAccount } from './rules.ts'

const PLAYER = 10001 as PlayerId
const newHolder = (): LedgerHolder => ({
  user_id: PLAYER,
  app_id: 'app' as AppId,
  coins: 0,
  tokens: 0,
  inbox_coins: 0,
  inbox_tokens: 0,
  ledger_seq: 0,
  chain_hash: '0'.repeat(64),
})
const draft = (postings: Posting[], n = 1) => ({ kind: 'order_grant' as const, sourceId: `s-${n}`, postings, nowMs: n })

const accounts: Account[] = ['sales', 'bonus', 'refund', playerAccount(PLAYER), inboxAccount(PLAYER)]
const anyPosting = fc
  .record({
    from: fc.constantFrom(...accounts),
    to: fc.constantFrom(...accounts),
    currency: fc.constantFrom('coins' as const, 'tokens' as const),
    amount: fc.integer({ min: 1, max: 1_000_000 }),
  })
  .filter(({ from, to }) => from !== to)

test('whatever is posted, the balances are the sums of the postings and the chain is unbroken', () => {
  const transactions = fc.array(fc.array(anyPosting, { minLength: 1, maxLength: 6 }), { maxLength: 20 })
  fc.assert(
    fc.property(transactions, (all) => {
      const holder = newHolder()
      let head = holder.chain_hash
      for (const [index, postings] of all.entries()) {
        const { header } = postLedgerTransaction(holder, draft(postings, index + 1))
        assert.deepEqual([header.ledger_seq, header.previous_hash], [index + 1, head])
        head = header.hash
      }
      const sum = (account: Account, currency: string) =>
        all
          .flat()
          .filter((one) => one.currency === currency)
          .reduce(
            (total, { from, to, amount }) => total + (to === account ? amount : from === account ? -amount : 0),
            0,
          )
      assert.equal(holder.coins, sum(playerAccount(PLAYER), 'coins'))
      assert.equal(holder.tokens, sum(playerAccount(PLAYER), 'tokens'))
      assert.equal(holder.inbox_coins, sum(inboxAccount(PLAYER), 'coins'))
      assert.equal(holder.inbox_tokens, sum(inboxAccount(PLAYER), 'tokens'))
      assert.deepEqual([holder.ledger_seq, holder.chain_hash], [all.length, head])
    }),
  )
})

test("another player's account is never touched by this player's chain", () => {
  const stranger: Posting = { from: 'sales', to: playerAccount(10002 as PlayerId), currency: 'coins', amount: 1 }
  assert.throws(() => postLedgerTransaction(newHolder(), draft([stranger])), /own player/)
})

test('a balance that could no longer be counted exactly is never written', () => {
  const holder = { ...newHolder(), coins: Number.MAX_SAFE_INTEGER }
  const one: Posting = { from: 'sales', to: playerAccount(PLAYER), currency: 'coins', amount: 1 }
  assert.throws(() => postLedgerTransaction(holder, draft([one])), /countable/)
})
