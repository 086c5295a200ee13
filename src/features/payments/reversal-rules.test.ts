import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type CurrencyCode, minorUnits } from '../../kernel/money.ts'
import {
  amountsOf,
  type Cause,
  type GameAmounts,
  hasOpenDispute,
  hasUnclearAmount,
  isSameCause,
  laterNotice,
  mergedCauses,
  type PaidLine,
  paidLineOf,
  planReversal,
  type ReversalPlan,
  shareTaken,
  type Taken,
} from './reversal-rules.ts'

const USD = 'USD' as CurrencyCode
const EUR = 'EUR' as CurrencyCode
const LINE: PaidLine = { lineNo: 1, price: { minor: minorUnits(1999), currency: USD }, totalMinor: 1999 }

const refund = (of: Partial<Cause> = {}): Cause => ({
  ...{ cause: 'refund', causeId: 'r', state: 'taken', lineNo: null, amount: null, occurredAtMs: 1 },
  ...of,
})
const dispute = (of: Partial<Cause> = {}): Cause => refund({ cause: 'dispute', causeId: 'd', ...of })
const dollars = (minor: number) => ({ minor: minorUnits(minor), currency: USD })

/** Few ids, moments and amounts, so that notices of one cause, ties and sums that fit exactly are common. */
const anyNotice: fc.Arbitrary<Cause> = fc.record({
  cause: fc.constantFrom('refund' as const, 'dispute' as const),
  causeId: fc.constantFrom('a', 'b', 'c'),
  state: fc.constantFrom('open' as const, 'taken' as const, 'undone' as const),
  lineNo: fc.constantFrom(null, null, 1, 2),
  amount: fc.option(
    fc
      .record({
        minor: fc.oneof(fc.constantFrom(0, 1, 500, 999, 1000, 1999), fc.nat(2500)).map(minorUnits),
        currency: fc.constantFrom(USD, USD, USD, EUR),
      })
      // Two notices that are the same must not differ by how their objects were made.
      .map((amount) => ({ ...amount })),
  ),
  occurredAtMs: fc.nat(3),
})
const anyGrant: fc.Arbitrary<GameAmounts> = fc.record({
  coins: fc.oneof(fc.constant(0), fc.nat(10_000), fc.constant(Number.MAX_SAFE_INTEGER)),
  tokens: fc.oneof(fc.constant(0), fc.nat(50)),
})
const anyLine: fc.Arbitrary<PaidLine> = fc
  .record({ lineNo: fc.constantFrom(1, 2), own: fc.constantFrom(0, 1, 1999), other: fc.constantFrom(0, 1, 3001) })
  .map(({ lineNo, own, other }) => ({ lineNo, price: dollars(own), totalMinor: own + other }))

const known = (notices: readonly Cause[]): Cause[] =>
  notices.reduce<Cause[]>((causes, told) => mergedCauses(causes, [told]), [])
const inOrder = (causes: readonly Cause[]): Cause[] =>
  causes.toSorted((a, b) => (`${a.cause} ${a.causeId}` < `${b.cause} ${b.causeId}` ? -1 : 1))

const standing = (taken: readonly GameAmounts[]): GameAmounts => ({
  coins: taken.reduce((sum, row) => sum + row.coins, 0),
  tokens: taken.reduce((sum, row) => sum + row.tokens, 0),
})

/** What is booked, as the books keep it: the message goes with whatever takes all that is left. */
function booked(taken: readonly Taken[], plan: ReversalPlan, no: number): Taken[] {
  const rest = taken.filter((row) => !plan.restore.includes(row))
  if (!plan.take) return rest
  const { by, coins, tokens } = plan.take
  return [...rest, { cause: by.cause, causeId: by.causeId, coins, tokens, reversalNo: no, hasWithdrawn: plan.isWhole }]
}

/** Tells notices one after the other and books after each. */
function tellAll(notices: readonly Cause[], { grant, line }: { grant: GameAmounts; line: PaidLine }) {
  let causes: Cause[] = []
  let taken: Taken[] = []
  let plan: ReversalPlan | null = null
  for (const [index, told] of notices.entries()) {
    causes = mergedCauses(causes, [told])
    plan = planReversal({ causes, taken, grant, line, latest: told })
    check(plan, { causes, taken, grant, line })
    taken = booked(taken, plan, index + 1)
    const again = planReversal({ causes, taken, grant, line, latest: told })
    assert.deepEqual([again.restore, again.take], [[], null], 'told again, it changes nothing')
  }
  return { causes, taken, isWhole: plan?.isWhole ?? false }
}

