import assert from 'node:assert/strict'
import type { OrderId } from '../../../src/kernel/ids.ts'
import { playerRow } from '../books.ts'
import { messageName } from '../model/inbox.ts'
import type { ModelOrder, World } from '../model/world.ts'
import { type Cast, noteMessages, uidOf } from './cast.ts'

/** What the tables say at the end, against the model: players, orders, messages, the review queue. */
export async function assertEnd(cast: Cast, world: World): Promise<void> {
  await noteMessages(cast)
  for (const player of world.players.values()) {
    const row = await playerRow(cast.app, uidOf(cast, player.name as 'p0'))
    const seen = {
      coins: row.coins,
      tokens: row.tokens,
      inboxTokens: row.inbox_tokens,
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
  assert.deepEqual(await messagesOf(cast), sorted(rewarded.map(messageEnd)), 'messages at the end')
  assert.deepEqual(await queueOf(cast), sorted(queueEnd(world)), 'the review queue at the end')
}

const sorted = (lines: readonly string[]) => lines.toSorted()

const orderEnd = ({ name, player, status, errorCode, grant }: ModelOrder) =>
  `${name} of ${player}: ${status} ${errorCode}${grant ? `, ${grant.coins} coins, ${grant.tokens} tokens` : ''}`

const messageEnd = (order: ModelOrder) =>
  `${messageName(order)}: ${order.message?.isClaimed ? 'claimed' : 'unclaimed'}, ${order.grant?.tokens} tokens`

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
  const found = db.selectFrom('inbox_messages').selectAll().where('reward_order_id', 'in', orderIdsOf(cast))
  const rows = await found.execute()
  return sorted(rows.map((row) => `${cast.names.get(row.message_id)}: ${row.state}, ${row.tokens} tokens`))
}

async function queueOf(cast: Cast): Promise<string[]> {
  const { db } = cast.app.service.database
  const rows = await db.selectFrom('review_entries').selectAll().where('order_id', 'in', orderIdsOf(cast)).execute()
  return sorted(rows.map((row) => `${cast.names.get(row.order_id)}: ${row.reason}`))
}
