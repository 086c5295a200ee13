import { CannotGoOn, type Expected, field, type Json, text, type Walk } from './walk.ts'

const APP_ID = 'com.funtriolimited.slots.casino.free'

/** The new player of a walk. `run` makes its names fresh, so that one database can be walked again and again. */
export interface Player {
  readonly run: string
  readonly token: string
  readonly uid: string
}

export async function logIn({ step }: Walk, run: string): Promise<Player> {
  const session = await step({
    says: 'The game starts a session.',
    call: 'POST /api/v1/token',
    body: { appId: APP_ID },
    expect: { scope: 'client', expires_in: 10_800 },
  })
  const token = text(session, 'token')
  const loggedIn = await step({
    says: 'A new player logs in (type 1, Facebook; in `local` a bare id is enough).',
    call: `GET /api/v1/login?loginType=1&loginId=walkthrough-${run}`,
    token,
    expect: { is_new: true, coins: 0, tokens: 0, is_first_pay: 1 },
    show: ['uid', 'user_name'],
  })
  if (field(loggedIn, 'error') === 'proof_required') {
    throw new CannotGoOn('the server runs in `online`, where nobody logs in by a bare id: walk through one in `local`')
  }
  return { run, token, uid: text(loggedIn, 'uid') }
}

export async function buy({ step }: Walk, { token, uid, run }: Player): Promise<void> {
  await step({
    says: 'The store shows six packs, and item 1 with its first-charge bonus.',
    call: 'GET /api/v1/store/items',
    token,
    expect: { is_first_pay: 1, 'items.length': 6, 'items.0.id': 1, 'items.0.price': 19.99, 'items.0.tokens': 22 },
  })
  const body = payment({ order_id: `walk-${run}-1`, uid, transaction_id: `txn-${run}-1` })
  const granted: Expected = {
    order_status: 'completed',
    coins_granted: 1000,
    tokens_granted: 22,
    is_first_charge: true,
    'balance.coins': 1000,
  }
  const success = { call: 'POST /api/v1/payment/success', token, body } as const
  await step({ says: 'The platform says that item 1 was paid.', ...success, expect: { ...granted, replayed: false } })
  await step({
    says: 'It says so again: the same answer, and nothing is granted twice.',
    ...success,
    expect: { ...granted, replayed: true },
  })
}

export async function refuseWrongPrice({ step }: Walk, { token, uid, run }: Player): Promise<void> {
  await step({
    says: 'A payment of one cent is refused, and waits for a person.',
    call: 'POST /api/v1/payment/success',
    token,
    body: payment({ order_id: `walk-${run}-2`, uid, transaction_id: `txn-${run}-2`, price: 0.01 }),
    status: 409,
    expect: { error: 'price_mismatch', action: 'contact_support' },
  })
}

export async function failThenSucceed({ step }: Walk, { token, uid, run }: Player): Promise<void> {
  const order = { order_id: `walk-${run}-3`, uid, item_id: 2 }
  const failure = { ...order, web_pay_error_code: 'CARD_DECLINED', payment_channel: 'stripe' }
  await step({
    says: 'A card is declined: the failure is recorded.',
    call: 'POST /api/v1/payment/failure',
    token,
    body: failure,
    expect: { order_status: 'failed', error_code: 'CARD_DECLINED' },
  })
  await step({
    says: 'Then the same order is paid after all: late success wins, now without the first-charge bonus.',
    call: 'POST /api/v1/payment/success',
    token,
    body: payment({ ...order, price: 29.99, transaction_id: `txn-${run}-3` }),
    expect: {
      order_status: 'completed',
      coins_granted: 2000,
      tokens_granted: 30,
      is_first_charge: false,
      'balance.coins': 3000,
    },
  })
  await step({
    says: 'A failure that comes late undoes nothing.',
    call: 'POST /api/v1/payment/failure',
    token,
    body: failure,
    expect: { order_status: 'completed' },
  })
}

export async function claimRewards({ step }: Walk, { token }: Player): Promise<void> {
  const inbox = await step({
    says: 'Both rewards wait in the inbox.',
    call: 'GET /api/v1/inbox',
    token,
    expect: { 'messages.length': 2, 'messages.0.state': 'unclaimed' },
    show: ['messages.0.tokens', 'messages.1.tokens'],
  })
  const newest = Number(field(inbox, 'messages.0.tokens'))
  const claim = {
    call: `POST /api/v1/inbox/${text(inbox, 'messages.0.id')}/claim`,
    token,
    body: {},
  } as const
  await step({
    says: 'The player claims one.',
    ...claim,
    expect: { tokens: newest, 'balance.tokens': newest },
  })
  await step({ says: 'And cannot claim it twice.', ...claim, status: 409, expect: { error: 'already_claimed' } })
  await step({
    says: 'The player claims all that is left.',
    call: 'POST /api/v1/inbox/claim_all',
    token,
    body: {},
    expect: { 'balance.coins': 3000, 'balance.tokens': 52, more: false },
  })
}

export async function readHistory({ step, note }: Walk, { token, run }: Player): Promise<void> {
  const history = await step({
    says: 'The history shows three orders.',
    call: 'GET /api/v1/orders/history?limit=10',
    token,
    expect: { 'data.length': 3, next_cursor: null },
  })
  const rows = field(history, 'data')
  const told = Array.isArray(rows) ? rows.map((row: Json) => `${row['order_id']}=${row['order_status']}`).sort() : []
  const wanted = [`walk-${run}-1=completed`, `walk-${run}-2=review`, `walk-${run}-3=completed`]
  if (told.join() !== wanted.join()) note(`the history says ${told.join(', ')}; it should say ${wanted.join(', ')}`)
}

/** The player leaves. */
export async function logOut({ step }: Walk, { token }: Player): Promise<void> {
  await step({ says: 'The player logs out.', call: 'POST /api/v1/logout', token, body: {}, expect: {} })
  await step({
    says: 'The token is dead at once.',
    call: 'GET /api/v1/store/items',
    token,
    status: 401,
    expect: { error: 'session_revoked' },
  })
}

/** What a platform tells of a payment of item 1. */
export function payment(fields: Json): Json {
  return { item_id: 1, price: 19.99, currency: 'USD', payment_channel: 'stripe', ...fields }
}
