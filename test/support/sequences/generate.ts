import fc from 'fast-check'
import type { Call, Caller, Key, Moment, OrderRef, Someone, Step, StepOf } from '../model/steps.ts'

type Of<K extends Call['kind']> = fc.Arbitrary<StepOf<K>>

const caller = fc.constantFrom<Caller>('p0', 'p0', 'p0', 'p0', 'p1', 'p1', 'device', 'device')
/** Of calls about an order, most of which are the first player's. */
const orderer = fc.constantFrom<Caller>('p0', 'p0', 'p0', 'p0', 'p0', 'p0', 'p1', 'device')
/** Of calls that a game server makes too. */
const anyCaller = fc.constantFrom<Caller>('p0', 'p0', 'p0', 'p1', 'device', 'server')
const server = fc.constantFrom<Caller>(...Array<Caller>(11).fill('server'), 'p0')
const payer = fc.constantFrom(
  ...(['server', 'server', 'server', 'server', 'server', 'signed', 'signed', 'p0', 'device', 'forged'] as const),
)
const order = fc.constantFrom<OrderRef>('made-0', 'made-0', 'made-0', 'made-1', 'made-1', 'made-2', 'a', 'a', 'b', 'c')
/** Of calls about what was ordered here. */
const ourOrder = fc.constantFrom<OrderRef>('newest', 'newest', 'made-0', 'made-0', 'made-1', 'a')
const reward = fc.constantFrom<OrderRef>('rewarded', 'rewarded', 'rewarded', 'rewarded', 'rewarded', 'made-0', 'a')
const someone = fc.constantFrom<Someone>('p0', 'p0', 'p0', 'p0', 'p0', 'p1', 'p1', 'p2', 'p3')
const uid = fc.constantFrom<Someone | null>(null, null, null, 'p0', 'p0', 'p1', 'p2', 'p3')
const item = fc.constantFrom(1, 1, 1, 1, 1, 4, 4, 7, 7, 99)
const key = fc.constantFrom<Key | null>(null, null, null, 'k1', 'k1', 'k2')
const someKey = fc.constantFrom<Key>('k1', 'k2')
const limit = fc.constantFrom(100, 100, 3, 3, 1, 0, 101)
/** Whose invitation a login names: mostly nobody's. */
export const share = fc.constantFrom<Someone | null>(null, null, null, null, 'p0', 'p0', 'p1', 'p2', 'p3')
export const method = fc.constantFrom('GET' as const, 'POST' as const)

export const of = <K extends Call['kind']>(
  kind: K,
  fields: { [F in Exclude<keyof StepOf<K>, 'kind'>]: fc.Arbitrary<StepOf<K>[F]> },
): Of<K> => fc.record({ kind: fc.constant(kind), ...fields } as never) as unknown as Of<K>

/** The price of each item, and for item 1 also what it costs after an edit. */
const PRICES: Readonly<Record<number, readonly number[]>> = {
  1: [1999, 1999, 1999, 1999, 1999, 2499, 2499, 1],
  4: [9999, 9999, 9999, 9999, 9999, 1],
  7: [59_999],
  99: [100],
}
const priced = item.chain((id) => fc.record({ item: fc.constant(id), cents: fc.constantFrom(...(PRICES[id] ?? [1])) }))

export const pay: Of<'pay'> = fc
  .record({
    ...{ by: payer, order, uid: someone, priced },
    currency: fc.constantFrom(...Array<string>(9).fill('USD'), 'EUR'),
    transaction: fc.constantFrom(null, null, null, 't1', 't1', 't2', 't3'),
    key: fc.constantFrom<Key | null>(null, null, null, 'k1'),
  })
  .map(({ priced: { item: id, cents }, ...told }) => ({ kind: 'pay' as const, ...told, item: id, cents }))

/** A payment as it should be: of the first player's item 1, whatever order it is told of. */
export const rightPayment: Of<'pay'> = pay.map((told) => ({
  ...{ ...told, uid: 'p0', item: 1, currency: 'USD' },
  by: told.by === 'signed' ? 'signed' : 'server',
  cents: told.cents === 2499 ? 2499 : 1999,
}))

const fail: Of<'fail'> = of('fail', {
  by: payer,
  order,
  uid: someone,
  item,
  code: fc.constantFrom('CARD_DECLINED', 'PAYMENT_CANCELLED'),
})

const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
const wait: Of<'wait'> = of('wait', {
  ms: fc.constantFrom(
    9000,
    MINUTE_MS,
    29 * MINUTE_MS,
    31 * MINUTE_MS,
    4 * HOUR_MS,
    19 * HOUR_MS,
    24 * HOUR_MS,
    48 * HOUR_MS,
  ),
})
const waitUntil: Of<'wait_until'> = of('wait_until', {
  moment: fc.constantFrom<Moment>('order end', 'order end', 'gift', 'midnight', 'token end', 'next check', 'key end'),
  offsetMs: fc.constantFrom(-1 as const, 0 as const, 1 as const),
})
export const expiry: Of<'job'> = of('job', { name: fc.constant('expire-orders') })