/** What must be true of every plan, whatever led there. */
function check(
  plan: ReversalPlan,
  facts: { causes: readonly Cause[]; taken: readonly Taken[]; grant: GameAmounts; line: PaidLine },
): void {
  const { causes, taken, grant, line } = facts
  const after = standing(booked(taken, plan, 0))
  const share = shareTaken(causes, line)
  assert.deepEqual(after, { ...amountsOf(grant, share) }, 'what stands taken is the share that is gone')
  for (const currency of ['coins', 'tokens'] as const) {
    assert.ok(after[currency] >= 0 && after[currency] <= grant[currency], 'between nothing and the grant')
    if (plan.take) assert.ok(plan.take[currency] >= 0, 'no less than nothing is taken')
    const isLess: boolean =
      BigInt(after[currency]) * BigInt(line.totalMinor) <= BigInt(grant[currency]) * goneMinor(causes, line)
    if (share.kind === 'part' && line.price.minor === line.totalMinor) assert.ok(isLess, 'a part is rounded down')
  }
  if (share.kind === 'part' && grant.coins > 0) assert.ok(after.coins < grant.coins, 'a part is never all')
  const rows = booked(taken, plan, 0)
  if (plan.isWhole) assert.ok(rows.length > 0, 'what is wholly gone has its reversal')
  else assert.ok(!rows.some((row) => row.hasWithdrawn), 'what is not wholly gone has its message')
  if (plan.take) {
    const { by } = plan.take
    assert.ok(causes.some((cause) => cause.state === 'taken' && isSameCause(cause, by)))
  }
  const fromHolders = plan.restore.filter((row) => causes.some((c) => c.state === 'taken' && isSameCause(c, row)))
  if (fromHolders.length === 0) return
  const others = standing(taken.filter((row) => !plan.restore.includes(row) || fromHolders.includes(row)))
  const isTooMuch = others.coins > after.coins || others.tokens > after.tokens
  assert.ok(isTooMuch || fromHolders.some((row) => row.hasWithdrawn || row.coins + row.tokens === 0))
}

function goneMinor(causes: readonly Cause[], line: PaidLine): bigint {
  const parts = causes.filter(({ state, lineNo }) => state === 'taken' && (lineNo ?? line.lineNo) === line.lineNo)
  return parts.reduce((sum, { amount }) => sum + (amount?.currency === USD ? BigInt(amount.minor) : 0n), 0n)
}

