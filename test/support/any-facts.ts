import { type Purchase, purchase, type Telling, tellingOf } from './reversals.ts'

/** Numbers that are the same for the same seed. */
export interface Random {
  below(limit: number): number
  chance(percent: number): boolean
  pick<T>(from: readonly T[]): T
  shuffled<T>(items: readonly T[]): T[]
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    chance: (percent) => below(100) < percent,
    pick: (from) => {
      const [picked] = from.slice(below(from.length))
      if (picked === undefined) throw new Error('there is nothing to pick from')
      return picked
    },
    shuffled: (items) =>
      items
        .map((item) => ({ item, at: next() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ item }) => item),
  }
}

/** What the platform says of one refund or dispute, by its own clock. */
export interface Fact extends Telling {
  readonly type: Exclude<Telling['type'], 'payment.succeeded'>
  readonly id: string
  readonly atMs: number
}

/** Money that was paid, and everything that ever became of it. */
export interface Charge {
  readonly bought: Purchase
  readonly isTold: boolean
  readonly facts: readonly Fact[]
}

/** Everything that happens about one order, in no order at all. */
export interface OrderFacts {
  readonly orderId: string
  readonly uid: string
  readonly hasFailed: boolean
  readonly charges: readonly Charge[]
}

const PACKS = [
  { item_id: 1, amount_minor: 1999 },
  { item_id: 2, amount_minor: 2999 },
  { item_id: 4, amount_minor: 9999 },
] as const

/** An order's story: mostly one payment, sometimes a failure before, two payments, a wrong price, or notices alone. */
export function anyOrder(random: Random, { orderId, uid }: { orderId: string; uid: string }): OrderFacts {
  const pack = random.pick(PACKS)
  const charge = (no: number): Charge => {
    const amount_minor = random.chance(8) ? 1 : pack.amount_minor
    const transaction_id = `sbx_${orderId}_${no}`
    const bought = purchase({ order_id: orderId, uid, ...pack, amount_minor, transaction_id })
    return { bought, isTold: !random.chance(3), facts: anyFacts(random, amount_minor) }
  }
  const count = random.chance(2) ? 0 : random.chance(12) ? 2 : 1
  const charges = Array.from({ length: count }, (_, no) => charge(no))
  return { orderId, uid, hasFailed: count === 0 || random.chance(15), charges }
}

function anyFacts(random: Random, priceMinor: number): Fact[] {
  const facts: Fact[] = []
  const refunds = random.chance(60) ? 0 : 1 + random.below(2)
  for (let no = 0; no < refunds; no++) {
    // Mostly one sum for its whole life; a platform may also tell another one later.
    const isAll = random.chance(40)
    const amountMinor = 1 + random.below(priceMinor)
    const times = random.chance(60) ? 1 : random.chance(50) ? 2 : 3
    for (let n = 0; n < times; n++) {
      const type = n % 2 === 0 ? 'refund.succeeded' : 'refund.reversed'
      const amount = random.chance(15) ? 1 + random.below(priceMinor) : amountMinor
      facts.push({ type, id: `r${no}`, atMs: 10 * n + random.below(9), ...(isAll ? {} : { amountMinor: amount }) })
    }
  }
  if (!random.chance(20)) return facts
  const end = random.pick(['open', 'lost', 'won', 'lost then won'] as const)
  facts.push({ type: 'dispute.opened', id: 'd', atMs: random.below(9) })
  if (end !== 'open') facts.push({ type: end === 'won' ? 'dispute.won' : 'dispute.lost', id: 'd', atMs: 10 })
  if (end === 'lost then won') facts.push({ type: 'dispute.won', id: 'd', atMs: 20 })
  return facts
}

/** The callbacks that tell all of it. */
export function callbacksOf({ hasFailed, orderId, uid, charges }: OrderFacts): string[] {
  const [first] = charges
  const tried = first?.bought ?? purchase({ order_id: orderId, uid })
  const failure = JSON.stringify({ type: 'payment.failed', code: 'CARD_DECLINED', purchase: tried })
  return [
    ...(hasFailed ? [failure] : []),
    ...charges.flatMap(({ bought, isTold, facts }) => [
      ...(isTold ? [tellingOf(bought, { type: 'payment.succeeded' })] : []),
      ...facts.map((fact) => tellingOf(bought, fact)),
    ]),
  ]
}

/** Where a charge's money is once everything is told: in minor units taken of its price, and whether it is disputed. */
export function endOf({ bought, facts }: Charge): { takenMinor: number; isWhole: boolean; isDisputed: boolean } {
  const last = new Map<string, Fact>()
  for (const fact of facts.toSorted((a, b) => a.atMs - b.atMs)) {
    const isDecided = last.has(fact.id) && fact.type === 'dispute.opened'
    if (!isDecided) last.set(fact.id, fact)
  }
  const ends = [...last.values()]
  const taking = ends.filter(({ type }) => type === 'refund.succeeded' || type === 'dispute.lost')
  const all = bought.amount_minor
  const sum = taking.reduce((total, { amountMinor }) => total + (amountMinor ?? all), 0)
  const isDisputed = ends.some(({ type }) => type === 'dispute.opened')
  return { takenMinor: Math.min(sum, all), isWhole: sum >= all, isDisputed }
}

/** Whether at some moment all of its money could have looked gone, by what was told by then. */
export function mayHaveLookedGone({ bought, facts }: Charge): boolean {
  const most = new Map<string, number>()
  for (const { type, id, amountMinor } of facts) {
    if (type !== 'refund.succeeded' && type !== 'dispute.lost') continue
    most.set(id, Math.max(most.get(id) ?? 0, amountMinor ?? bought.amount_minor))
  }
  return [...most.values()].reduce((sum, minor) => sum + minor, 0) >= bought.amount_minor
}

/** Whether the price is right: what is paid wrongly is never granted. */
export function isRightPrice({ bought }: Charge): boolean {
  return PACKS.some((pack) => pack.item_id === bought.item_id && pack.amount_minor === bought.amount_minor)
}
