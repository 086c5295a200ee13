import type { NewRow, Row } from '../../db/schema.ts'
import { invariant } from '../../kernel/invariant.ts'
import { checkPostings, inboxAccount, linkHash, type Posting, playerAccount } from './rules.ts'

/** What the ledger needs of a locked player, and advances: balances, sequence and the chain's head. */
export type LedgerHolder = Pick<
  Row<'users'>,
  'user_id' | 'app_id' | 'coins' | 'tokens' | 'inbox_coins' | 'inbox_tokens' | 'ledger_seq' | 'chain_hash'
>

/** Why a ledger transaction was made. `game`: a game server spends or grants. */
export type LedgerKind =
  | 'order_grant'
  | 'order_refund'
  | 'order_restore'
  | 'inbox_claim'
  | 'daily_gift'
  | 'game'
  | 'invite_reward'

export interface LedgerDraft {
  readonly kind: LedgerKind
  /** What caused it; with `kind` and the app it is unique for ever. */
  readonly sourceId: string
  readonly postings: readonly Posting[]
  readonly nowMs: number
  /** In the words of whoever asked for it, one line; outside the hash. */
  readonly reason?: string
}

/** A ledger transaction ready to be written. */
export interface LedgerTransaction {
  readonly header: NewRow<'ledger_transactions'>
  readonly postings: readonly NewRow<'postings'>[]
}

/**
 * Appends a ledger transaction to a player's chain: the next number, the next hash, and the balances moved with it.
 * The caller holds the player's lock and saves player and transaction together; no balance changes anywhere else.
 */
export function postLedgerTransaction(player: LedgerHolder, draft: LedgerDraft): LedgerTransaction {
  checkPostings(draft.postings)
  const ledgerSeq = player.ledger_seq + 1
  const previousHash = player.chain_hash
  const hash = linkHash(previousHash, {
    playerId: player.user_id,
    ledgerSeq,
    kind: draft.kind,
    sourceId: draft.sourceId,
    createdAtMs: draft.nowMs,
    postings: draft.postings,
  })
  player.ledger_seq = ledgerSeq
  player.chain_hash = hash
  for (const posting of draft.postings) moveBalances(player, posting)
  return {
    header: {
      user_id: player.user_id,
      ledger_seq: ledgerSeq,
      app_id: player.app_id,
      kind: draft.kind,
      source_id: draft.sourceId,
      created_at_ms: draft.nowMs,
      previous_hash: previousHash,
      hash,
      reason: draft.reason ?? null,
    },
    postings: draft.postings.map((posting, index) => ({
      user_id: player.user_id,
      ledger_seq: ledgerSeq,
      posting_no: index + 1,
      from_account: posting.from,
      to_account: posting.to,
      currency: posting.currency,
      amount: posting.amount,
    })),
  }
}

function moveBalances(player: LedgerHolder, { from, to, currency, amount }: Posting): void {
  const wallet = playerAccount(player.user_id)
  const inbox = inboxAccount(player.user_id)
  const change = (account: string, delta: number): void => {
    if (account === wallet) player[currency] += delta
    else if (account === inbox) player[`inbox_${currency}`] += delta
    else invariant(!/^(player|inbox):/.test(account), `a chain holds its own player's accounts, not ${account}`)
  }
  change(from, -amount)
  change(to, amount)
  // Whoever decided has refused what would overflow; here it is asserted once more, before it is written.
  const balances = [player.coins, player.tokens, player.inbox_coins, player.inbox_tokens]
  invariant(balances.every(Number.isSafeInteger), `balances of player ${player.user_id} stay whole and countable`)
}
