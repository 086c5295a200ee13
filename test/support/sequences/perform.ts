import type { AppId } from '../../../src/kernel/ids.ts'
import { reasonOf } from '../model/server.ts'
import type { Call, FailureStep, HistoryStep, Key, PaymentStep, StepOf, Told, WalletStep } from '../model/steps.ts'
import { DEARER } from '../model/store.ts'
import { callSigned } from '../signed-call.ts'
import { type Answer, APP_ID, APP_SECRET, SIGNED_SECRET } from '../test-app.ts'
import {
  ask,
  type Cast,
  loginOf,
  messageIdOf,
  noteMessages,
  noteOrder,
  notePlayer,
  orderIdOf,
  tokenOf,
  toldBy,
  uidOf,
} from './cast.ts'
import { pressPage } from './press-page.ts'
import { readPages } from './read-pages.ts'

const API = '/api/v1'

type Perform<S extends Call> = (cast: Cast, step: S) => Promise<Told>

const PERFORM: { readonly [K in Call['kind']]: Perform<StepOf<K>> } = {
  token: startSession,
  log_in: logIn,
  log_out: async (cast) => toldBy(cast, await send(cast, { by: 'device', path: '/logout', body: {} })),
  rotate: rotateToken,
  account: (cast, { by, uid }) => tell(cast, { by, path: '/refresh', body: uidIn(cast, uid) }),
  store: (cast, { by, uid, method }) => tell(cast, { by, method, path: '/store/items', body: uidIn(cast, uid) }),
  edit: editItem,
  order: placeOrder,
  cancel: (cast, { by, order, reason, key }) => {
    const body = reason === null ? {} : { reason }
    return tell(cast, { by, path: `/orders/${orderIdOf(cast, order)}/cancel`, body, key })
  },
  read: (cast, { by, order }) => tell(cast, { by, method: 'GET', path: `/orders/${orderIdOf(cast, order)}` }),
  check: (cast, { by, order }) => tell(cast, { by, path: `/orders/${orderIdOf(cast, order)}/check`, body: {} }),
  press: pressPage,
  verify: (cast, { by, order, purchase }) => {
    const transaction = cast.purchases.get(order)?.[purchase - 1] ?? 'sbx_none'
    return tell(cast, {
      by,
      path: '/payment/verify',
      body: { payment_channel: 'sandbox', transaction_id: transaction },
    })
  },
  history: readHistory,
  pay: async (cast, step) => toldBy(cast, await notify(cast, step)),
  fail: async (cast, step) => toldBy(cast, await notify(cast, step)),
  inbox: async (cast, { by, limit }) => {
    await noteMessages(cast)
    return readPages(cast, {
      rows: 'messages',
      read: (page) => send(cast, { by, method: 'GET', path: '/inbox', body: page }),
      limit,
    })
  },
  claim: async (cast, { by, order, key }) => {
    await noteMessages(cast)
    return tell(cast, { by, path: `/inbox/${messageIdOf(cast, order)}/claim`, body: {}, key })
  },
  claim_all: async (cast, { by, key }) => {
    await noteMessages(cast)
    const told = await tell(cast, { by, path: '/inbox/claim_all', body: {}, key })
    // Which of several comes first is nobody's business.
    const claimed = told.facts?.['claimed'] as string[] | undefined
    return claimed ? { ...told, facts: { ...told.facts, claimed: claimed.toSorted() } } : told
  },
  calendar: (cast, { by }) => tell(cast, { by, method: 'GET', path: '/daily_gift' }),
  gift: (cast, { by, uid, key }) => tell(cast, { by, path: '/daily_gift', body: uidIn(cast, uid), key }),
  user: (cast, { by, uid }) => tell(cast, { by, method: 'GET', path: `/server/users/${uidOf(cast, uid)}` }),
  progress: (cast, { by, uid, level, vip, key }) => {
    const path = `/server/users/${uidOf(cast, uid)}/progress`
    return tell(cast, { by, method: 'PATCH', path, body: { level, vip_level: vip }, key })
  },
  wallet: changeWallet,
  ledger: readLedger,
  job: async ({ app }, { name }) => {
    await app.service.jobs.run(name)
    return { status: 200, facts: {} }
  },
  wait: async () => ({ status: 200, facts: {} }),
  wait_until: async () => ({ status: 200, facts: {} }),
}

/** Makes a call over HTTP and gives its answer in the words of the model. */
export function perform(cast: Cast, step: Call): Promise<Told> {
  return (PERFORM[step.kind] as Perform<Call>)(cast, step)
}

interface Request {
  readonly by: Parameters<typeof tokenOf>[1]
  /** `POST` when it is left out; the fields of a `GET` go into the query. */
  readonly method?: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly key?: Key | null
}

async function send(cast: Cast, { by, method = 'POST', path, body, key }: Request): Promise<Answer> {
  const headers = keyHeader(cast, key ?? null)
  const options = { ...(await tokenOf(cast, by)), headers }
  if (method !== 'GET') return ask(cast, method, API + path, { ...options, body })
  const query = new URLSearchParams(Object.entries(body ?? {}).map(([name, value]) => [name, String(value)]))
  return ask(cast, method, `${API}${path}${query.size > 0 ? `?${query}` : ''}`, options)
}

async function tell(cast: Cast, request: Request): Promise<Told> {
  return toldBy(cast, await send(cast, request))
}

function keyHeader({ name }: Cast, key: Key | null): Record<string, string> {
  return key === null ? {} : { 'idempotency-key': `${name}-${key}` }
}

