import type { Bought, Fact, Tells, Voice, VoiceMessage } from './voices/voice.ts'

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

/** Money that was paid, and everything that ever became of it. */
export interface Charge {
  readonly bought: Bought
  readonly isTold: boolean
  readonly facts: readonly Fact[]
}

/** Everything that happens about one order, in no order at all. */
export interface OrderFacts {
  readonly orderId: string
  readonly uid: string
  /** What was tried in vain, where it was told. */
  readonly failed: Bought | null
  readonly charges: readonly Charge[]
}

const PACKS = [
  { itemId: 1, amountMinor: 1999 },
  { itemId: 2, amountMinor: 2999 },
  { itemId: 4, amountMinor: 9999 },
] as const

/** An order's story: mostly one payment, sometimes a failure before, two payments, a wrong price, or notices alone. */
export function anyOrder(random: Random, { voice, no, uid }: { voice: Voice; no: number; uid: string }): OrderFacts {
  const { tells } = voice
  const orderId = voice.orderId(no)
  const pack = random.pick(PACKS)
  const boughtAs = (chargeNo: number, amountMinor: number): Bought => ({
    ...{ transactionId: voice.transactionId({ orderNo: no, chargeNo }), orderId, uid, itemId: pack.itemId },
    amountMinor,
  })
  const charge = (chargeNo: number): Charge => {
    const amountMinor = tells.wrongPrices !== 'never' && random.chance(8) ? 1 : pack.amountMinor
    const isTold = !random.chance(3)
    return { bought: boughtAs(chargeNo, amountMinor), isTold, facts: anyFacts(random, { tells, amountMinor }) }
  }
  const count = tells.failures && random.chance(2) ? 0 : tells.secondCharges && random.chance(12) ? 2 : 1
  const charges = Array.from({ length: count }, (_, chargeNo) => charge(chargeNo))
  const hasFailed = tells.failures && (count === 0 || random.chance(15))
  const failed = hasFailed ? (charges[0]?.bought ?? boughtAs(0, pack.amountMinor)) : null
  return { orderId, uid, failed, charges }
}

function anyFacts(random: Random, { tells, amountMinor }: { tells: Tells; amountMinor: number }): Fact[] {
  const facts = anyRefunds(random, { tells, amountMinor })
  if (tells.disputes.length === 0 || !random.chance(20)) return facts
  const end = random.pick(tells.disputes)
  if (end !== 'lost at once') facts.push({ type: 'dispute.opened', id: 'd', atMs: random.below(9) })
  if (end !== 'open') facts.push({ type: end === 'won' ? 'dispute.won' : 'dispute.lost', id: 'd', atMs: 10 })
  if (end === 'lost then won') facts.push({ type: 'dispute.won', id: 'd', atMs: 20 })
  return facts
}

function anyRefunds(random: Random, { tells, amountMinor }: { tells: Tells; amountMinor: number }): Fact[] {
  if (tells.refunds === 'none' || random.chance(60)) return []
  if (tells.refunds === 'running_sum') return anyRunningSum(random, amountMinor)
  const facts: Fact[] = []
  const refunds = tells.refunds === 'whole' ? 1 : 1 + random.below(2)
  let leftMinor = amountMinor
  for (let no = 0; no < refunds && leftMinor > 0; no++) {
    const isAll = tells.refunds === 'whole' || (leftMinor === amountMinor && random.chance(40))
    const sumMinor = 1 + random.below(leftMinor)
    const times = !tells.undoneRefunds || random.chance(60) ? 1 : random.chance(50) ? 2 : 3
    for (let n = 0; n < times; n++) {
      const type = n % 2 === 0 ? 'refund.succeeded' : 'refund.reversed'
      // Mostly one sum for its whole life; a wild platform may also tell another one later.
      const toldMinor = tells.wildSums && random.chance(15) ? 1 + random.below(amountMinor) : sumMinor
      facts.push({ type, id: `r${no}`, atMs: 10 * n + random.below(9), ...(isAll ? {} : { amountMinor: toldMinor }) })
    }
    if (!tells.wildSums) leftMinor -= isAll ? amountMinor : sumMinor
  }
  return facts
}

/** One refund after the other, told as one whose sum grows; the last may be of all. */
function anyRunningSum(random: Random, amountMinor: number): Fact[] {
  const facts: Fact[] = []
  const times = 1 + random.below(3)
  let sumMinor = 0
  for (let n = 0; n < times && sumMinor < amountMinor; n++) {
    sumMinor += 1 + random.below(amountMinor - sumMinor)
    if (n === times - 1 && random.chance(40)) sumMinor = amountMinor
    facts.push({ type: 'refund.succeeded', id: 'r', atMs: 10 * n + random.below(9), amountMinor: sumMinor })
  }
  return facts
}

/** The messages that tell all of it. */
export function messagesOf(voice: Voice, { failed, charges }: OrderFacts): VoiceMessage[] {
  return [
    ...(failed ? voice.failure(failed) : []),
    ...charges.flatMap(({ bought, isTold, facts }) => [
      ...(isTold ? voice.payment(bought) : []),
      ...facts.flatMap((fact) => voice.notice(bought, fact)),
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
  const all = bought.amountMinor
  const sum = taking.reduce((total, { amountMinor }) => total + (amountMinor ?? all), 0)
  const isDisputed = ends.some(({ type }) => type === 'dispute.opened')
  return { takenMinor: Math.min(sum, all), isWhole: sum >= all, isDisputed }
}

/** Whether at some moment all of its money could have looked gone, by what was told by then. */
export function mayHaveLookedGone({ bought, facts }: Charge): boolean {
  const most = new Map<string, number>()
  for (const { type, id, amountMinor } of facts) {
    if (type !== 'refund.succeeded' && type !== 'dispute.lost') continue
    most.set(id, Math.max(most.get(id) ?? 0, amountMinor ?? bought.amountMinor))
  }
  return [...most.values()].reduce((sum, minor) => sum + minor, 0) >= bought.amountMinor
}

/** Whether the price is right: what is paid wrongly is never granted. */
export function isRightPrice({ bought }: Charge): boolean {
  return PACKS.some((pack) => pack.itemId === bought.itemId && pack.amountMinor === bought.amountMinor)
}
