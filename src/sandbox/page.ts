import type { Language } from '../kernel/error-codes.ts'
import { majorNumber, minorUnits, parseCurrency } from '../kernel/money.ts'
import type { SandboxCheckout } from './platform.ts'

/** What a person can do on the page, in the order of its buttons. */
export const ACTIONS = ['pay', 'pay-twice', 'pay-silently', 'decline', 'cancel'] as const
export type Action = (typeof ACTIONS)[number]

/** A callback that was just sent, and what this server answered. */
export interface Delivery {
  readonly sent: string
  readonly status: number
  readonly answer: string
}

const WORDS = {
  en: {
    title: 'Sandbox checkout',
    note: 'No money moves here. This page plays a payment platform, for development only.',
    order: 'Order',
    player: 'Player',
    channel: 'Channel',
    ended: 'This checkout has ended. A payment now is a late one, and is granted all the same.',
    paid: (count: number) => `Paid ${count === 1 ? 'once' : `${count} times`}.`,
    sent: 'The platform told the server',
    answered: (status: number) => `The server answered ${status}`,
    back: 'Back to the game',
    actions: {
      pay: 'Pay',
      'pay-twice': 'Pay twice',
      'pay-silently': 'Pay, and lose the notice',
      decline: 'Decline the card',
      cancel: 'Give up',
    },
  },
  zh: {
    title: '沙盒收银台',
    note: '这里不会产生真实扣款。本页面模拟支付平台，仅供开发使用。',
    order: '订单',
    player: '玩家',
    channel: '渠道',
    ended: '该收银台已过期。此时付款属于迟到的付款，仍会正常发放。',
    paid: (count: number) => `已支付 ${count} 次。`,
    sent: '平台发出的通知',
    answered: (status: number) => `服务器应答 ${status}`,
    back: '返回游戏',
    actions: {
      pay: '支付',
      'pay-twice': '支付两次',
      'pay-silently': '支付但丢失通知',
      decline: '拒绝付款',
      cancel: '放弃支付',
    },
  },
} as const satisfies Record<Language, unknown>

const STYLE = `
body { margin: 0; background: #f3f4f6; color: #111827; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 30rem; margin: 2rem auto; padding: 1.5rem; background: #fff; border-radius: 12px; box-shadow: 0 1px 4px #0002 }
h1 { margin: 0 0 .25rem; font-size: 1.25rem }
.note { margin: 0 0 1rem; color: #6b7280; font-size: .875rem }
.price { margin: 1rem 0; font-size: 2rem; font-weight: 600 }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0 0 1rem; font-size: .875rem }
dt { color: #6b7280 } dd { margin: 0; overflow-wrap: anywhere }
form { margin: .5rem 0 } button { width: 100%; padding: .75rem; border: 1px solid #d1d5db; border-radius: 8px; background: #fff; font: inherit; cursor: pointer }
form:first-of-type button { background: #1d4ed8; border-color: #1d4ed8; color: #fff }
button:focus-visible, a:focus-visible { outline: 3px solid #93c5fd }
.state code { font-size: .75rem } .state { padding: .75rem; border-radius: 8px; background: #ecfdf5; color: #065f46 } .ended { background: #fffbeb; color: #92400e }
pre { margin: .25rem 0 1rem; padding: .75rem; overflow: auto; border-radius: 8px; background: #f3f4f6; font-size: .75rem }
h2 { margin: 1rem 0 0; font-size: .875rem }
`

/** The page's own rules for the browser: no script, nothing of another host, forms to here only. */
export const PAGE_CSP =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** The checkout page of an order. */
export function checkoutPage(
  { session, purchases }: SandboxCheckout,
  about: { language: Language; nowMs: number; deliveries: readonly Delivery[] },
): string {
  const words = WORDS[about.language]
  const path = `/sandbox/checkout/${encodeURIComponent(session.order_id)}`
  const buttons = ACTIONS.map(
    (action) =>
      `<form method="post" action="${path}/${action}"><button id="${action}">${words.actions[action]}</button></form>`,
  )
  const told = about.deliveries.map(
    ({ sent, status, answer }) =>
      `<h2>${words.sent}</h2><pre>${escaped(sent)}</pre><h2>${words.answered(status)}</h2><pre>${escaped(answer)}</pre>`,
  )
  const states = [
    purchases.length > 0 ? `<p class="state">${words.paid(purchases.length)} ${transactionsText(purchases)}</p>` : '',
    session.expires_at_ms <= about.nowMs ? `<p class="state ended">${words.ended}</p>` : '',
    session.return_url === null ? '' : `<p><a href="${escaped(returnAddress(session))}">${words.back}</a></p>`,
  ]
  return `<!doctype html>
<html lang="${about.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${words.title}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><main>
<h1>${words.title}</h1><p class="note">${words.note}</p>
<p class="price">${escaped(priceText(session))}</p>
<dl><dt>${escaped(session.item_name)}</dt><dd>× ${session.quantity}</dd>
<dt>${words.order}</dt><dd>${escaped(session.order_id)}</dd><dt>${words.player}</dt><dd>${escaped(session.uid)}</dd>
<dt>${words.channel}</dt><dd>${escaped(session.channel_shown)}</dd></dl>
${states.join('\n')}
${buttons.join('\n')}
${told.join('\n')}
</main></body></html>
`
}

/** What a device would show as its receipts. */
function transactionsText(purchases: SandboxCheckout['purchases']): string {
  return purchases.map((purchase) => `<code>${escaped(purchase.transaction_id)}</code>`).join(' ')
}

function priceText({ amount_minor, currency }: SandboxCheckout['session']): string {
  const code = parseCurrency(currency)
  return code ? `${majorNumber({ minor: minorUnits(amount_minor), currency: code })} ${code}` : currency
}

function returnAddress({ return_url, order_id }: SandboxCheckout['session']): string {
  const url = new URL(return_url ?? '')
  url.searchParams.set('order_id', order_id)
  return url.href
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
