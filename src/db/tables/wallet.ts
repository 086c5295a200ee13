import type { AppId, PlayerId } from '../../kernel/ids.ts'
import type { GameCurrency } from '../../kernel/money.ts'

/** A link of a player's hash chain. Append-only: a correction is another transaction. */
export interface LedgerTransactionsTable {
  user_id: PlayerId
  ledger_seq: number
  app_id: AppId
  kind: string
  /** What caused it, unique per kind and app: one grant for each order, one claim for each message. */
  source_id: string
  created_at_ms: number
  previous_hash: string
  hash: string
  /** Why a game server moved it, in its own words; outside the hash. */
  reason: string | null
}

/** A positive amount of one currency moved from one account to another. */
export interface PostingsTable {
  user_id: PlayerId
  ledger_seq: number
  posting_no: number
  from_account: string
  to_account: string
  currency: GameCurrency
  amount: number
}
