import type { SandboxMessage, SandboxPurchase } from '../channels/sandbox/index.ts'
import type { Action } from './page-words.ts'
import { messageOf, type PlayedPlatform, type SandboxCheckout, standingOf } from './platform.ts'
import type { PurchaseAction } from './reversals.ts'

/** Does what a button of a checkout says, and gives what the platform has to tell of it. */
export async function press(
  platform: PlayedPlatform,
  { action, checkout }: { action: Action; checkout: SandboxCheckout },
): Promise<SandboxMessage[]> {
  const pay = async (shortMinor = 0): Promise<SandboxMessage> => paid(await platform.pay(checkout, { shortMinor }))
  const failed = (code: string): SandboxMessage => {
    const { item_name: _, return_url: __, expires_at_ms: ___, ...wanted } = checkout.session
    return { type: 'payment.failed', code, purchase: { transaction_id: 'sbx_none', ...wanted } }
  }
  switch (action) {
    case 'pay':
      return [await pay()]
    case 'pay-twice':
      return [await pay(), await pay()]
    case 'pay-short':
      return [await pay(1)]
    case 'pay-silently':
      await pay()
      return []
    case 'decline':
      return [failed('CARD_DECLINED')]
    case 'cancel':
      return [failed('PAYMENT_CANCELLED')]
  }
}

/** Does what a button of a payment says. One that can do nothing any more, as on a page from before, tells nothing. */
export async function pressOfPurchase(
  platform: PlayedPlatform,
  wish: { action: PurchaseAction; checkout: SandboxCheckout; purchase: SandboxPurchase; nowMs: number },
): Promise<SandboxMessage[]> {
  const { action, checkout, purchase, nowMs } = wish
  if (action === 'tell-again') {
    const { reversals } = standingOf(checkout, purchase)
    return [paid(purchase), ...reversals.map((kept) => messageOf(purchase, kept))]
  }
  const message = await platform.act(purchase, { action, nowMs })
  return message ? [message] : []
}

function paid(purchase: SandboxPurchase): SandboxMessage {
  return { type: 'payment.succeeded', purchase }
}
