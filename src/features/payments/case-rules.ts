import type { MessageState, OrderStatus, ReversalCause } from '../../db/schema.ts'
import { utcSeconds } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'

/** What decides why an order stands as it does, and what happens next. */
export interface CaseFacts {
  readonly status: OrderStatus
  /** Why it failed or waits: an error code, or the platform's own. */
  readonly errorCode: string | null
  readonly wasGranted: boolean
  /** Paid with play money. */
  readonly isTest: boolean
  readonly nowMs: number
  /** When it ends unpaid; null where nothing was promised. */
  readonly expiresAtMs: number | null
  /** The reward's message; null where nothing waits in an inbox. */
  readonly reward: MessageState | null
  /** What took its money, the latest; null: nothing does. */
  readonly takenBy: ReversalCause | null
  /** True when money that was gone is ours again. */
  readonly wasRestored: boolean
  /** True when the player owes what a refund could not take. */
  readonly hasDebt: boolean
  /** The reasons of the entries of the review queue that wait for a person. */
  readonly openEntries: readonly string[]
}

export type Words = Readonly<Record<Language, string>>

const both = (en: string, zh: string): Words => ({ en, zh })

/** One plain answer for people: why the order is in this state, and what happens next. */
export function explainOrder(facts: CaseFacts): Words {
  const parts = [
    stateWords(facts),
    ...(facts.hasDebt ? [DEBT] : []),
    ...(facts.status !== 'review' && facts.openEntries.length > 0 ? [otherMoney(facts.openEntries)] : []),
    ...(facts.isTest ? [TEST] : []),
  ]
  return both(parts.map(({ en }) => en).join(' '), parts.map(({ zh }) => zh).join(''))
}

const TEST = both('It is a test purchase: no real money moved.', '这是测试购买，没有真实款项。')
const DEBT = both(
  'Some of what was taken back had been spent: the balance is below zero and later credits repay it.',
  '被收回的部分已花掉，余额为负，以后的入账会抵扣。',
)

function otherMoney(reasons: readonly string[]): Words {
  if (reasons.every((reason) => reason === 'duplicate_charge')) {
    return both(
      'A second payment of it waits in the review queue to be given back.',
      '该订单还有一笔重复付款在待核查队列中等待退款。',
    )
  }
  return both(
    'Further money that names it waits in the review queue for a person.',
    '还有以该订单名义的款项在待核查队列中等待人工处理。',
  )
}

function stateWords(facts: CaseFacts): Words {
  switch (facts.status) {
    case 'pending':
      return pendingWords(facts)
    case 'completed':
      return completedWords(facts)
    case 'failed':
      return both(
        `The platform said that the payment failed (${facts.errorCode ?? 'no code'}); nothing was taken and nothing granted: should money arrive all the same, it is granted.`,
        `支付平台告知付款失败（${facts.errorCode ?? '无代码'}）；未扣款也未发放，若之后仍收到款项将照常发放。`,
      )
    case 'cancelled':
      return both(
        'The player gave it up before paying; should money arrive all the same, it is granted.',
        '玩家在付款前放弃了订单；若之后仍收到款项将照常发放。',
      )
    case 'expired':
      return both(
        'Nobody had paid when its time was over; a payment that comes later is granted as it was promised.',
        '订单到期时无人付款；之后到达的款项仍按原承诺发放。',
      )
    case 'review':
      return reviewWords(facts)
    case 'refunded':
      return refundedWords(facts)
    case 'disputed':
      return both(
        'Its payer demands the money back and the bank has not decided: until then its reward is held and the player is sold nothing; won, it is completed again; lost, what it gave is taken.',
        '付款人对该笔付款提出争议，银行尚未裁决：在此之前奖励暂停领取、该玩家不可购买；胜诉则恢复为已完成，败诉则收回已发放的内容。',
      )
  }
}

