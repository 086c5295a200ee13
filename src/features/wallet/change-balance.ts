import type { Database } from '../../db/database.ts'
import { KEPT_FOR_EVER, transactOnce } from '../../db/transact-once.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Reply } from '../../kernel/idempotency.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { GameCurrency } from '../../kernel/money.ts'
import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import { lockActivePlayer, saveLockedPlayers } from '../players/index.ts'
import { postLedgerTransaction } from './post-ledger-transaction.ts'
import { insertLedgerTransactions } from './queries.ts'
import { gamePosting, refuseChange } from './rules.ts'

export interface WalletDeps {
  readonly database: Database
  readonly clock: Clock
}

/** What a game server asks for: a positive amount is granted, a negative one spent. */
export interface BalanceChange {
  readonly currency: GameCurrency
  readonly amount: number
  /** One line of text, kept beside the entry. */
  readonly reason: string
}

/** The change as it was booked, and the wallet after it. */
export interface ChangedBalance extends BalanceChange {
  readonly playerId: PlayerId
  readonly balance: { readonly coins: number; readonly tokens: number }
  readonly ledgerSeq: number
}

/**
 * Spends from a player's wallet or grants to it, once for each key: the answer is kept for ever in the transaction that
 * books it, and the key is the entry's source besides, which the ledger itself has once an app.
 */
export async function changeBalance<A extends object>(
  deps: WalletDeps,
  asked: BalanceChange & { appId: AppId; playerId: PlayerId; reply: Reply<ChangedBalance, A> },
): Promise<Outcome<A>> {
  const { currency, amount, reason, reply } = asked
  invariant(reply.key !== null, 'a game server names each change of a balance')
  const sourceId = reply.key.key
  if (amount === 0) return refusedField('amount', 'must not be 0')
  return transactOnce(deps, { reply, keptForMs: KEPT_FOR_EVER }, async (tx) => {
    const player = await lockActivePlayer(tx, asked)
    if (!player) return refused('player_not_found')
    const refusal = refuseChange(player, { currency, amount })
    if (refusal) return refused(refusal)
    // From here on nothing may be refused.
    const postings = [gamePosting(player.user_id, { currency, amount })]
    const nowMs = deps.clock.nowMs()
    await insertLedgerTransactions(tx, [
      postLedgerTransaction(player, { kind: 'game', sourceId, postings, nowMs, reason }),
    ])
    await saveLockedPlayers(tx, [player])
    const { user_id: playerId, coins, tokens, ledger_seq: ledgerSeq } = player
    return accepted({ playerId, currency, amount, reason, balance: { coins, tokens }, ledgerSeq })
  })
}
