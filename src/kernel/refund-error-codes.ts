import { type ErrorEntry, entry } from './error-entry.ts'

/** Refusals about money that waits for a person, or goes back. */
export const REFUND_ERROR_CODES = {
  refund_refused: entry(
    409,
    'contact_support',
    'The platform will not give this money back.',
    '支付平台拒绝退还此笔款项。',
  ),
  review_entry_closed: entry(409, 'show_message', 'This entry of the review queue is closed.', '该审核条目已关闭。'),
  nothing_paid: entry(409, 'show_message', 'Nothing was paid for this order.', '该订单没有任何支付。'),
  payment_gone: entry(
    409,
    'show_message',
    'The platform says that this payment does not stand any more.',
    '支付平台表示该笔支付已不存在。',
  ),
  payment_unproven: entry(
    409,
    'show_message',
    'The platform cannot say whether this payment stands; a person has to state it.',
    '支付平台无法确认该笔支付是否有效，需要人工确认。',
  ),
  payment_disputed: entry(
    409,
    'show_message',
    'This payment is disputed; the dispute decides where the money goes.',
    '该笔支付存在争议，款项归属以争议结果为准。',
  ),
  already_refunded: entry(409, 'show_message', 'This money was given back already.', '该款项已退还。'),
  refund_under_way: entry(409, 'show_message', 'A refund of this payment is under way.', '该笔支付正在退款中。'),
  refund_pending: entry(
    503,
    'retry_after',
    'The platform has not said what came of the refund.',
    '支付平台尚未返回退款结果。',
  ),
  refund_unavailable: entry(
    409,
    'show_message',
    'This platform cannot be asked for a refund: give the money back there, then state it.',
    '该支付平台不支持接口退款，请在平台上退款后再登记。',
  ),
  account_mismatch: entry(
    409,
    'contact_support',
    'Nothing proves that this player made this purchase; support looks at it.',
    '无法证明该购买由此玩家完成，将由客服核实。',
  ),
  purchase_pending: entry(
    409,
    'show_message',
    'The store does not have the money yet; the reward comes once it has.',
    '应用商店尚未收到款项，到账后将发放奖励。',
  ),
  purchase_shared: entry(
    409,
    'finish_transaction',
    'This purchase is shared by a family; only whoever paid for it is given anything.',
    '该购买来自家庭共享，仅向付款人发放。',
  ),
  purchase_revoked: entry(
    409,
    'finish_transaction',
    'This purchase was cancelled, or its store has taken it back; nothing is given for it.',
    '该购买已取消或已被应用商店撤销，不予发放。',
  ),
  platform_refused: entry(409, 'contact_support', 'The platform will not take this call.', '支付平台拒绝了该请求。'),
  consent_missing: entry(
    409,
    'show_message',
    'This player has not agreed that the platform is told of it.',
    '该玩家未同意向支付平台提供此信息。',
  ),
  listing_unavailable: entry(
    409,
    'show_message',
    'This platform cannot be asked for what it told.',
    '该支付平台不支持查询历史通知。',
  ),
} as const satisfies Record<string, ErrorEntry>
