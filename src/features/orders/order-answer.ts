import { type Static, Type } from 'typebox'
import type { Row } from '../../db/schema.ts'
import { utcSeconds } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'
import { majorNumber } from '../../kernel/money.ts'

const nullableText = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

/** An order as the history shows it. */
export const OrderAnswer = Type.Object({
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
  test: Type.Optional(Type.Boolean({ description: "True: paid with a platform's play money; else left out" })),
})

export const ORDER_EXAMPLE = {
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

export function orderAnswer(order: Row<'orders'>, language: Language): Static<typeof OrderAnswer> {
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
    ...(order.environment === 'test' ? { test: true } : {}),
  }
}