export const makeOrder: Of<'order'> = of('order', {
  by: fc.constantFrom<Caller>('p0', 'p0', 'p0', 'p0', 'p0', 'p1', 'device'),
  item,
  channel: fc.constantFrom('sandbox', 'sandbox', 'sandbox', 'sandbox', 'server', 'nonesuch', 'signed'),
  key,
})
export const gift: Of<'gift'> = of('gift', { by: anyCaller, uid, key })
export const wallet: Of<'wallet'> = of('wallet', {
  ...{ by: server, uid: someone, key: someKey },
  currency: fc.constantFrom('coins' as const, 'coins' as const, 'tokens' as const),
  amount: fc.constantFrom(10_000, 10_000, 9_000, 100, -1, -100, -1_000, -10_000, Number.MAX_SAFE_INTEGER),
  header: fc.constantFrom<Key | null>(null, null, null, null, 'k1'),
})
export const progress: Of<'progress'> = of('progress', {
  ...{ by: server, uid: someone, key },
  level: fc.constantFrom(99.99, 99.99, 99.98, 12.5, 100, 0),
  vip: fc.constantFrom(0, 3),
})

/** Every kind of call, with how often it is made among others. */
const ANY: readonly [number, fc.Arbitrary<Step>][] = [
  [
    2,
    of('token', {
      asked: fc.constantFrom('client', 'client', 'client', 'client', 'server', 'wrong secret', 'unknown app'),
    }),
  ],
  [4, of('log_in', { identity: fc.constantFrom('p0', 'p0', 'p1', 'p2', 'p2'), method, share })],
  [1, of('log_out', {})],
  [2, of('rotate', { token: fc.constantFrom('live', 'live', 'live', 'dead', 'forged') })],
  [2, of('account', { by: anyCaller, uid })],
  [2, of('store', { by: anyCaller, uid, method })],
  [2, of('edit', { item1: fc.constantFrom('as seeded', 'dearer') })],
  [7, makeOrder],
  [4, of('cancel', { by: orderer, order: ourOrder, reason: fc.constantFrom(null, 'changed my mind'), key })],
  [2, of('read', { by: orderer, order })],
  [4, of('check', { by: orderer, order: ourOrder })],
  [
    6,
    of('press', {
      order: ourOrder,
      button: fc.constantFrom('pay', 'pay-twice', 'pay-silently', 'pay-silently', 'decline', 'cancel'),
    }),
  ],
  [
    3,
    of('history', {
      by: anyCaller,
      uid,
      method,
      limit,
      status: fc.constantFrom(
        null,
        null,
        'pending',
        'completed',
        'review',
        'failed',
        'cancelled',
        'expired',
        'refunded',
      ),
    }),
  ],
  [3, of('verify', { by: orderer, order: ourOrder, purchase: fc.constantFrom(1 as const, 1 as const, 2 as const) })],
  [8, pay],
  [10, rightPayment],
  [5, fail],
  [2, of('inbox', { by: caller, limit })],
  [6, of('claim', { by: orderer, order: reward, key })],
  [3, of('claim_all', { by: caller, key })],
  [3, of('calendar', { by: caller })],
  [5, gift],
  [2, of('user', { by: server, uid: someone })],
  [3, progress],
  [8, wallet],
  [2, of('ledger', { by: server, uid: someone, limit })],
  [5, wait],
  [6, waitUntil],
  [3, expiry],
  [2, of('job', { name: fc.constant('give-invite-rewards') })],
  [1, of('job', { name: fc.constant('sweep-idempotency-keys') })],
  [7, fc.record({ kind: fc.constant('again'), back: fc.constantFrom(1, 1, 2, 3) })],
]

/** One call of any kind. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(...ANY.map(([weight, arbitrary]) => ({ weight, arbitrary })))

const ownOrder = fc.constantFrom<OrderRef>('a', 'b', 'c')

/** What a platform and a player may tell of orders that nobody has ordered here: for calls that are made all at once. */
export const delivery: fc.Arbitrary<Call> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(pay, ownOrder).map(([told, named]): Call => ({ ...told, order: named })) },
  { weight: 3, arbitrary: fc.tuple(rightPayment, ownOrder).map(([told, named]): Call => ({ ...told, order: named })) },
  { weight: 2, arbitrary: fc.tuple(fail, ownOrder).map(([told, named]): Call => ({ ...told, order: named })) },
  { weight: 3, arbitrary: of('claim', { by: orderer, order: ownOrder, key }) },
  { weight: 1, arbitrary: of('claim_all', { by: orderer, key }) },
)
