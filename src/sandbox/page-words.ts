import type { ReversalType } from '../channels/sandbox/index.ts'
import type { Language } from '../kernel/error-codes.ts'
import type { PurchaseAction } from './reversals.ts'

/** What a person can do with a checkout, in the order of its buttons. */
export const ACTIONS = ['pay', 'pay-twice', 'pay-short', 'pay-silently', 'decline', 'cancel'] as const
export type Action = (typeof ACTIONS)[number]

/** What the page says. */
export interface PageWords {
  readonly title: string
  readonly note: string
  readonly order: string
  readonly player: string
  readonly channel: string
  readonly ended: string
  readonly paid: (count: number) => string
  readonly payment: (number: number, amount: string) => string
  readonly sent: string
  readonly answered: (status: number) => string
  readonly silent: string
  readonly back: string
  readonly actions: Readonly<Record<Action, string>>
  readonly purchaseActions: Readonly<Record<PurchaseAction, string>>
  /** On the small button beside a large one: the same, and the server hears nothing of it. */
  readonly lose: string
  readonly loseToo: (action: string) => string
  readonly reversals: Readonly<Record<ReversalType, (amount: string) => string>>
}

export const WORDS: Readonly<Record<Language, PageWords>> = {
  en: {
    title: 'Sandbox checkout',
    note: 'No money moves here. This page plays a payment platform, for development only.',
    order: 'Order',
    player: 'Player',
    channel: 'Channel',
    ended: 'This checkout has ended. A payment now is a late one, and is granted all the same.',
    paid: (count) => `Paid ${count === 1 ? 'once' : `${count} times`}.`,
    payment: (number, amount) => `Payment ${number}: ${amount}`,
    sent: 'The platform told the server',
    answered: (status) => `The server answered ${status}`,
    silent: 'The server was told nothing.',
    back: 'Back to the game',
    actions: {
      pay: 'Pay',
      'pay-twice': 'Pay twice',
      'pay-short': 'Pay too little',
      'pay-silently': 'Pay, and lose the notice',
      decline: 'Decline the card',
      cancel: 'Give up',
    },
    purchaseActions: {
      refund: 'Refund',
      'refund-half': 'Refund half',
      'reverse-refund': 'Reverse the last refund',
      'open-dispute': 'Open a dispute',
      'player-wins': 'Dispute: the player wins',
      'studio-wins': 'Dispute: the studio wins',
      'tell-again': 'Send its notices again',
    },
    lose: 'lose notice',
    loseToo: (action) => `${action}, and lose the notice`,
    reversals: {
      'refund.succeeded': (amount) => `${amount} refunded`,
      'refund.reversed': (amount) => `Refund of ${amount} reversed`,
      'dispute.opened': (amount) => `${amount} in dispute`,
      'dispute.lost': (amount) => `Dispute of ${amount}: the player has won`,
      'dispute.won': (amount) => `Dispute of ${amount}: the studio has won`,
    },
  },
  zh: {
    title: '沙盒收银台',
    note: '这里不会产生真实扣款。本页面模拟支付平台，仅供开发使用。',
    order: '订单',
    player: '玩家',
    channel: '渠道',
    ended: '该收银台已过期。此时付款属于迟到的付款，仍会正常发放。',
    paid: (count) => `已支付 ${count} 次。`,
    payment: (number, amount) => `第 ${number} 笔支付：${amount}`,
    sent: '平台发出的通知',
    answered: (status) => `服务器应答 ${status}`,
    silent: '未向服务器发出任何通知。',
    back: '返回游戏',
    actions: {
      pay: '支付',
      'pay-twice': '支付两次',
      'pay-short': '少付金额',
      'pay-silently': '支付但丢失通知',
      decline: '拒绝付款',
      cancel: '放弃支付',
    },
    purchaseActions: {
      refund: '退款',
      'refund-half': '退还一半',
      'reverse-refund': '撤销最近一次退款',
      'open-dispute': '发起争议',
      'player-wins': '争议：玩家胜诉',
      'studio-wins': '争议：商家胜诉',
      'tell-again': '重新发送全部通知',
    },
    lose: '丢失通知',
    loseToo: (action) => `${action}，但丢失通知`,
    reversals: {
      'refund.succeeded': (amount) => `已退款 ${amount}`,
      'refund.reversed': (amount) => `退款 ${amount} 已撤销`,
      'dispute.opened': (amount) => `${amount} 争议处理中`,
      'dispute.lost': (amount) => `争议金额 ${amount}：玩家胜诉`,
      'dispute.won': (amount) => `争议金额 ${amount}：商家胜诉`,
    },
  },
}
