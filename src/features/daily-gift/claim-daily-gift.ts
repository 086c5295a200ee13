import { KEPT_FOR_EVER, transactOnce } from '../../db/transact-once.ts'
import type { Reply } from '../../kernel/idempotency.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { localDate } from '../../kernel/local-date.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { lockActivePlayer, saveLockedPlayers } from '../players/index.ts'
import type { DailyGift } from '../store/index.ts'
import { insertLedgerTransactions, postLedgerTransaction, wouldOverflow } from '../wallet/index.ts'
import { momentIn } from './is-gift-waiting.ts'
import { saveLastGift } from './queries.ts'
import type { DailyGiftDeps } from './read-calendar.ts'
import { canClaim, dayOf, giftOfDay, giftPostings, lastGiftOf, nextClaimAtMs, nextStreak } from './rules.ts'

/** What a claim gave, and the wallet after it. */
export interface ClaimedGift {
  /** The day of the round, 1 to 7. */
  readonly day: number
  readonly streak: number
  readonly gift: DailyGift
  readonly balance: { readonly coins: number; readonly tokens: number }
  readonly nextAtMs: number
}

// What the first clients know a second claim by.
const ALREADY_CLAIMED_ERR_CODE = 999

/**
 * Credits today's gift to the wallet, coins and tokens, once: the player's row is held, so of two claims at once the
 * second sees the first, and the ledger takes no second one of the same player and date.
 */
export async function claimDailyGift<A extends object>(
  deps: DailyGiftDeps,
  { appId, playerId, reply }: { appId: AppId; playerId: PlayerId; reply: Reply<ClaimedGift, A> },
): Promise<Outcome<A>> {
  // Read first: the catalogue has a connection of its own, for which the transaction would wait.
  const { dailyGifts } = await deps.catalogues.of(appId)
  return transactOnce(deps, { reply, keptForMs: KEPT_FOR_EVER }, async (tx) => {
    const player = await lockActivePlayer(tx, { appId, playerId })
    if (!player) return refused('player_not_found')
    const now = momentIn(deps, appId)
    const last = lastGiftOf(player)
    if (!canClaim(last, now)) return refused('already_claimed', { errCode: ALREADY_CLAIMED_ERR_CODE })
    const streak = nextStreak(last, now)
    const day = dayOf(streak)
    const gift = giftOfDay(dailyGifts, day)
    if (wouldOverflow(player, gift)) return refused('balance_overflow')

    // From here on nothing may be refused.
    const date = localDate(now.nowMs, now.timeZone)
    const claimed = { streak, date, timeZone: now.timeZone, atMs: now.nowMs }
    const ledgerTransaction = postLedgerTransaction(player, {
      kind: 'daily_gift',
      sourceId: `${playerId}:${date}`,
      postings: giftPostings(playerId, gift),
      nowMs: now.nowMs,
    })
    await insertLedgerTransactions(tx, [ledgerTransaction])
    await saveLockedPlayers(tx, [player])
    await saveLastGift(tx, playerId, claimed)
    const balance = { coins: player.coins, tokens: player.tokens }
    return accepted({ day, streak, gift, balance, nextAtMs: nextClaimAtMs(claimed, now) })
  })
}
