import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel } from '../../src/channels/channel.ts'
import { openChannels } from '../../src/channels/registry.ts'
import { loadConfig } from '../../src/config/load.ts'
import { reconcile } from '../../src/features/reconciliation/index.ts'
import { assertBooks } from './books.ts'
import type { Running } from './every-engine.ts'
import type { FakeClock } from './fake-clock.ts'
import { messageDepsOn } from './message-deps.ts'
import type { Answer, TestApp } from './test-app.ts'

/** What becomes of an order that was paid. */
export type Fate = 'paid' | 'refunded' | 'refunded in part' | 'refunded in two parts' | 'given again' | 'lost' | 'won'

/** A callback that the platform would send, and list. */
export interface Telling {
  /** In words that are counted: of each some must get lost. */
  readonly kind: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** True where the next one of the same order says anew what this one is about: where that came, or is listed first, nothing is missed. */
  readonly isOvertaken?: boolean
}

/** A platform that lists what it tells, and whose channel the server has. */
export interface DroppingPlatform {
  readonly instance: string
  /** How many are bought. */
  readonly orders: number
  /** What becomes of them, one after the other, and again from the first. */
  readonly fates: readonly Fate[]
  /** How much goes back where it is a part. */
  readonly partMinor?: number
  /** True where its list names payments by more than its callbacks do, so that one of a lost payment is told anew by it. */
  readonly namesMoreInList?: boolean
  /** What each of them costs, taxes included, where it is not the price alone. */
  readonly chargedMinor?: number
  /** True where devices tell what was paid, and the list only what went back. */
  readonly isPaidByDevice?: boolean
  /** A player buys, and it comes to what it shall; gives the callbacks that tell of it, oldest first. */
  happen(
    app: TestApp,
    bought: { no: number; fate: Fate; token: string; uid: string },
  ): Promise<{ orderId: string; told: readonly Telling[] }>
  /** How an answer other than the usual ones takes a callback. */
  isTaken?(answer: Answer, callback: Telling): boolean
  /** Puts what it lists into the sequence in which it lists. */
  sort?(): void
}

/** What takes in what was lost. */
export const HEALERS = ['a poll', 'a reconciliation'] as const
export type Healer = (typeof HEALERS)[number]

const PRICE_MINOR = 1999
const COINS = 1_000
// A player has few orders that wait.
const ORDERS_A_PLAYER = 10
const DROPPED_EVERY = 10
const TOGETHER = 25
const HOUR_MS = 60 * 60_000
// Some of every kind, or the test shows nothing of that kind.
const DROPPED_OF_A_KIND_MIN = 2

interface Happened {
  readonly uid: string
  readonly fate: Fate
  readonly orderId: string
  readonly told: readonly Telling[]
}

/**
 * Orders are paid, and some of them refunded and disputed; every tenth callback gets lost. Then one thing heals: in the end
 * no paid order is undelivered, no refund unbooked, and what had come is not taken in again.
 */
export function dropsAreHealed(
  on: Running,
  {
    healer,
    platform,
    clock,
    channel,
  }: { healer: Healer; platform: DroppingPlatform; clock: FakeClock; channel?: Channel },
): void {
  const { orders: count, fates } = platform
  test(`every tenth callback of ${count} orders gets lost, and ${healer} leaves none undelivered`, async (t) => {
    const players = await inTurns(count / ORDERS_A_PLAYER, (no) => on.app.logIn(`dropped-${healer}-${no}`))
    const orders = await inTurns(count, async (no): Promise<Happened> => {
      const player = players[no % players.length]
      const fate = fates[no % fates.length]
      assert.ok(player && fate)
      return { uid: player.uid, fate, ...(await platform.happen(on.app, { no, fate, ...player })) }
    })
    const { dropped, leastMissed, mostMissed } = await tellMost(on.app, { platform, orders })
    const before = await unlike(on.app, { platform, orders })
    assert.ok(before.length >= dropped / 4, 'a test that loses nothing proves nothing')

    platform.sort?.()
    const heal = async (): Promise<number> => {
      clock.moveMs(60_000)
      if (healer === 'a poll') return await on.app.service.jobs.run(`poll-platforms ${platform.instance}`)
      return await reconciled(on.app, { platform, clock, orders, channel: channel ?? channelOf(on.app, platform) })
    }
    const healed = await heal()
    t.diagnostic(
      `${count} orders, ${dropped} dropped (${leastMissed} to ${mostMissed} missed), ${before.length} wrong, ${healed} healed`,
    )
    assert.deepEqual(await unlike(on.app, { platform, orders }), [])
    await assertCoins(on.app, { platform, orders })
    const isMore = healed > mostMissed && !(platform.namesMoreInList && healer === 'a poll')
    assert.ok(healed >= leastMissed && !isMore, `what had come is not taken in again: ${healed} of ${mostMissed}`)
    assert.equal(await heal(), 0, 'what is read twice is taken in once')
    await assertBooks(on.app)
  })
}

/**
 * Delivers nine in ten: of each ten another one is lost, so that no kind is spared by its place. What is told of one order
 * comes in its sequence, as days lie between; many orders are told of at a time.
 */