function pendingWords({ expiresAtMs, nowMs }: CaseFacts): Words {
  if (expiresAtMs === null) {
    return both('It waits for its payment.', '订单正在等待付款。')
  }
  const until = utcSeconds(expiresAtMs)
  if (expiresAtMs > nowMs) {
    return both(
      `It waits for its payment until ${until} UTC; unpaid by then it expires, and a payment after that is granted all the same. A player who has paid may ask by POST /orders/{order_id}/check.`,
      `订单等待付款至 ${until}（UTC）；届时未付则过期，之后到达的款项仍会发放。已付款的玩家可调用 POST /orders/{order_id}/check 查询。`,
    )
  }
  return both(
    `Its time was over at ${until} UTC and no payment has come: it expires within seconds, and a later payment is granted all the same.`,
    `订单已于 ${until}（UTC）到期且未收到付款：数秒内将标记为过期，之后到达的款项仍会发放。`,
  )
}

function completedWords({ reward, takenBy, wasRestored }: CaseFacts): Words {
  const restored = wasRestored
    ? both(
        'Its money was in question and is ours again: what it gave stands.',
        '该笔款项曾被退回或争议，现已恢复，发放继续有效。',
      )
    : both('It was paid and granted: the coins are in the wallet.', '订单已付款并发放，金币已到账。')
  const part =
    takenBy === null
      ? null
      : both(
          'A part of the money was given back, and that share of the grant was taken.',
          '部分款项已退回，并按比例收回了发放内容。',
        )
  const rest = rewardWords(reward)
  const parts = [restored, part, rest].filter((one) => one !== null)
  return both(parts.map(({ en }) => en).join(' '), parts.map(({ zh }) => zh).join(''))
}

function rewardWords(reward: MessageState | null): Words {
  switch (reward) {
    case null:
      return both('Nothing is left to do.', '无需其他操作。')
    case 'unclaimed':
      return both('Its reward waits in the inbox until the player claims it.', '奖励在收件箱中，等待玩家领取。')
    case 'claimed':
      return both('Its reward was claimed; nothing is left to do.', '奖励已领取，无需其他操作。')
    case 'withdrawn':
      return both('Its reward was withdrawn.', '奖励已被撤回。')
    case 'expired':
      return both('Its reward has expired.', '奖励已过期。')
  }
}

const REVIEW_CAUSES: Readonly<Record<string, Words>> = {
  price_mismatch: both('another amount or currency was paid than it costs', '支付的金额或币种与价格不符'),
  order_conflict: both('it was paid with another player or item than it was made for', '付款的玩家或礼包与订单不一致'),
  item_not_found: both('the item that was paid for is not in the store', '所付款的礼包不在商店中'),
  item_locked: both('the player may not buy this item', '该玩家不可购买此礼包'),
  balance_overflow: both('the balance would exceed what can be counted exactly', '余额将超出可精确记录的上限'),
  player_not_found: both('its player is unknown or erased', '玩家不存在或已注销'),
  refunded_before: both('its refund, which came before the payment, was undone', '先于付款到达的退款已被撤销'),
}

function reviewWords({ errorCode, openEntries }: CaseFacts): Words {
  const cause =
    REVIEW_CAUSES[errorCode ?? ''] ?? both(`of \`${errorCode ?? 'no code'}\``, `原因代码 ${errorCode ?? '无'}`)
  if (openEntries.length === 0) {
    return both(
      `Money came and was not granted, because ${cause.en}; its entry in the review queue is closed, and a correct payment would still be granted.`,
      `款项已到但未发放，因为${cause.zh}；其核查条目已关闭，之后到达的正确付款仍会发放。`,
    )
  }
  return both(
    `Money came and was not granted, because ${cause.en}: it waits in the review queue until a person approves it or gives it back.`,
    `款项已到但未发放，因为${cause.zh}：在待核查队列中，等待人工批准或退款。`,
  )
}

function refundedWords({ wasGranted, takenBy }: CaseFacts): Words {
  if (!wasGranted) {
    return both(
      'Its money was given back before anything was granted; should that be undone, a person decides.',
      '款项在发放之前已退回；若退款被撤销，将由人工处理。',
    )
  }
  return takenBy === 'dispute'
    ? both(
        'Its dispute was lost: the money is gone and what it gave was taken; only a decision for us would give it back.',
        '争议败诉：款项已被收回，已发放的内容也已收回；仅当裁决改判时才会恢复。',
      )
    : both(
        'Its money was given back and what it gave was taken; should the refund fail or be reversed, it is given again.',
        '款项已退回，已发放的内容也已收回；若退款失败或被撤销，将重新发放。',
      )
}
