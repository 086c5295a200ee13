import { type Player, payment } from './purchases.ts'
import { text, type Walk } from './walk.ts'

const { APP_ID = 'com.funtriolimited.slots.casino.free', APP_SECRET = 'local-app-secret' } = process.env

/** Two orders: one is paid as it promised, one is given up. */
export async function orderItems({ step }: Walk, { token, uid, run }: Player): Promise<void> {
  const order = await step({
    says: 'The player orders item 3: its price and rewards are promised for half an hour.',
    call: 'POST /api/v1/orders',
    token,
    body: { item_id: 3, payment_channel: 'sandbox' },
    expect: { order_status: 'pending', price: 49.99, coins: 5000, tokens: 50, 'checkout.kind': 'url' },
    show: ['checkout.url'],
  })
  await step({
    says: 'It is paid as it promised.',
    call: 'POST /api/v1/payment/success',
    token,
    body: payment({
      ...{ order_id: text(order, 'order_id'), uid, item_id: 3, price: 49.99 },
      transaction_id: `txn-${run}-4`,
    }),
    expect: { order_status: 'completed', coins_granted: 5000, tokens_granted: 50, 'balance.coins': 8000 },
  })
  const second = await step({
    says: 'A second order.',
    call: 'POST /api/v1/orders',
    token,
    body: { item_id: 1, payment_channel: 'sandbox' },
    expect: { order_status: 'pending' },
  })
  await step({
    says: 'The player gives it up.',
    call: `POST /api/v1/orders/${text(second, 'order_id')}/cancel`,
    token,
    body: { reason: 'changed my mind' },
    expect: { order_status: 'cancelled', error_code: 'PAYMENT_CANCELLED' },
  })
}

/** Today's gift, once. */
export async function claimGift({ step }: Walk, { token }: Player): Promise<void> {
  await step({
    says: "Today's gift waits.",
    call: 'GET /api/v1/daily_gift',
    token,
    expect: { daily_gift: 1, streak: 0, day: 1, 'days.length': 7 },
  })
  const claim = { call: 'POST /api/v1/daily_gift', token, body: {} } as const
  await step({
    says: 'The player claims it.',
    ...claim,
    expect: { day: 1, coins: 100, 'balance.coins': 8100, daily_gift: 0 },
  })
  await step({
    says: 'There is one a day.',
    ...claim,
    status: 409,
    expect: { error: 'already_claimed', err_code: 999 },
  })
}

/** The game's own server spends coins of the player, once for each key. */
export async function spendCoins({ step }: Walk, { uid, run }: Player): Promise<void> {
  const session = await step({
    says: "The game's own server gets its token.",
    call: 'POST /api/v1/token',
    body: { appId: APP_ID, appSecret: APP_SECRET },
    expect: { scope: 'server' },
  })
  const token = text(session, 'token')
  const spend = {
    call: `POST /api/v1/server/users/${uid}/wallet`,
    token,
    body: { currency: 'coins', amount: -600, reason: 'Six spins', idempotency_key: `spin-${run}` },
  } as const
  await step({ says: 'It takes 600 coins for six spins.', ...spend, expect: { amount: -600, 'balance.coins': 7500 } })
  await step({
    says: 'It asks again with the same key: the same answer, and nothing more is taken.',
    ...spend,
    expect: { amount: -600, 'balance.coins': 7500 },
  })
  await step({
    says: 'More than there is cannot be spent.',
    ...spend,
    body: { ...spend.body, amount: -7501, idempotency_key: `spin-${run}-more` },
    status: 409,
    expect: { error: 'insufficient_balance' },
  })
  await step({
    says: 'The ledger tells it all, newest first.',
    call: `GET /api/v1/server/users/${uid}/ledger?limit=2`,
    token,
    expect: { 'data.0.kind': 'game', 'data.0.reason': 'Six spins', 'data.1.kind': 'daily_gift' },
  })
}
