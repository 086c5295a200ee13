import { createHash } from 'node:crypto'
import type { PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { GameCurrency } from '../../kernel/money.ts'

/** The accounts that have postings and no stored balance: nothing hot to lock. */
export const SYSTEM_ACCOUNTS = ['sales', 'bonus', 'daily_gift', 'game', 'refund', 'write_off', 'support'] as const
export type SystemAccount = (typeof SYSTEM_ACCOUNTS)[number]

/** A player's wallet, a player's unclaimed rewards, or one of the system's accounts. */
export type Account = `player:${number}` | `inbox:${number}` | SystemAccount

export const playerAccount = (playerId: PlayerId): Account => `player:${playerId}`
export const inboxAccount = (playerId: PlayerId): Account => `inbox:${playerId}`

/** A positive amount of one currency that moves from one account to another: balanced by construction. */
export interface Posting {
  readonly from: Account
  readonly to: Account
  readonly currency: GameCurrency
  readonly amount: number
}

/** What the hash of a ledger transaction covers; no personal data, and the same bytes on every engine. */
export interface LedgerContent {
  readonly playerId: PlayerId
  readonly ledgerSeq: number
  readonly kind: string
  readonly sourceId: string
  readonly createdAtMs: number
  readonly postings: readonly Posting[]
}

// No use case posts more than a handful; a transaction this long is a bug.
const POSTINGS_MAX = 64

/** The link of a player's chain: SHA-256 over the previous hash and the canonical content. */
export function linkHash(previousHash: string, content: LedgerContent): string {
  const canonical = JSON.stringify([
    content.playerId,
    content.ledgerSeq,
    content.kind,
    content.sourceId,
    content.createdAtMs,
    content.postings.map((posting) => [posting.from, posting.to, posting.currency, posting.amount]),
  ])
  return createHash('sha256').update(previousHash).update('\n').update(canonical).digest('hex')
}

/** What may never be posted: nothing, too much, zero, a fraction, or from an account to itself. */
export function checkPostings(postings: readonly Posting[]): void {
  invariant(postings.length > 0 && postings.length <= POSTINGS_MAX, 'a ledger transaction has one or more postings')
  for (const { from, to, amount } of postings) {
    invariant(Number.isSafeInteger(amount) && amount > 0, `a posting moves a positive whole amount, not ${amount}`)
    invariant(from !== to, `a posting moves between two accounts, not within ${from}`)
  }
}
