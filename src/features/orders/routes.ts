import { type Static, Type } from 'typebox'
import type { OrderStatus, Row } from '../../db/schema.ts'
import { namedPlayer } from '../../http/auth.ts'
import { CursorField, LIMIT_DEFAULT, LimitField, NextCursorField, OrderIdField, UidField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import type { Caller, ClientCaller } from '../../kernel/caller.ts'
import { utcSeconds } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'
import type { OrderId, PlayerId } from '../../kernel/ids.ts'
import { majorNumber } from '../../kernel/money.ts'
import { accepted } from '../../kernel/outcome.ts'
import { type OrderDeps, readHistory, readOrder } from './read-orders.ts'
import { ORDER_STATUSES } from './rules.ts'

const nullableText = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

const OrderRow = Type.Object({
  order_id: Type.String(),
  item_id: Type.Integer(),
  item_name: nullableText('Null when the item was unknown'),
  order_time: Type.String({ description: 'UTC, `YYYY-MM-DD HH:mm:ss`' }),
  order_status: Type.String(),
  price: Type.Number(),
  currency: Type.String(),
  coins: Type.Integer({ description: 'Promised; once completed, granted' }),
  tokens: Type.Integer({ description: 'Promised; once completed, granted' }),
  is_first_charge: Type.Boolean(),
  payment_channel: nullableText('As the platform was named'),
  payment_method: nullableText('As it was told'),
  error_code: nullableText('Why it failed or waits for review'),
})

const ORDER_EXAMPLE = {
  order_id: 'order-20261101-0001',
  item_id: 1,
  item_name: 'Starter Pack',
  order_time: '2026-11-01 09:30:00',
  order_status: 'completed',
  price: 19.99,
  currency: 'USD',
  coins: 1000,
  tokens: 22,
  is_first_charge: true,
  payment_channel: 'stripe',
  payment_method: null,
  error_code: null,
}

/** An order as the history shows it. */
function orderRow(order: Row<'orders'>, language: Language): Static<typeof OrderRow> {
  return {
    order_id: order.order_id,
    item_id: order.item_id,
    item_name: language === 'zh' ? order.item_name_zh : order.item_name_en,
    order_time: utcSeconds(order.created_at_ms),
    order_status: order.status,
    price: majorNumber({ minor: order.price_minor, currency: order.currency }),
    currency: order.currency,
    coins: order.coins,
    tokens: order.tokens,
    is_first_charge: order.is_first_charge === 1,
    payment_channel: order.payment_channel,
    payment_method: order.payment_method,
    error_code: order.error_code,
  }
}

const PageFields = {
  uid: Type.Optional(UidField),
  limit: Type.Optional(LimitField),
  cursor: Type.Optional(CursorField),
  status: Type.Optional(Type.Unsafe<OrderStatus>({ type: 'string', enum: ORDER_STATUSES })),
}

/** The calls that read orders. */
export function orderRoutes(deps: OrderDeps) {
  const history = async (input: {
    caller: Caller | (ClientCaller & { playerId: PlayerId })
    page: { uid?: string; limit?: number; cursor?: string; status?: OrderStatus }
    language: Language
  }) => {
    const { caller, page } = input
    const playerId = namedPlayer(caller, page.uid)
    if (!playerId.ok) return playerId
    const found = await readHistory(deps, {
      appId: caller.appId,
      playerId: playerId.value,
      limit: page.limit ?? LIMIT_DEFAULT,
      cursor: page.cursor ?? null,
      status: page.status ?? null,
      checkPlayer: caller.kind === 'server',
    })
    if (!found.ok) return found
    return accepted({
      data: found.value.rows.map((order) => orderRow(order, input.language)),
      next_cursor: found.value.nextCursor,
    })
  }
  const described = {
    summary: "A player's orders, newest first",
    tag: 'Orders',
    access: 'player_or_server' as const,
    answer: Type.Object({ data: Type.Array(OrderRow), next_cursor: NextCursorField }),
    errors: ['player_not_found'] as const,
  }
  const example = { data: [ORDER_EXAMPLE], next_cursor: null }
  return {
    historyByQuery: defineRoute({
      ...described,
      query: Type.Object(PageFields),
      examples: { answer: example },
      handle: ({ caller, query, language }) => history({ caller, page: query, language }),
    }),
    history: defineRoute({
      ...described,
      body: Type.Object(PageFields),
      examples: { body: { limit: 20 }, answer: example },
      handle: ({ caller, body, language }) => history({ caller, page: body, language }),
    }),
    readOrder: defineRoute({
      summary: 'One order',
      tag: 'Orders',
      access: 'player',
      params: Type.Object({ order_id: OrderIdField }),
      answer: OrderRow,
      errors: ['order_not_found'],
      examples: { answer: ORDER_EXAMPLE },
      handle: async ({ caller, params, language }) => {
        const orderId = params.order_id as OrderId
        const found = await readOrder(deps, { appId: caller.appId, playerId: caller.playerId, orderId })
        return found.ok ? accepted(orderRow(found.value, language)) : found
      },
    }),
  }
}
