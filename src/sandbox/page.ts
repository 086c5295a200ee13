import type { SandboxPurchase } from '../channels/sandbox/index.ts'
import type { Language } from '../kernel/error-codes.ts'
import { majorNumber, minorUnits, parseCurrency } from '../kernel/money.ts'
import { ACTIONS, type PageWords, WORDS } from './page-words.ts'
import { type SandboxCheckout, standingOf } from './platform.ts'
import { PURCHASE_ACTIONS, type Standing, stepOf } from './reversals.ts'

/** A callback that was just sent, and what this server answered. */
export interface Delivery {
  readonly sent: string
  readonly status: number
  readonly answer: string
}

const STYLE = `
body { margin: 0; background: #f3f4f6; color: #111827; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 30rem; margin: 2rem auto; padding: 1.5rem; background: #fff; border-radius: 12px; box-shadow: 0 1px 4px #0002 }
h1 { margin: 0 0 .25rem; font-size: 1.25rem }
.note { margin: 0 0 1rem; color: #6b7280; font-size: .875rem }
.price { margin: 1rem 0; font-size: 2rem; font-weight: 600 }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0 0 1rem; font-size: .875rem }
dt { color: #6b7280 } dd { margin: 0; overflow-wrap: anywhere }
form { margin: .5rem 0; display: flex; gap: .5rem } button { flex: 1; padding: .75rem; border: 1px solid #d1d5db; border-radius: 8px; background: #fff; color: inherit; font: inherit; cursor: pointer }
#pay { background: #1d4ed8; border-color: #1d4ed8; color: #fff }
button:focus-visible, a:focus-visible { outline: 3px solid #93c5fd }
.state { padding: .75rem; border-radius: 8px; background: #ecfdf5; color: #065f46 } .ended { background: #fffbeb; color: #92400e }
section { margin: 1rem 0; padding: .75rem 1rem; border: 1px solid #e5e7eb; border-radius: 8px } section h2 { margin: 0 }
section code { color: #6b7280; font-size: .75rem; font-weight: 400; overflow-wrap: anywhere } section ul { margin: .5rem 0; padding-left: 1.25rem; font-size: .875rem }
section button { padding: .5rem; font-size: .875rem } section button.quiet { flex: none; border-color: transparent; color: #4b5563; font-size: .75rem; text-decoration: underline }
pre { margin: .25rem 0 1rem; padding: .75rem; white-space: pre-wrap; overflow-wrap: anywhere; border-radius: 8px; background: #f3f4f6; font-size: .75rem }
h2 { margin: 1rem 0 0; font-size: .875rem }
@media (min-width: 64rem) { main.told { max-width: 64rem; display: grid; grid-template-columns: 30rem 1fr; gap: 2rem } main > * { min-width: 0 } }
`

/** The page's own rules for the browser: no script, nothing of another host, forms to here only. */
export const PAGE_CSP =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** The checkout page of an order. `deliveries: null`: nothing was done. */
export function checkoutPage(
  checkout: SandboxCheckout,
  about: { language: Language; nowMs: number; deliveries: readonly Delivery[] | null },
): string {
  const { session, purchases } = checkout
  const words = WORDS[about.language]
  const buttons = ACTIONS.map(
    (action) =>
      `<form method="post" action="${pathOf(session)}/${action}"><button id="${action}">${words.actions[action]}</button></form>`,
  )
  const paid = purchases.map((purchase, index) =>
    purchaseSection(standingOf(checkout, purchase), { words, number: index + 1, path: pathOf(session) }),
  )
  const states = [
    purchases.length > 0 ? `<p class="state">${words.paid(purchases.length)}</p>` : '',
    session.expires_at_ms <= about.nowMs ? `<p class="state ended">${words.ended}</p>` : '',
    session.return_url === null ? '' : `<p><a href="${escaped(returnAddress(session))}">${words.back}</a></p>`,
  ]
  return `<!doctype html>
<html lang="${about.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${words.title}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><main${about.deliveries === null ? '' : ' class="told"'}><div>
<h1>${words.title}</h1><p class="note">${words.note}</p>
<p class="price">${escaped(amountText(session.amount_minor, session))}</p>
<dl><dt>${escaped(session.item_name)}</dt><dd>× ${session.quantity}</dd>
<dt>${words.order}</dt><dd>${escaped(session.order_id)}</dd><dt>${words.player}</dt><dd>${escaped(session.uid)}</dd>
<dt>${words.channel}</dt><dd>${escaped(session.channel_shown)}</dd></dl>
${states.join('\n')}
${paid.join('\n')}
${buttons.join('\n')}
</div>${about.deliveries === null ? '' : `<div>${deliveriesText(about.deliveries, words)}</div>`}
</main></body></html>
`
}

/** A payment with what a device would show as its receipt, what became of it, and what may still become of it. */
function purchaseSection(
  standing: Standing,
  { words, number, path }: { words: PageWords; number: number; path: string },
): string {
  const { purchase, reversals } = standing
  const told = reversals.map(({ type, reversal }) => {
    const amount = amountText(reversal.amount_minor ?? purchase.amount_minor, purchase)
    return `<li>${escaped(words.reversals[type](amount))}</li>`
  })
  const forms = PURCHASE_ACTIONS.filter((action) => action === 'tell-again' || stepOf(action, standing)).map(
    (action) => {
      const to = `${path}/purchases/${encodeURIComponent(purchase.transaction_id)}/${action}`
      const name = words.purchaseActions[action]
      const quiet = `<button class="quiet" formaction="${to}/silently" aria-label="${words.loseToo(name)}">${words.lose}</button>`
      return `<form method="post" action="${to}"><button>${name}</button>${action === 'tell-again' ? '' : quiet}</form>`
    },
  )
  return `<section aria-labelledby="payment-${number}">
<h2 id="payment-${number}">${escaped(words.payment(number, amountText(purchase.amount_minor, purchase)))}</h2>
<code>${escaped(purchase.transaction_id)}</code>
${told.length === 0 ? '' : `<ul>${told.join('')}</ul>`}
${forms.join('\n')}
</section>`
}

function deliveriesText(deliveries: readonly Delivery[], words: PageWords): string {
  if (deliveries.length === 0) return `<p class="state ended" role="status">${words.silent}</p>`
  const told = deliveries.map(
    ({ sent, status, answer }) =>
      `<h2>${words.sent}</h2><pre>${escaped(sent)}</pre><h2>${words.answered(status)}</h2><pre>${escaped(answer)}</pre>`,
  )
  return told.join('\n')
}

function pathOf({ order_id: orderId }: SandboxCheckout['session']): string {
  return `/sandbox/checkout/${encodeURIComponent(orderId)}`
}

function amountText(amountMinor: number, { currency }: Pick<SandboxPurchase, 'currency'>): string {
  const code = parseCurrency(currency)
  return code ? `${majorNumber({ minor: minorUnits(amountMinor), currency: code })} ${code}` : currency
}

function returnAddress({ return_url, order_id }: SandboxCheckout['session']): string {
  const url = new URL(return_url ?? '')
  url.searchParams.set('order_id', order_id)
  return url.href
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