function uidIn(cast: Cast, uid: StepOf<'account'>['uid']): { uid?: string } {
  return uid === null ? {} : { uid: uidOf(cast, uid) }
}

async function startSession(cast: Cast, { asked }: StepOf<'token'>): Promise<Told> {
  const appId = asked === 'unknown app' ? 'com.example.unknown' : APP_ID
  const secret = { server: { appSecret: APP_SECRET }, 'wrong secret': { appSecret: 'wrong' } } as const
  const body = { appId, ...(asked === 'server' || asked === 'wrong secret' ? secret[asked] : {}) }
  const answer = await ask(cast, 'POST', `${API}/token`, { body })
  if (answer.status === 200 && asked === 'client') {
    cast.device = { token: answer.body.token, refresh: answer.body.refresh_token, dead: null }
  }
  return toldBy(cast, answer)
}

async function logIn(cast: Cast, { identity, method, share }: StepOf<'log_in'>): Promise<Told> {
  const body = { ...loginOf(cast, identity), ...(share === null ? {} : { shareId: uidOf(cast, share) }) }
  const answer = await send(cast, { by: 'device', method, path: '/login', body })
  if (answer.status === 200) notePlayer(cast, identity, answer.body.uid)
  return toldBy(cast, answer)
}

async function rotateToken(cast: Cast, { token }: StepOf<'rotate'>): Promise<Told> {
  const { device } = cast
  const shown = { live: device?.refresh, dead: device?.dead, forged: 'ses_forged.family.secret' }[token]
  const answer = await ask(cast, 'POST', `${API}/token/refresh`, { body: { refresh_token: shown } })
  if (answer.status === 200 && device) {
    cast.device = { token: answer.body.token, refresh: answer.body.refresh_token, dead: device.refresh }
  }
  return toldBy(cast, answer)
}

/** An edit by hand, as the console makes it: the figures of item 1, and the version that tells every process. */
async function editItem(cast: Cast, { item1 }: StepOf<'edit'>): Promise<Told> {
  const seeded = { cents: 1999, coins: 1000, base: 20, first: 10, later: 0 }
  const { cents, coins, base, first, later } = item1 === 'dearer' ? DEARER : seeded
  await cast.app.service.database.inTransaction(async (tx) => {
    const appId = APP_ID as AppId
    const figures = { coins, tokens_base: base, bonus_percent: later, first_charge_bonus_percent: first }
    await tx.updateTable('items').set(figures).where('app_id', '=', appId).where('item_id', '=', 1).execute()
    const prices = tx.updateTable('item_prices').set({ price_minor: cents as never })
    await prices.where('app_id', '=', appId).where('item_id', '=', 1).execute()
    const version = tx.updateTable('catalogues').set((eb) => ({ version: eb('version', '+', 1) }))
    await version.where('app_id', '=', appId).execute()
  })
  return { status: 200, facts: {} }
}

async function placeOrder(cast: Cast, { by, item, channel, key }: StepOf<'order'>): Promise<Told> {
  const body = { item_id: item, payment_channel: channel }
  const answer = await send(cast, { by, path: '/orders', body, key })
  if (answer.status === 200) noteOrder(cast, answer.body.order_id)
  return toldBy(cast, answer)
}

function readHistory(cast: Cast, { by, uid, method, status, limit }: HistoryStep): Promise<Told> {
  const wanted = { ...uidIn(cast, uid), ...(status === null ? {} : { status }) }
  const read = (page: object) => send(cast, { by, method, path: '/orders/history', body: { ...wanted, ...page } })
  return readPages(cast, { rows: 'data', read, limit })
}

async function notify(cast: Cast, step: PaymentStep | FailureStep): Promise<Answer> {
  const path = `${API}/payment/${step.kind === 'pay' ? 'success' : 'failure'}`
  const body = {
    order_id: orderIdOf(cast, step.order),
    uid: uidOf(cast, step.uid),
    item_id: step.item,
    payment_channel: 'signed',
    ...(step.kind === 'pay' ? { price: step.cents / 100, currency: step.currency } : { web_pay_error_code: step.code }),
    ...(step.kind === 'pay' && step.transaction !== null ? { transaction_id: `${cast.name}-${step.transaction}` } : {}),
  }
  const headers = keyHeader(cast, step.kind === 'pay' ? step.key : null)
  if (step.by === 'signed' || step.by === 'forged') {
    const secret = step.by === 'signed' ? SIGNED_SECRET : 'a secret that nobody has'
    return callSigned(cast.app, path, { body, secret, nowMs: cast.clock.nowMs(), headers })
  }
  return ask(cast, 'POST', path, { ...(await tokenOf(cast, step.by)), headers, body })
}

async function changeWallet(cast: Cast, step: WalletStep): Promise<Told> {
  const { by, uid, currency, amount, key, header } = step
  const body = { currency, amount, reason: reasonOf(amount), idempotency_key: `${cast.name}-${key}` }
  return tell(cast, { by, path: `/server/users/${uidOf(cast, uid)}/wallet`, body, key: header })
}

async function readLedger(cast: Cast, { by, uid, limit }: StepOf<'ledger'>): Promise<Told> {
  await noteMessages(cast)
  const path = `/server/users/${uidOf(cast, uid)}/ledger`
  return readPages(cast, { rows: 'data', read: (page) => send(cast, { by, method: 'GET', path, body: page }), limit })
}
