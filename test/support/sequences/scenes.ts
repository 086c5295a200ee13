import fc from 'fast-check'
import { inviteMessageName } from '../model/invites.ts'
import type { Caller, Moment, OrderRef, Step } from '../model/steps.ts'
import {
  anyStep,
  expiry,
  gift,
  HOUR_MS,
  makeOrder,
  method,
  of,
  pay,
  progress,
  rightPayment,
  share,
  wallet,
} from './generate.ts'

/** A sequence: the time of day at which it starts, and its calls in turn. */
export interface Sequence {
  readonly startsAtMinute: number
  readonly steps: readonly Step[]
}

/** Whoever has so much can be given no more. */
const MOST = Number.MAX_SAFE_INTEGER - 2

const newest = fc.constant<OrderRef>('newest')
const firstPlayer = fc.constant<Caller>('p0')

const firstOrder = makeOrder.map((step): Step => ({ ...step, by: 'p0', item: step.item > 4 ? 1 : step.item }))

const onDevice: fc.Arbitrary<Step> = fc.oneof(
  of('log_in', { identity: fc.constantFrom('p0', 'p1', 'p2'), method, share }),
  of('rotate', { token: fc.constantFrom('live', 'live', 'dead') }),
  of('account', { by: fc.constant<Caller>('device'), uid: fc.constant(null) }),
  of('log_out', {}),
)

/** A device that somebody has logged in on, and what becomes of it. */
const device = fc
  .tuple(
    of('token', { asked: fc.constant('client') }),
    of('log_in', { identity: fc.constantFrom('p0', 'p2', 'p2'), method, share }),
    fc.array(onDevice, { maxLength: 3 }),
  )
  .map(([token, login, more]): Step[] => [token, login, ...more])

/** An order that its platform is paid for, with a notice or without. */
const paidOrder = fc.tuple(
  makeOrder,
  of('press', { order: newest, button: fc.constantFrom('pay', 'pay-silently') }),
  fc.oneof(
    anyStep,
    of('verify', { by: firstPlayer, order: newest, purchase: fc.constant(1) }),
    of('check', { by: firstPlayer, order: newest }),
  ),
)

/** The platform is asked about an order, and asked again when it may be, or a moment too soon. */
const askedTwice = fc
  .tuple(fc.constantFrom('pay-silently' as const, null), fc.constantFrom(-1 as const, 0 as const, 1 as const))
  .map(([button, offsetMs]): Step[] => [
    { kind: 'order', by: 'p0', item: 1, channel: 'sandbox', key: null },
    { kind: 'check', by: 'p0', order: 'newest' },
    ...(button ? [{ kind: 'press', order: 'newest', button } as const] : []),
    { kind: 'wait_until', moment: 'next check', offsetMs },
    { kind: 'check', by: 'p0', order: 'newest' },
  ])

/** The same payment, first without the platform's id, then with one, then with whatever id. */
const idToldLate = fc
  .tuple(rightPayment, fc.constantFrom('t1' as const, 't2' as const, null), fc.constantFrom('same', 'another'))
  .map(([told, transaction, order]): Step[] => [
    { ...told, transaction: null },
    { ...told, transaction: 't1' },
    { ...told, transaction, order: order === 'same' ? told.order : 'b' },
  ])

/** An order, and its end by the clock. */
const lateOrder = fc.tuple(
  makeOrder,
  of('wait_until', { moment: fc.constant('order end'), offsetMs: fc.constantFrom(-1, 0, 1) }),
  expiry,
  gift,
)

/** An order that keeps its promise while the catalogue changes. */
const frozenOrder = fc
  .tuple(rightPayment, fc.constantFrom('as seeded' as const, 'dearer' as const))
  .map(([told, item1]): Step[] => [
    { kind: 'order', by: 'p0', item: 1, channel: 'server', key: null },
    { kind: 'edit', item1 },
    { ...told, order: 'newest', transaction: null },
  ])

/** A call that its key protects, and the same again when the key may be free. */
const keyLater = fc
  .tuple(
    fc.oneof(
      gift.map((step): Step => ({ ...step, by: 'p0', uid: null, key: 'k1' })),
      makeOrder.map((step): Step => ({ ...step, by: 'p0', item: 1, key: 'k1' })),
      wallet.map((step): Step => ({ ...step, by: 'server', uid: 'p0', amount: 100, header: null })),
      progress.map((step): Step => ({ ...step, by: 'server', uid: 'p0', key: 'k1' })),
      of('claim_all', { by: firstPlayer, key: fc.constant('k1' as const) }),
    ),
    fc.constantFrom<Step>({ kind: 'wait', ms: 23 * HOUR_MS }, { kind: 'wait', ms: 25 * HOUR_MS }),
  )
  .map(([step, wait]): Step[] => [step, wait, { kind: 'again', back: 2 }])

/** Orders enough for a second page of everything. */
const pages = fc
  .tuple(firstOrder, rightPayment, rightPayment, method)
  .map(([step, first, second, by]): Step[] => [
    step,
    { ...first, order: 'newest', transaction: null },
    { ...second, order: 'b', transaction: null },
    { kind: 'history', by: 'p0', uid: null, method: by, status: null, limit: 1 },
    { kind: 'inbox', by: 'p0', limit: 1 },
    { kind: 'ledger', by: 'server', uid: 'p0', limit: 1 },
  ])

