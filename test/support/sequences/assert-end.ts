import assert from 'node:assert/strict'
import type { OrderId, PlayerId } from '../../../src/kernel/ids.ts'
import { playerRow } from '../books.ts'
import { messageName } from '../model/inbox.ts'
import type { InviteMessage, ModelInvite, ModelOrder, World } from '../model/world.ts'
import { type Cast, inviteRowsOf, noteMessages, uidOf } from './cast.ts'

/** What the tables say at the end, against the model: players, orders, messages, the review queue. */
export async function assertEnd(cast: Cast, world: World): Promise<void> {
  await noteMessages(cast)
  for (const player of world.players.values()) {
    const row = await playerRow(cast.app, uidOf(cast, player.name as 'p0'))
    const seen = {
      coins: row.coins,
      tokens: row.tokens,
      inboxCoins: row.inbox_coins,
      inboxTokens: row.inbox_tokens,
      inviter: row.inviter_id === null ? null : cast.names.get(String(row.inviter_id)),
      levelHundredths: row.level_hundredths,
      vip: row.vip_level,
      hadFirstCharge: row.first_charge_order_id !== null,
      events: row.event_seq,
      ledger: row.ledger_seq,
    }
    const { name: _, lastGift: __, ledger, ...expected } = player
    assert.deepEqual(seen, { ...expected, ledger: ledger.length }, `player ${player.name} at the end`)
  }
  const orders = [...world.orders.values()]
  assert.deepEqual(await ordersOf(cast), sorted(orders.map(orderEnd)), 'orders at the end')
  const rewarded = orders.filter(({ message }) => message !== null)
  assert.deepEqual(
    await messagesOf(cast),
    sorted([...rewarded.map(messageEnd), ...world.inviteMessages.map(inviteMessageEnd)]),
    'messages at the end',
  )
  assert.deepEqual(await invitesOf(cast), sorted(world.invites.map(inviteEnd)), 'invitations at the end')
  assert.deepEqual(await queueOf(cast), sorted(queueEnd(world)), 'the review queue at the end')
}

const sorted = (lines: readonly string[]) => lines.toSorted()

const orderEnd = ({ name, player, status, errorCode, grant }: ModelOrder) =>
  `${name} of ${player}: ${status} ${errorCode}${grant ? `, ${grant.coins} coins, ${grant.tokens} tokens` : ''}`

const messageEnd = (order: ModelOrder) =>
  `${messageName(order)}: ${order.message?.isClaimed ? 'claimed' : 'unclaimed'}, 0 coins, ${order.grant?.tokens} tokens`

const inviteMessageEnd = ({ name, isClaimed, coins, tokens }: InviteMessage) =>
  `${name}: ${isClaimed ? 'claimed' : 'unclaimed'}, ${coins} coins, ${tokens} tokens`

function queueEnd({ payments }: World): string[] {
  return payments.flatMap(({ told, outcome }) => {
    if (outcome.kind === 'granted') return []
    return `${told.order}: ${outcome.kind === 'review' ? outcome.error : 'duplicate_charge'}`
  })
}

function orderIdsOf(cast: Cast): OrderId[] {
  return [...cast.made, ...['a', 'b', 'c'].map((own) => `${cast.name}-${own}`)] as OrderId[]
}

async function ordersOf(cast: Cast): Promise<string[]> {
  const { db } = cast.app.service.database
  const rows = await db.selectFrom('orders').selectAll().where('order_id', 'in', orderIdsOf(cast)).execute()
  return sorted(
    rows.map((row) => {
      const [name, player] = [cast.names.get(row.order_id), cast.names.get(String(row.user_id))]
      const granted = row.granted_at_ms === null ? '' : `, ${row.coins} coins, ${row.tokens} tokens`
      return `${name} of ${player}: ${row.status} ${row.error_code}${granted}`
    }),
  )
}

async function messagesOf(cast: Cast): Promise<string[]> {
  const { db } = cast.app.service.database
  const players = [...cast.uids.values()].map(Number) as PlayerId[]
  const rows = await db.selectFrom('inbox_messages').selectAll().where('user_id', 'in', players).execute()
  const told = ({ message_id, state, coins, tokens }: (typeof rows)[number]) =>
    `${cast.names.get(message_id)}: ${state}, ${coins} coins, ${tokens} tokens`
  return sorted(rows.map(told))
}

const inviteEnd = ({ invited, inviter, order, state }: ModelInvite) => `${invited} by ${inviter}: ${order}, ${state}`

async function invitesOf(cast: Cast): Promise<string[]> {
  const named = (id: unknown) => cast.names.get(String(id)) ?? ''
  const rows = await inviteRowsOf(cast)
  return sorted(
    rows.map((row) => {
      const [invited, inviter, order] = [row.invited_user_id, row.inviter_user_id, row.order_id].map(named)
      return inviteEnd({ invited, inviter, order, state: row.state } as ModelInvite)
    }),
  )
}

async function queueOf(cast: Cast): Promise<string[]> {
  const { db } = cast.app.service.database
  const rows = await db.selectFrom('review_entries').selectAll().where('order_id', 'in', orderIdsOf(cast)).execute()
  return sorted(rows.map((row) => `${cast.names.get(row.order_id)}: ${row.reason}`))
}
