import { type Static, Type } from 'typebox'
import { type ErrorCode, type Language, messageOf } from '../../kernel/error-codes.ts'
import type { RecordedFailure } from './record-failure.ts'
import type { Settlement } from './settlement.ts'

/** What a verified payment can be refused for, by whichever road it came. */
export const SETTLEMENT_ERRORS = [
  'player_not_found',
  'item_not_found',
  'item_locked',
  'order_conflict',
  'price_mismatch',
  'balance_overflow',
  'settlement_failed',
] as const satisfies readonly ErrorCode[]

/** What a payment gave, as its caller is told. */
export const SettlementAnswer = Type.Object({
  order_id: Type.String(),
  order_status: Type.String({
    description: '`test_mode`: a test purchase that the app does not take; nothing was booked',
  }),
  coins_granted: Type.Integer(),
  tokens_granted: Type.Integer(),
  is_first_charge: Type.Boolean(),
  replayed: Type.Boolean({ description: 'True when an earlier delivery had granted it' }),
  balance: Type.Object(
    { coins: Type.Integer(), tokens: Type.Integer() },
    { description: 'The wallet right after the grant' },
  ),
  msg: Type.String(),
})

export const SETTLEMENT_EXAMPLE = {
  order_id: 'order-20261101-0001',
  order_status: 'completed',
  coins_granted: 1000,
  tokens_granted: 22,
  is_first_charge: true,
  replayed: false,
  balance: { coins: 1000, tokens: 0 },
  msg: 'Payment received: 1000 coins added, 22 tokens in the inbox.',
}

export function settlementAnswer(settled: Settlement, language: Language): Static<typeof SettlementAnswer> {
  const { coinsGranted, tokensGranted } = settled
  return {
    order_id: settled.orderId,
    order_status: settled.orderStatus,
    coins_granted: coinsGranted,
    tokens_granted: tokensGranted,
    is_first_charge: settled.isFirstCharge,
    replayed: settled.replayed,
    balance: settled.balance,
    msg:
      language === 'zh'
        ? `支付成功：${coinsGranted} 金币已到账，${tokensGranted} 第三货币已放入收件箱。`
        : `Payment received: ${coinsGranted} coins added, ${tokensGranted} tokens in the inbox.`,
  }
}

/** The answer to play money that the app does not take: kept, and nothing was granted. */
export function testModeAnswer(orderId: string, language: Language): Static<typeof SettlementAnswer> {
  return {
    ...{ order_id: orderId, order_status: 'test_mode', coins_granted: 0, tokens_granted: 0 },
    ...{ is_first_charge: false, replayed: false, balance: { coins: 0, tokens: 0 } },
    msg: messageOf('test_mode', language),
  }
}

/** What became of an order whose payment failed, as the caller is told. */
export const FailureAnswer = Type.Object({
  order_id: Type.String(),
  order_status: Type.String({ description: 'As it truly is: a late failure never undoes a completed order' }),
  error_code: Type.Union([Type.String(), Type.Null()]),
  msg: Type.String(),
})

export function failureAnswer(recorded: RecordedFailure, language: Language): Static<typeof FailureAnswer> {
  return {
    order_id: recorded.orderId,
    order_status: recorded.orderStatus,
    error_code: recorded.errorCode,
    msg: language === 'zh' ? '已记录。' : 'Recorded.',
  }
}

/** The same for a failure in a test mode that the app does not take: the order, if there is one, was not touched. */
export function testModeFailureAnswer(orderId: string, language: Language): Static<typeof FailureAnswer> {
  const msg = messageOf('test_mode', language)
  return { order_id: orderId, order_status: 'test_mode', error_code: 'test_mode', msg }
}