async function tellMost(
  app: TestApp,
  { platform, orders }: { platform: DroppingPlatform; orders: readonly Happened[] },
): Promise<{ dropped: number; leastMissed: number; mostMissed: number }> {
  const callbacks = orders.flatMap(({ told }) => told)
  const lost = new Set(callbacks.filter((_, no) => isDropped(no)))
  await inTurns(orders.length, async (no) => {
    for (const callback of orders[no]?.told ?? []) {
      if (lost.has(callback)) continue
      const { path, headers, body } = callback
      const answer = await app.call('POST', path, { headers, body })
      const isTaken = answer.status === 200 || answer.status === 204 || platform.isTaken?.(answer, callback)
      assert.ok(isTaken, `${answer.status} ${JSON.stringify(answer.body)}`)
    }
  })
  const kinds = Map.groupBy(lost, ({ kind }) => kind)
  for (const { kind } of callbacks) {
    assert.ok((kinds.get(kind)?.length ?? 0) >= DROPPED_OF_A_KIND_MIN, `some of ${kind} get lost`)
  }
  const overtaken = orders.flatMap(({ told }) =>
    told.flatMap((one, no) => (one.isOvertaken && lost.has(one) ? [told[no + 1]] : [])),
  )
  const known = overtaken.filter((next) => next !== undefined && !lost.has(next))
  return { dropped: lost.size, leastMissed: lost.size - overtaken.length, mostMissed: lost.size - known.length }
}

function isDropped(no: number): boolean {
  return no % DROPPED_EVERY === Math.floor(no / DROPPED_EVERY) % DROPPED_EVERY
}

/** Compares and applies; gives how many differences it healed. Both sides then have the same sums, which are the right ones. */
async function reconciled(
  app: TestApp,
  about: { platform: DroppingPlatform; clock: FakeClock; orders: readonly Happened[]; channel: Channel },
): Promise<number> {
  const { platform, clock, orders, channel } = about
  const [fromMs, untilMs] = [clock.nowMs() - HOUR_MS, clock.nowMs()]
  const wanted = { channel, fromMs, untilMs, rows: null, apply: true, progress: () => undefined }
  const done = await reconcile(messageDepsOn(app.service.database, { variables: app.variables, clock }), wanted)
  assert.ok(done.ok)
  const counts = [...done.value.counts.values()]
  assert.equal(
    counts.reduce((sum, { open }) => sum + open, 0),
    0,
    JSON.stringify(done.value.differences.filter(({ isHealed }) => !isHealed).slice(0, 3)),
  )
  const [dollars] = done.value.totals
  const back = orders.reduce((sum, { fate }) => sum + endOf(platform, fate).backMinor, 0)
  const paid = platform.isPaidByDevice ? 0 : orders.length * (platform.chargedMinor ?? PRICE_MINOR)
  const right = { paid: BigInt(paid), back: BigInt(back) }
  assert.deepEqual([dollars?.there, dollars?.here], [right, right])
  return counts.reduce((sum, { healed }) => sum + healed, 0)
}

/** The channel of an instance as the server's configuration has it. */
function channelOf({ variables }: TestApp, { instance: name }: DroppingPlatform): Channel {
  const loaded = loadConfig(variables)
  assert.ok(loaded.ok)
  const own = loaded.config.channels.filter(({ instance }) => instance === name)
  const channel = openChannels(own, { means: { sandbox: null }, standIn: false }).byInstance(name)
  assert.ok(channel)
  return channel
}

/** What a fate comes to: how the order stands, and how much of its money went back. */
function endOf(
  { partMinor = 0, chargedMinor = PRICE_MINOR }: DroppingPlatform,
  fate: Fate,
): { status: string; backMinor: number } {
  switch (fate) {
    case 'paid':
    case 'given again':
    case 'won':
      return { status: 'completed', backMinor: 0 }
    case 'refunded in part':
      return { status: 'completed', backMinor: partMinor }
    case 'refunded':
    case 'refunded in two parts':
    case 'lost':
      return { status: 'refunded', backMinor: chargedMinor }
  }
}

/** The orders that do not stand as what happened to them demands. */
async function unlike(
  app: TestApp,
  { platform, orders }: { platform: DroppingPlatform; orders: readonly Happened[] },
): Promise<string[]> {
  const rows = await app.service.database.db.selectFrom('orders').selectAll().execute()
  const byId = new Map(rows.map((row) => [row.order_id as string, row]))
  return orders.flatMap(({ orderId, fate, told }) => {
    const { status } = endOf(platform, fate)
    const row = byId.get(orderId)
    const isRight = row?.status === status && (status === 'refunded' || row.granted_payment_id !== null)
    return isRight ? [] : [`${orderId}: ${fate} (${told.length} told) is ${row?.status}`]
  })
}

/** The coins of each player are those of what they paid for, less what of it went back: parts of an order count too. */
async function assertCoins(
  app: TestApp,
  { platform, orders }: { platform: DroppingPlatform; orders: readonly Happened[] },
): Promise<void> {
  const players = await app.service.database.db.selectFrom('users').selectAll().execute()
  const { chargedMinor: charged = PRICE_MINOR } = platform
  const ofPlayer = Map.groupBy(orders, ({ uid }) => uid)
  const due = [...ofPlayer].map(([uid, own]) => {
    const left = own.map(({ fate }) => COINS - Math.floor((COINS * endOf(platform, fate).backMinor) / charged))
    return [uid, left.reduce((sum, coins) => sum + coins, 0)] as const
  })
  const has = new Map(players.map(({ user_id, coins }) => [String(user_id), coins]))
  assert.deepEqual(
    due.map(([uid]) => [uid, has.get(uid)]),
    due,
  )
}

async function inTurns<T>(count: number, work: (no: number) => Promise<T>): Promise<T[]> {
  const done: T[] = []
  for (let at = 0; at < count; at += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, count - at) }, (_, index) => work(at + index))
    done.push(...(await Promise.all(some)))
  }
  return done
}
