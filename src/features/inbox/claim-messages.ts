import type { Database, Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { KEPT_FOR_A_DAY_MS, KEPT_FOR_EVER, transactOnce } from '../../db/transact-once.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Reply } from '../../kernel/idempotency.ts'
import type { AppId, MessageId, PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { type LockedPlayer, lockActivePlayer, saveLockedPlayers } from '../players/index.ts'
import {
  inboxAccount,
  insertLedgerTransactions,
  type LedgerTransaction,
  type Posting,
  playerAccount,
  postLedgerTransaction,
} from '../wallet/index.ts'
import { findMessage, isDisputed, markClaimed, selectClaimable } from './queries.ts'
import { refuseClaim, tokensLeft } from './rules.ts'

/** What a claim gave, and the wallet after it. */
export interface Claimed {
  readonly messages: readonly Row<'inbox_messages'>[]
  readonly coins: number
  readonly tokens: number
  readonly balance: { readonly coins: number; readonly tokens: number }
  /** True when further messages wait beyond what one call claims. */
  readonly more: boolean
}

export interface ClaimDeps {
  readonly database: Database
  readonly clock: Clock
}

interface Claimant {
  readonly appId: AppId
  readonly playerId: PlayerId
}

// One call, one transaction of bounded size; a fuller inbox takes a second call.
const CLAIM_ALL_MAX = 200

/**
 * Moves one message's coins and tokens from the inbox account to the wallet, once: everything that touches a player's
 * messages holds that player's row, so of two claims at once the second sees the first.
 */
export function claimMessage<A extends object>(
  deps: ClaimDeps,
  { messageId, reply, ...claimant }: Claimant & { messageId: MessageId; reply: Reply<Claimed, A> },
): Promise<Outcome<A>> {
  return transactOnce(deps, { reply, keptForMs: keptAsMoneyMoved }, async (tx) => {
    const player = await lockActivePlayer(tx, claimant)
    if (!player) return refused('message_not_found')
    const message = await findMessage(tx, { playerId: player.user_id, messageId })
    if (!message) return refused('message_not_found')
    const nowMs = deps.clock.nowMs()
    const refusal = refuseClaim(message, nowMs)
    if (refusal) return refused(refusal)
    if (await isDisputed(tx, message)) return refused('order_disputed')
    // From here on nothing may be refused.
    return accepted(await claim(tx, { player, messages: [message], nowMs, more: false }))
  })
}

/** Claims everything that can be claimed now; nothing to claim is a claim of nothing, not an error. */
export function claimAllMessages<A extends object>(
  deps: ClaimDeps,
  { reply, ...claimant }: Claimant & { reply: Reply<Claimed, A> },
): Promise<Outcome<A>> {
  return transactOnce(deps, { reply, keptForMs: keptAsMoneyMoved }, async (tx) => {
    const player = await lockActivePlayer(tx, claimant)
    if (!player) return refused('player_not_found')
    const nowMs = deps.clock.nowMs()
    const waiting = await selectClaimable(tx, { playerId: player.user_id, nowMs, limit: CLAIM_ALL_MAX + 1 })
    const claimable = waiting.slice(0, CLAIM_ALL_MAX)
    invariant(
      claimable.every((message) => refuseClaim(message, nowMs) === null),
      'what the query calls claimable is so by the rule too',
    )
    // From here on nothing may be refused.
    return accepted(await claim(tx, { player, messages: claimable, nowMs, more: waiting.length > CLAIM_ALL_MAX }))
  })
}

// A claim of nothing moved nothing: kept for ever, anybody could fill the table with them.
function keptAsMoneyMoved({ coins, tokens }: Claimed): number | null {
  return coins > 0 || tokens > 0 ? KEPT_FOR_EVER : KEPT_FOR_A_DAY_MS
}

async function claim(
  tx: Tx,
  input: { player: LockedPlayer; messages: readonly Row<'inbox_messages'>[]; nowMs: number; more: boolean },
): Promise<Claimed> {
  const { player, messages, nowMs } = input
  const ledger: LedgerTransaction[] = []
  for (const message of messages) {
    const postings = claimPostings(player.user_id, message)
    if (postings.length === 0) continue
    ledger.push(postLedgerTransaction(player, { kind: 'inbox_claim', sourceId: message.message_id, postings, nowMs }))
  }
  await markClaimed(tx, { messageIds: messages.map((message) => message.message_id), nowMs })
  await insertLedgerTransactions(tx, ledger)
  if (ledger.length > 0) await saveLockedPlayers(tx, [player])
  return {
    messages,
    coins: messages.reduce((sum, message) => sum + message.coins, 0),
    tokens: messages.reduce((sum, message) => sum + tokensLeft(message), 0),
    balance: { coins: player.coins, tokens: player.tokens },
    more: input.more,
  }
}

function claimPostings(playerId: PlayerId, message: Row<'inbox_messages'>): Posting[] {
  const between = { from: inboxAccount(playerId), to: playerAccount(playerId) }
  const postings: Posting[] = [
    { ...between, currency: 'coins', amount: message.coins },
    { ...between, currency: 'tokens', amount: tokensLeft(message) },
  ]
  return postings.filter((posting) => posting.amount > 0)
}
