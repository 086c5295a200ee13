import type { Db } from '../../db/database.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'

/** What of the books a message can touch, by the names that it gives. */
export interface Named {
  readonly appId: AppId
  readonly identityKeys: readonly string[]
  readonly orderIds: readonly OrderId[]
  readonly playerIds: readonly PlayerId[]
}

/** How a thing of the books stands: its fields by name. */
export type Standing = Readonly<Record<string, string | number | null>>

/** Everything that a message can touch, as it stands now, by what it is called. */
export async function selectStandings(db: Db, named: Named): Promise<Map<string, Standing>> {
  const { appId } = named
  const payments = await selectNamedPayments(db, named.identityKeys)
  const paymentIds = payments.map((payment) => payment.payment_id)
  const lines = await orNone(paymentIds, (ids) =>
    db.selectFrom('payment_lines').selectAll().where('payment_id', 'in', ids).execute(),
  )
  const granted = lines.flatMap((line) => line.granted_order_id ?? [])
  const orderIds = [...new Set([...named.orderIds, ...lines.map((line) => line.order_id), ...granted])]
  const orders = await orNone(orderIds, (ids) =>
    db.selectFrom('orders').selectAll().where('app_id', '=', appId).where('order_id', 'in', ids).execute(),
  )
  const playerIds = [...new Set([...named.playerIds, ...orders.map((order) => order.user_id)])]
  const players = await orNone(playerIds, (ids) =>
    db.selectFrom('users').selectAll().where('app_id', '=', appId).where('user_id', 'in', ids).execute(),
  )
  const messages = await orNone(orderIds, (ids) =>
    db
      .selectFrom('inbox_messages')
      .selectAll()
      .where('app_id', '=', appId)
      .where('reward_order_id', 'in', ids)
      .execute(),
  )
  const entries = await orNone(paymentIds, (ids) =>
    db.selectFrom('review_entries').selectAll().where('payment_id', 'in', ids).execute(),
  )
  const causes = await orNone(paymentIds, (ids) =>
    db.selectFrom('payment_reversals').selectAll().where('payment_id', 'in', ids).execute(),
  )
  const standings = new Map<string, Standing>()
  for (const one of lines) {
    const { standing, refusal, granted_order_id } = one
    standings.set(`payment of order ${one.order_id}, line ${one.line_no}`, { standing, refusal, granted_order_id })
  }
  for (const { cause, cause_id, state, amount_minor } of causes) {
    standings.set(`${cause} ${cause_id}`, { state, amount_minor })
  }
  for (const { order_id, status, coins, tokens, error_code, environment } of orders) {
    standings.set(`order ${order_id}`, { status, coins, tokens, error_code, environment })
  }
  for (const { user_id, coins, tokens, inbox_tokens, open_disputes } of players) {
    standings.set(`player ${user_id}`, { coins, tokens, inbox_tokens, open_disputes })
  }
  for (const { reward_order_id, state, tokens, tokens_taken } of messages) {
    standings.set(`reward message of order ${reward_order_id}`, { state, tokens, tokens_taken })
  }
  for (const { order_id, line_no, reason, state } of entries) {
    standings.set(`review entry of order ${order_id}, line ${line_no}`, { state, reason })
  }
  return standings
}

function selectNamedPayments(db: Db, keys: readonly string[]) {
  return orNone(keys, (some) =>
    db.selectFrom('payment_identities').select('payment_id').distinct().where('identity_key', 'in', some).execute(),
  )
}

async function orNone<K, T>(keys: readonly K[], read: (keys: readonly K[]) => Promise<T[]>): Promise<T[]> {
  return keys.length === 0 ? [] : read(keys)
}
