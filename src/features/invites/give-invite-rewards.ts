import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database, Tx } from '../../db/database.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import type { NewRow } from '../../db/schema.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Apps } from '../apps/index.ts'
import { insertMessages, inviteMessage } from '../inbox/index.ts'
import { findOrder } from '../orders/index.ts'
import { type LockedPlayer, lockPlayers, saveLockedPlayers } from '../players/index.ts'
import { insertLedgerTransactions, type LedgerTransaction, postLedgerTransaction } from '../wallet/index.ts'
import {
  countInviterRewards,
  type DueReward,
  findInviteReward,
  selectDueRewards,
  settleInviteReward,
} from './queries.ts'
import { decideInvite, INVITE_ROLES, type InviteDecision, invitePostings, inviteSourceId } from './rules.ts'

export interface InviteDeps {
  readonly database: Database
  readonly clock: Clock
  readonly apps: Apps
  /** Told of a reward that could not be given; it is tried again at the next run. */
  readonly report: (failure: { error: unknown; invitedId: PlayerId }) => void
}

// What is read at once; each is given in a transaction of its own.
const PAGE_ROWS = 100
// Nobody waits for it: one attempt, and what is held by others is given at a later run.
const PATIENCE = { retryForMs: 0 }

/**
 * Gives the rewards of invitations whose invited player has completed a first order. One that cannot be given, as when
 * somebody holds its players, keeps no other from being given; those of an app that rewards no invitations now wait.
 * Gives how many it closed.
 */
export async function giveInviteRewards(deps: InviteDeps, signal: AbortSignal): Promise<number> {
  const appIds = deps.apps.all.filter((app) => app.invite !== null).map((app) => app.appId)
  if (appIds.length === 0) return 0
  let closed = 0
  let after: DueReward | null = null
  while (!signal.aborted) {
    // On past what was tried: what could not be given stands first at the next run, and not again in this one.
    const due: DueReward[] = await selectDueRewards(deps.database.db, { appIds, after, limit: PAGE_ROWS })
    for (const reward of due) {
      if (signal.aborted) return closed
      closed += (await giveOne(deps, reward)) ? 1 : 0
      // An embedded database answers without giving the event loop a turn, and a backlog would hold up every request.
      await nextTurn()
    }
    after = due.at(-1) ?? null
    if (due.length < PAGE_ROWS) break
  }
  return closed
}

async function giveOne(deps: InviteDeps, due: DueReward): Promise<boolean> {
  try {
    return await deps.database.inTransaction((tx) => settle(tx, { deps, due }), PATIENCE)
  } catch (error) {
    if (error instanceof StorageUnavailable) throw error
    deps.report({ error, invitedId: due.invited_user_id })
    return false
  }
}

/** Decides one reward under the locks of both players and writes it down; false when there is nothing to close. */
async function settle(tx: Tx, { deps, due }: { deps: InviteDeps; due: DueReward }): Promise<boolean> {
  const players = await lockPlayers(tx, [due.inviter_user_id, due.invited_user_id])
  const inviter = players.get(due.inviter_user_id)
  const invited = players.get(due.invited_user_id)
  invariant(inviter && invited, 'a player whose reward is due is there, and so is the inviter')
  const reward = await findInviteReward(tx, { invitedId: invited.user_id })
  // Another process was first.
  if (reward?.state !== 'due') return false
  const { app_id: appId, order_id: orderId } = reward
  const terms = deps.apps.find(appId)?.invite
  // A refund or a dispute takes the player's lock too, so the order stands as it is read here.
  const order = await findOrder(tx, { appId, orderId, playerId: invited.user_id })
  invariant(terms && order, `the order ${orderId}, which made a reward due, is there`)
  const inviterRewards = await countInviterRewards(tx, { inviterId: inviter.user_id })
  const decision = decideInvite({ terms, orderStatus: order.status, inviter, invited, inviterRewards })
  if (decision === 'wait') return false
  // From here on nothing may be refused.
  await give(tx, { decision, players: { inviter, invited }, nowMs: deps.clock.nowMs() })
  return true
}

async function give(
  tx: Tx,
  given: {
    decision: Exclude<InviteDecision, 'wait'>
    players: Readonly<Record<(typeof INVITE_ROLES)[number], LockedPlayer>>
    nowMs: number
  },
): Promise<void> {
  const { decision, players, nowMs } = given
  const ledger: LedgerTransaction[] = []
  const messages: { inviter: NewRow<'inbox_messages'> | null; invited: NewRow<'inbox_messages'> | null } = {
    inviter: null,
    invited: null,
  }
  for (const role of INVITE_ROLES) {
    const reward = decision[role]
    if (!reward) continue
    const player = players[role]
    const sourceId = inviteSourceId(players.invited.user_id, role)
    const postings = invitePostings(player.user_id, reward)
    ledger.push(postLedgerTransaction(player, { kind: 'invite_reward', sourceId, postings, nowMs }))
    messages[role] = inviteMessage(player, { reward, nowMs })
  }
  const rewarded = INVITE_ROLES.filter((role) => decision[role] !== null)
  await insertLedgerTransactions(tx, ledger)
  await saveLockedPlayers(
    tx,
    rewarded.map((role) => players[role]),
  )
  await insertMessages(
    tx,
    [messages.inviter, messages.invited].filter((message) => message !== null),
  )
  await settleInviteReward(tx, {
    invited_user_id: players.invited.user_id,
    inviter_message_id: messages.inviter?.message_id ?? null,
    invited_message_id: messages.invited?.message_id ?? null,
    nowMs,
  })
}