/** Gifts day after day; now and then one is missed. */
const days = fc.array(fc.constantFrom(24, 24, 24, 24, 24, 24, 20, 48), { minLength: 2, maxLength: 9 }).map((hours) =>
  hours.flatMap((hour): Step[] => [
    { kind: 'gift', by: 'p0', uid: null, key: null },
    { kind: 'wait', ms: hour * HOUR_MS },
  ]),
)

/** A gift, and the next one about the moment at which it may be had: after twenty hours, and on another date. */
const giftAgain = fc
  .tuple(fc.constantFrom<Moment>('gift', 'midnight'), fc.constantFrom(-1 as const, 0 as const, 1 as const))
  .map(([moment, offsetMs]): Step[] => {
    const gift = { kind: 'gift', by: 'p0', uid: null, key: null } as const
    return [gift, { kind: 'wait_until', moment, offsetMs }, { kind: 'calendar', by: 'p0' }, gift]
  })

/** The first player becomes premium or nearly so, and goes for an item that only such a player may buy. */
const premium = fc
  .tuple(
    fc.constantFrom(10_000, 10_000, 9_999),
    fc.constantFrom(99.99, 99.99, 99.98),
    fc.oneof(
      makeOrder.map((step): Step => ({ ...step, by: 'p0', item: 7 })),
      pay.map((step): Step => ({ ...step, by: 'server', uid: 'p0', item: 7, cents: 59_999, currency: 'USD' })),
      of('store', { by: firstPlayer, uid: fc.constant(null), method }),
    ),
  )
  .map(([amount, level, goal]): Step[] => [
    { kind: 'wallet', by: 'server', uid: 'p0', currency: 'coins', amount, key: 'k1', header: null },
    { kind: 'progress', by: 'server', uid: 'p0', level, vip: 0, key: null },
    goal,
  ])

/** Somebody whom the first player has invited pays for the first time, and what it brings to both is claimed. */
const invitation = fc
  .tuple(
    rightPayment,
    fc.constantFrom<Step>(
      { kind: 'again', back: 1 },
      { kind: 'job', name: 'give-invite-rewards' },
      { kind: 'wallet', by: 'server', uid: 'p0', currency: 'tokens', amount: MOST, key: 'k2', header: null },
    ),
    fc.constantFrom<Step>(
      { kind: 'claim', by: 'p0', order: inviteMessageName('p2', 'inviter'), key: null },
      { kind: 'claim', by: 'device', order: inviteMessageName('p2', 'invited'), key: 'k1' },
      { kind: 'claim_all', by: 'p0', key: null },
      { kind: 'inbox', by: 'p0', limit: 100 },
    ),
    anyStep,
  )
  .map(([told, between, claim, more]): Step[] => [
    { kind: 'token', asked: 'client' },
    { kind: 'log_in', identity: 'p2', method: 'POST', share: 'p0' },
    { ...told, uid: 'p2', order: 'c', transaction: null },
    between,
    { kind: 'job', name: 'give-invite-rewards' },
    claim,
    more,
    { kind: 'ledger', by: 'server', uid: 'p0', limit: 100 },
  ])

/** Mostly one call, and short stories that chance alone would tell too rarely. */
const chapter: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 60, arbitrary: anyStep.map((step) => [step]) },
  { weight: 4, arbitrary: device },
  { weight: 3, arbitrary: paidOrder },
  { weight: 2, arbitrary: lateOrder },
  { weight: 1, arbitrary: askedTwice },
  { weight: 1, arbitrary: idToldLate },
  { weight: 1, arbitrary: frozenOrder },
  { weight: 1, arbitrary: keyLater },
  { weight: 1, arbitrary: pages },
  { weight: 1, arbitrary: days },
  { weight: 1, arbitrary: giftAgain },
  { weight: 2, arbitrary: premium },
  { weight: 2, arbitrary: invitation },
)

const firstPayment = rightPayment.map((step): Step => ({ ...step, order: 'made-0', cents: 1999 }))

/** Most sequences open with an order of the first player, paid or not, or with a device: without them little happens. */
const opening: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 3, arbitrary: firstOrder.map((step) => [step]) },
  { weight: 3, arbitrary: fc.tuple(firstOrder, firstPayment) },
  { weight: 1, arbitrary: device },
  { weight: 1, arbitrary: fc.constant([]) },
)

// Without a bias for what stands first and last in a list: each call is made as often as its weight says.
export const sequence: fc.Arbitrary<Sequence> = fc.noBias(
  fc.record({
    startsAtMinute: fc.constantFrom(30, 9 * 60 + 30, 19 * 60, 23 * 60 + 30),
    steps: fc
      .tuple(opening, fc.array(chapter, { minLength: 3, maxLength: 12, size: 'max' }))
      .map(([first, rest]) => [...first, ...rest.flat()]),
  }),
)