describe('the rules of refunds and disputes, in any order', () => {
  test('notices in any order, any number of times, come to one knowledge of each cause', () => {
    fc.assert(
      fc.property(fc.array(anyNotice, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (notices, numbers) => {
        const random = () => numbers.next().value ?? 0
        const thrice = [...notices, ...notices, ...notices]
        const shuffled = thrice.map((one) => ({ one, at: random() })).toSorted((a, b) => a.at - b.at)
        const told = shuffled.map(({ one }) => one)
        assert.deepEqual(inOrder(known(told)), inOrder(known(notices)))
        // And under two names that prove to be one payment's.
        const half = random() % (told.length + 1)
        const merged = mergedCauses(known(told.slice(0, half)), known(told.slice(half)))
        assert.deepEqual(inOrder(merged), inOrder(known(notices)))
      }),
    )
  })

  test('what stands taken is the share of the money that is gone, after each notice and in whatever order', () => {
    fc.assert(
      fc.property(
        fc.array(anyNotice, { minLength: 1, maxLength: 8 }).chain((notices) =>
          fc.record({
            notices: fc.constant(notices),
            shuffled: fc.shuffledSubarray([...notices, ...notices], { minLength: 2 * notices.length }),
          }),
        ),
        anyGrant,
        anyLine,
        ({ notices, shuffled }, grant, line) => {
          const [one, other] = [tellAll(notices, { grant, line }), tellAll(shuffled, { grant, line })]
          assert.deepEqual(standing(one.taken), standing(other.taken))
          assert.equal(one.isWhole, other.isWhole)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('what one cause gives back another still holds when it needs as much', () => {
    const grant = { coins: 1000, tokens: 22 }
    const steps = [refund(), dispute({ occurredAtMs: 2 }), refund({ state: 'undone', occurredAtMs: 3 })]
    assert.deepEqual(standing(tellAll(steps, { grant, line: LINE }).taken), grant)
  })

  test('a refund whose sum is told lower later keeps no more than that', () => {
    const grant = { coins: 1000, tokens: 22 }
    const lower = refund({ amount: dollars(500), occurredAtMs: 2 })
    const { taken, isWhole } = tellAll([refund(), lower], { grant, line: LINE })
    assert.deepEqual([standing(taken), isWhole], [{ coins: 250, tokens: 5 }, false])
  })

  test('an item that gives nothing but extras is withdrawn and given back too', () => {
    const grant = { coins: 0, tokens: 0 }
    const undone = refund({ state: 'undone', occurredAtMs: 2 })
    assert.deepEqual(tellAll([refund()], { grant, line: LINE }).taken.length, 1)
    assert.deepEqual(tellAll([refund(), undone], { grant, line: LINE }).taken, [])
  })

  test('a decided dispute is not opened again, and a state that is told later by its clock counts', () => {
    const [open, lost] = [dispute({ state: 'open', occurredAtMs: 9 }), dispute({ occurredAtMs: 2 })]
    assert.equal(laterNotice(lost, open), lost)
    assert.equal(laterNotice(open, lost), lost)
    const again = refund({ occurredAtMs: 10 })
    const undone = refund({ state: 'undone', occurredAtMs: 7 })
    assert.equal(known([refund({ occurredAtMs: 5 }), again, undone])[0], again)
  })

  test('of several lines each has its share of what is the whole payment’s, and all of what is its own', () => {
    const first = { lineNo: 1, price: dollars(1000), totalMinor: 4000 }
    const second = { lineNo: 2, price: dollars(3000), totalMinor: 4000 }
    const grant = { coins: 1000, tokens: 10 }
    const half = refund({ amount: dollars(2000) })
    const own = refund({ causeId: 'own', lineNo: 1, amount: dollars(500) })
    assert.deepEqual(amountsOf(grant, shareTaken([half], first)), { coins: 500, tokens: 5 })
    assert.deepEqual(amountsOf(grant, shareTaken([half], second)), { coins: 500, tokens: 5 })
    assert.deepEqual(shareTaken([half, own], first).kind, 'whole')
    assert.deepEqual(amountsOf(grant, shareTaken([half, own], second)), { coins: 500, tokens: 5 })
    assert.equal(hasOpenDispute([dispute({ state: 'open', lineNo: 2 })], first), false)
    assert.equal(hasOpenDispute([dispute({ state: 'open', lineNo: 2 })], second), true)
  })

  test('a part in another currency takes nothing and is told apart; all of it is all of it in any', () => {
    const euros = refund({ causeId: 'e', amount: { minor: minorUnits(100), currency: EUR } })
    const half = refund({ amount: dollars(1000) })
    assert.equal(shareTaken([euros], LINE).kind, 'none')
    assert.deepEqual(shareTaken([euros, half], LINE), shareTaken([half], LINE))
    assert.equal(hasUnclearAmount([euros, half], LINE), true)
    assert.equal(hasUnclearAmount([half], LINE), false)
  })
})

describe('what a payer was charged', () => {
  const gone = (minor: number, of: PaidLine) =>
    amountsOf({ coins: 1000, tokens: 20 }, shareTaken([refund({ amount: dollars(minor) })], of))

  test('with taxes and discounts is what its refunds are parts of', () => {
    const taxed = paidLineOf({ chargedMinor: 2199, lines: [{ priceMinor: 1999 }] }, LINE)
    assert.deepEqual(gone(1099, taxed), { coins: 499, tokens: 9 })
    assert.equal(shareTaken([refund({ amount: dollars(1999) })], taxed).kind, 'part')
    assert.equal(shareTaken([refund({ amount: dollars(2199) })], taxed).kind, 'whole')
    const discounted = paidLineOf({ chargedMinor: 1000, lines: [{ priceMinor: 1999 }] }, LINE)
    assert.equal(shareTaken([refund({ amount: dollars(1000) })], discounted).kind, 'whole')
    const free = paidLineOf({ chargedMinor: 0, lines: [{ priceMinor: 1999 }] }, LINE)
    assert.equal(shareTaken([refund({ amount: dollars(1) })], free).kind, 'whole')
  })

  test('for several lines is shared by them all, and a refund of one line is a part of its own price', () => {
    const lines = [{ priceMinor: 1999 }, { priceMinor: 1 }]
    const line = paidLineOf({ chargedMinor: 2200, lines }, LINE)
    assert.deepEqual(gone(1100, line), { coins: 500, tokens: 10 })
    assert.equal(shareTaken([refund({ amount: dollars(1999), lineNo: 1 })], line).kind, 'whole')
    assert.equal(shareTaken([refund({ amount: dollars(1999), lineNo: 2 })], line).kind, 'none')
  })

  test('is the sum of the lines where their platform says no more', () => {
    assert.equal(
      paidLineOf({ chargedMinor: null, lines: [{ priceMinor: 1999 }, { priceMinor: 1 }] }, LINE).totalMinor,
      2000,
    )
  })
})
