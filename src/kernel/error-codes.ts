/**
 * Every refusal that the API can give: its HTTP status, what a program should do next, and its words.
 * Codes are a contract: they are added to, never renamed. A client that follows `action` never finishes a purchase
 * that was not granted.
 */

import { type ErrorEntry, entry } from './error-entry.ts'
import { REFUND_ERROR_CODES } from './refund-error-codes.ts'

export { ACTIONS, type Action, type ErrorEntry } from './error-entry.ts'

export const ERROR_CODES = {
  malformed_json: entry(400, 'fix_request', 'The body is not valid JSON.', '请求体不是有效的 JSON。'),
  bad_request: entry(400, 'fix_request', 'The request is not valid HTTP for this call.', '请求格式无效。'),

  unauthorized: entry(401, 'log_in_again', 'A valid token is needed for this call.', '此接口需要有效的令牌。'),
  token_expired: entry(401, 'log_in_again', 'The token has expired.', '令牌已过期。'),
  session_revoked: entry(401, 'log_in_again', 'The session has ended.', '会话已结束。'),
  token_reused: entry(
    401,
    'log_in_again',
    'This refresh token was used before; the session has been ended for safety.',
    '该刷新令牌已被使用过，为安全起见会话已结束。',
  ),
  invalid_app: entry(401, 'fix_request', 'Unknown app or wrong app secret.', '应用不存在或应用密钥错误。'),
  login_required: entry(401, 'log_in_again', 'Log in first: this session has no player yet.', '请先登录。'),
  proof_required: entry(401, 'log_in_again', 'This login type needs a proof of identity.', '此登录方式需要身份证明。'),
  invalid_code: entry(401, 'show_message', 'The code is wrong or no longer valid.', '验证码错误或已失效。'),
  proof_malformed: entry(
    401,
    'log_in_again',
    'The proof of identity cannot be read, or is too large.',
    '身份凭证无法识别或过大。',
  ),
  invalid_proof: entry(401, 'log_in_again', 'The proof of identity is not genuine.', '身份凭证不真实。'),
  proof_wrong_algorithm: entry(
    401,
    'log_in_again',
    'The proof of identity is signed in a way that is not allowed.',
    '身份凭证的签名算法不被允许。',
  ),
  proof_unknown_key: entry(
    401,
    'log_in_again',
    'The proof of identity is signed by a key that its platform does not have.',
    '身份凭证的签名密钥不属于该平台。',
  ),
  proof_expired: entry(401, 'log_in_again', 'The proof of identity has expired.', '身份凭证已过期。'),
  proof_not_yet_valid: entry(401, 'log_in_again', 'The proof of identity is not valid yet.', '身份凭证尚未生效。'),
  proof_wrong_issuer: entry(
    401,
    'log_in_again',
    'The proof of identity is from another issuer.',
    '身份凭证的签发方不符。',
  ),
  proof_wrong_audience: entry(
    401,
    'log_in_again',
    'The proof of identity was made for another app.',
    '身份凭证是为其他应用签发的。',
  ),
  proof_wrong_nonce: entry(
    401,
    'log_in_again',
    'The nonce is not the one in the proof, or was used before.',
    'nonce 与身份凭证不符或已被使用。',
  ),
  proof_wrong_user: entry(
    401,
    'log_in_again',
    'The loginId is not the user of the proof.',
    'loginId 与身份凭证中的用户不一致。',
  ),
  invalid_credential: entry(401, 'log_in_again', 'The credential is not that of this guest.', '游客凭证错误。'),
  invalid_handover: entry(
    401,
    'log_in_again',
    'This code is unknown, used or too old; get a new one in the game.',
    '该跳转码无效、已使用或已过期，请在游戏内重新获取。',
  ),
  invalid_signature: entry(
    401,
    'fix_request',
    'The signature is missing, wrong, too old or from an unknown channel.',
    '签名缺失、错误、过期或渠道未知。',
  ),

  wrong_scope: entry(403, 'fix_request', 'This kind of token may not make this call.', '该类型的令牌无权调用此接口。'),
  not_your_account: entry(
    403,
    'fix_request',
    'The uid is not the player of this session.',
    'uid 与当前会话的玩家不一致。',
  ),
  channel_not_trusted: entry(
    403,
    'contact_support',
    'Payments are accepted from trusted servers only.',
    '仅接受受信任服务器的支付通知。',
  ),
  checkout_refused: entry(
    403,
    'show_message',
    'The payment platform takes no payment for this order.',
    '支付平台不接受该订单的支付。',
  ),
  player_disputed: entry(
    403,
    'contact_support',
    'Nothing is sold while a payment of this player is disputed.',
    '该玩家有支付争议未解决，暂不可购买。',
  ),
  test_mode: entry(
    403,
    'contact_support',
    'This is a test purchase, and this game takes none here.',
    '这是测试购买，本游戏在此环境不接受测试购买。',
  ),
  item_locked: entry(403, 'contact_support', 'This item is not open to this player.', '该玩家暂不可购买此礼包。'),
  login_type_unavailable: entry(403, 'show_message', 'This way to log in is not offered here.', '暂不提供此登录方式。'),
  test_routes_off: entry(403, 'fix_request', 'Test calls answer in development only.', '测试接口仅在开发环境可用。'),
  metrics_forbidden: entry(403, 'fix_request', 'Metrics are not open to this caller.', '无权读取监控指标。'),

  not_found: entry(404, 'fix_request', 'There is nothing here.', '资源不存在。'),
  order_not_found: entry(404, 'fix_request', 'No such order.', '订单不存在。'),
  session_not_found: entry(404, 'fix_request', 'No such session of this player.', '该玩家没有此会话。'),
  identity_not_found: entry(404, 'fix_request', 'This player has no such identity.', '该玩家没有此登录身份。'),
  channel_not_found: entry(404, 'fix_request', 'No such payment channel.', '支付渠道不存在。'),
  purchase_not_found: entry(
    404,
    'contact_support',
    'The platform knows no such purchase.',
    '支付平台没有这笔购买记录。',
  ),
  review_entry_not_found: entry(404, 'fix_request', 'No such entry in the review queue.', '待审核队列中没有该条目。'),
  message_not_found: entry(404, 'fix_request', 'No such message.', '消息不存在。'),
  item_not_found: entry(404, 'contact_support', 'No such item in the store.', '商店中没有该礼包。'),
  store_login_not_found: entry(
    404,
    'show_message',
    'This login of the store is unknown, of somebody else or too old; begin again on its page.',
    '该商店登录请求不存在、已过期或属于其他玩家，请在商店页面重新发起。',
  ),
  player_not_found: entry(404, 'contact_support', 'No such player in this app.', '该应用中没有此玩家。'),

  session_bound: entry(
    409,
    'fix_request',
    'This session belongs to another player; get a new token first.',
    '该会话已绑定其他玩家，请先获取新的令牌。',
  ),
  order_conflict: entry(
    409,
    'contact_support',
    'This order is known with another player, item, price or payment.',
    '该订单已存在，且玩家、礼包、价格或支付信息不一致。',
  ),
  price_mismatch: entry(
    409,
    'contact_support',
    'The amount paid is not the price of this order; the payment is kept for review.',
    '支付金额与订单价格不符，款项已转人工核查。',
  ),
  order_not_pending: entry(409, 'show_message', 'This order is not waiting for a payment.', '该订单不在待支付状态。'),
  ...REFUND_ERROR_CODES,
  catalogue_changed: entry(
    409,
    'fix_request',
    'Somebody else has edited the store meanwhile; read it again.',
    '商店内容已被他人修改，请重新读取后再编辑。',
  ),
  identity_taken: entry(409, 'show_message', 'This identity belongs to another player.', '该登录身份已属于其他玩家。'),
  last_identity: entry(409, 'show_message', 'The last way to log in cannot be removed.', '最后一个登录身份不能移除。'),
  too_many_identities: entry(
    409,
    'show_message',
    'This player has as many ways to log in as one can have.',
    '登录身份数量已达上限。',
  ),
  insufficient_balance: entry(409, 'show_message', 'The balance is not enough.', '余额不足。'),
  already_claimed: entry(409, 'show_message', 'This was claimed already.', '奖励已领取。'),
  message_withdrawn: entry(409, 'show_message', 'This reward was withdrawn.', '该奖励已撤回。'),
  message_expired: entry(410, 'show_message', 'This gift has expired.', '该礼物已过期。'),
  order_disputed: entry(
    403,
    'contact_support',
    'This reward is held while its payment is disputed.',
    '该订单的支付存在争议，奖励暂不可领取。',
  ),

  body_too_large: entry(413, 'fix_request', 'The body is larger than this call allows.', '请求体过大。'),
  unsupported_media_type: entry(
    415,
    'fix_request',
    'Send the body as application/json in UTF-8.',
    '请以 UTF-8 编码的 application/json 发送请求体。',
  ),
  invalid_fields: entry(422, 'fix_request', 'Some fields are not valid.', '部分字段无效。'),
  idempotency_mismatch: entry(
    422,
    'fix_request',
    'This idempotency key was used for another request; take a new key.',
    '该幂等键已用于其他请求，请更换新的键。',
  ),
  balance_overflow: entry(
    422,
    'contact_support',
    'The balance would exceed what can be counted exactly.',
    '余额超出可精确记录的上限。',
  ),

  login_locked: entry(429, 'retry_after', 'Too many failed logins; try again later.', '登录失败次数过多，请稍后再试。'),
  too_many_requests: entry(429, 'retry_after', 'Too many requests; try again later.', '请求过于频繁，请稍后再试。'),
  internal_error: entry(500, 'retry_after', 'Something went wrong on our side; try again.', '服务器内部错误，请重试。'),
  storage_unavailable: entry(
    503,
    'retry_after',
    'The database is out of reach; try again shortly, with the same ids.',
    '数据库暂不可用，请稍后使用相同的 ID 重试。',
  ),
  sessions_unavailable: entry(
    503,
    'retry_after',
    'Sessions are out of reach; try again shortly.',
    '会话服务暂不可用，请稍后重试。',
  ),
  settlement_failed: entry(
    503,
    'retry_after',
    'The payment was recorded but not settled; send it again.',
    '支付已记录但尚未结算，请重新发送。',
  ),
  channel_unavailable: entry(
    503,
    'retry_after',
    'The payment platform is out of reach; try again shortly.',
    '支付平台暂不可用，请稍后重试。',
  ),
  provider_unavailable: entry(
    503,
    'retry_after',
    'The login platform is out of reach; try again shortly.',
    '登录平台暂不可用，请稍后重试。',
  ),
  code_not_sent: entry(
    503,
    'retry_after',
    'The code could not be sent; ask for a new one later.',
    '验证码发送失败，请稍后重新获取。',
  ),
  shutting_down: entry(503, 'retry_after', 'The server is restarting; try again.', '服务器正在重启，请重试。'),
} as const satisfies Record<string, ErrorEntry>

/** The closed union of refusals. */
export type ErrorCode = keyof typeof ERROR_CODES

export type Language = 'en' | 'zh'

/** The words of a refusal for people; programs read the code. */
export function messageOf(code: ErrorCode, language: Language): string {
  return ERROR_CODES[code][language]
}
