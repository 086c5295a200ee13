import { createHash } from 'node:crypto'
import type { PagePosition } from '../../kernel/cursor.ts'
import type { ErrorCode } from '../../kernel/error-codes.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { GAME_CURRENCIES, type GameCurrency } from '../../kernel/money.ts'

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

/** A player's wallet, and what waits in the inbox. */
export interface Balances {
  readonly coins: number
  readonly tokens: number
  readonly inbox_coins: number
  readonly inbox_tokens: number
}

/**
 * Why a wallet may not be changed by an amount, or null when it may. Nothing is spent that is not there, so nothing at
 * all by a player in debt; a grant pays a debt off. What waits in the inbox counts with what is granted, so that it
 * can always be claimed.
 */
export function refuseChange(
  balances: Balances,
  { currency, amount }: { currency: GameCurrency; amount: number },
): ErrorCode | null {
  const balance = balances[currency]
  if (amount < 0) return balance + amount < 0 ? 'insufficient_balance' : null
  return wouldOverflow(balances, { coins: 0, tokens: 0, [currency]: amount }) ? 'balance_overflow' : null
}

/** Whether a wallet, with what waits in its inbox and comes to it later, would be more than can be counted exactly. */
export function wouldOverflow(balances: Balances, given: Readonly<Record<GameCurrency, number>>): boolean {
  return GAME_CURRENCIES.some(
    // In this order no sum is rounded before it is compared: the inbox holds no less than nothing.
    (currency) =>
      given[currency] > 0 &&
      given[currency] > Number.MAX_SAFE_INTEGER - balances[`inbox_${currency}`] - balances[currency],
  )
}

/** How a game server's change is booked: what it grants comes from `game`, what it spends goes there. */
export function gamePosting(
  playerId: PlayerId,
  { currency, amount }: { currency: GameCurrency; amount: number },
): Posting {
  const wallet = playerAccount(playerId)
  return amount > 0
    ? { from: 'game', to: wallet, currency, amount }
    : { from: wallet, to: 'game', currency, amount: -amount }
}

/** Where a page of a player's ledger ends: at a number of that player's own sequence. */
export function ledgerPosition(entry: { user_id: PlayerId; ledger_seq: number; created_at_ms: number }): PagePosition {
  return { createdAtMs: entry.created_at_ms, id: `${entry.user_id}:${entry.ledger_seq}` }
}

/** The number that a position of this player's ledger stands for; null for one of another player's or another list. */
export function ledgerSeqAt(playerId: PlayerId, { id }: PagePosition): number | null {
  const match = /^([1-9][0-9]{0,14}):([1-9][0-9]{0,15})$/.exec(id)
  if (match?.[1] !== String(playerId)) return null
  const ledgerSeq = Number(match[2])
  return Number.isSafeInteger(ledgerSeq) ? ledgerSeq : null
}
