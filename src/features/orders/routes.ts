import { Type } from 'typebox'
import type { OrderStatus } from '../../db/schema.ts'
import { namedPlayer } from '../../http/auth.ts'
import {
  ChannelNameField,
  CursorField,
  ItemIdField,
  LIMIT_DEFAULT,
  LimitField,
  NextCursorField,
  OrderIdField,
  shortText,
  UidField,
} from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import type { Caller, ClientCaller } from '../../kernel/caller.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'
import type { OrderId, PlayerId } from '../../kernel/ids.ts'
import { accepted } from '../../kernel/outcome.ts'
import { cancelOrder } from './cancel-order.ts'
import type { LockedOrder } from './change-order-state.ts'
import { type CreateOrderDeps, createOrder } from './create-order.ts'
import { ORDER_EXAMPLE, OrderAnswer, orderAnswer } from './order-answer.ts'
import { readHistory, readOrder } from './read-orders.ts'
import { ORDER_STATUSES } from './rules.ts'

const PageFields = {
  uid: Type.Optional(UidField),
  limit: Type.Optional(LimitField),
  cursor: Type.Optional(CursorField),
  status: Type.Optional(Type.Unsafe<OrderStatus>({ type: 'string', enum: ORDER_STATUSES })),
}

/** The calls that read, make and give up orders. */
export function orderRoutes(deps: CreateOrderDeps) {
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
      data: found.value.rows.map((order) => orderAnswer(order, input.language)),
      next_cursor: found.value.nextCursor,
    })
  }
  const described = {
    summary: "A player's orders, newest first",
    tag: 'Orders',
    access: 'player_or_server' as const,
    answer: Type.Object({ data: Type.Array(OrderAnswer), next_cursor: NextCursorField }),
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
      answer: OrderAnswer,
      errors: ['order_not_found'],
      examples: { answer: ORDER_EXAMPLE },
      handle: async ({ caller, params, language }) => {
        const orderId = params.order_id as OrderId
        const found = await readOrder(deps, { appId: caller.appId, playerId: caller.playerId, orderId })
        return found.ok ? accepted(orderAnswer(found.value, language)) : found
      },
    }),
    createOrder: createOrderRoute(deps),
    cancelOrder: cancelOrderRoute(deps),
  }
}

const Checkout = Type.Object(
  {
    kind: Type.String({
      description:
        '`url`: open `url`. `account_token`: buy on the device, and name `token` to its store as the account. `external`: whoever runs the channel takes the payment',
    }),
    url: Type.Optional(Type.String()),
    token: Type.Optional(Type.String({ description: 'A UUID' })),
    client: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: "What the platform's own kit in the game asks for" }),
    ),
  },
  { description: 'What the client needs to pay' },
)

const PENDING_EXAMPLE = {
  ...ORDER_EXAMPLE,
  order_id: 'ord_5d41402abc4b2a76b9719d911017c592',
  order_status: 'pending',
  payment_channel: 'sandbox',
}

function createOrderRoute(deps: CreateOrderDeps) {
  return defineRoute({
    summary: 'Order an item',
    description:
      'A pending order that keeps its price, coins and bonuses for 30 minutes, and what the client needs to pay. ' +
      '`payment_channel` is a configured channel of the app (in `local` the sandbox stands in for any other), or ' +
      "`server`, where the game's own server takes the payment.",
    tag: 'Orders',
    access: 'player',
    body: Type.Object({
      item_id: ItemIdField,
      payment_channel: ChannelNameField,
      return_url: Type.Optional(
        Type.String({ minLength: 1, maxLength: 2048, description: "Where to go after paying; on the app's list" }),
      ),
    }),
    answer: Type.Object({
      ...OrderAnswer.properties,
      expires_at: Type.String({ description: 'ISO 8601: until then it keeps its promise' }),
      checkout: Type.Union([Checkout, Type.Null()], { description: 'Null when the order is paid or over by now' }),
      msg: Type.String(),
    }),
    errors: [
      ...(['player_not_found', 'player_disputed', 'item_not_found', 'item_locked'] as const),
      ...(['too_many_requests', 'channel_unavailable', 'checkout_refused'] as const),
    ],
    examples: {
      body: { item_id: 1, payment_channel: 'sandbox' },
      answer: {
        ...PENDING_EXAMPLE,
        expires_at: '2026-11-01T10:00:00.000Z',
        checkout: { kind: 'url', url: 'http://127.0.0.1:8000/sandbox/checkout/ord_5d41402abc4b2a76b9719d911017c592' },
        msg: 'Waiting for the payment.',
      },
    },
    idempotencyKey: 'header',
    handle: async ({ caller, body, language, idempotencyKey, origin }) => {
      const tell = (order: LockedOrder) => ({
        ...orderAnswer(order, language),
        expires_at: isoTime(order.expires_at_ms ?? order.created_at_ms),
        msg: language === 'zh' ? '等待支付。' : 'Waiting for the payment.',
      })
      const created = await createOrder(deps, {
        appId: caller.appId,
        playerId: caller.playerId,
        itemId: Number(body.item_id),
        channel: body.payment_channel,
        returnUrl: body.return_url ?? null,
        clientAddress: origin.address,
        language,
        reply: { key: idempotencyKey, tell },
      })
      return created.ok ? accepted({ ...created.value.answer, checkout: created.value.checkout }) : created
    },
  })
}

function cancelOrderRoute(deps: CreateOrderDeps) {
  return defineRoute({
    summary: 'Give up a pending order',
    description: 'Should its payment arrive all the same, it is granted: a late success wins.',
    tag: 'Orders',
    access: 'player',
    params: Type.Object({ order_id: OrderIdField }),
    body: Type.Object({ reason: Type.Optional(shortText(200, 'Told to the game server')) }),
    answer: OrderAnswer,
    errors: ['order_not_found', 'order_not_pending'],
    examples: {
      body: { reason: 'changed my mind' },
      answer: { ...PENDING_EXAMPLE, order_status: 'cancelled', error_code: 'PAYMENT_CANCELLED' },
    },
    idempotencyKey: 'header',
    handle: ({ caller, params, body, language, idempotencyKey }) =>
      cancelOrder(deps, {
        appId: caller.appId,
        playerId: caller.playerId,
        orderId: params.order_id as OrderId,
        reason: body.reason ?? null,
        reply: { key: idempotencyKey, tell: (order) => orderAnswer(order, language) },
      }),
  })
}
