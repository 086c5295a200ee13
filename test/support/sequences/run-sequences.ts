import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { assertBooks } from '../books.ts'
import { onEveryEngine } from '../every-engine.ts'
import { fakeClock } from '../fake-clock.ts'
import { INVITE_VARIABLES } from '../invitations.ts'
import { KINDS, tell, waitMsOf } from '../model/model.ts'
import type { Call } from '../model/steps.ts'
import { newWorld, orderMeant, type World } from '../model/world.ts'
import type { TestApp } from '../test-app.ts'
import { assertEnd } from './assert-end.ts'
import { type Cast, newCast } from './cast.ts'
import { perform } from './perform.ts'
import { type Sequence, sequence } from './scenes.ts'

/** In ten files, of which two run at a time: 2,000 sequences on each engine. */
const RUNS_OF_A_SHARD = 200
const SEED = 20_261_100
const DAY_MS = 24 * 60 * 60 * 1000
const MINUTE_MS = 60_000
/** What passes between two calls. */
const TICK_MS = 1000

// To hunt: another seed, more runs (and with TEST_FILE_TIMEOUT_MS more time); with a failure's path, that one alone.
const { MODEL_SEED, MODEL_RUNS, MODEL_PATH } = process.env
const RUNS = Number(MODEL_RUNS ?? RUNS_OF_A_SHARD)
/** A sequence takes some 50 ms. The limit also ends the search for a shorter one that fails. */
const TIME_LIMIT_MS = Math.max(100_000, RUNS * 400)
/** More than the limit, so that what was found is told before the runner loses its patience. */
const TIMEOUT_MS = TIME_LIMIT_MS + 15_000

/** Declares one shard's share of the sequences, on every engine. */
export function testAnySequences(shard: number): void {
  const clock = fakeClock()
  onEveryEngine(
    (on) => {
      test('any calls in any order answer and book what the contract says', { timeout: TIMEOUT_MS }, async (t) => {
        const seed = MODEL_SEED ? Number(MODEL_SEED) : SEED + shard
        const tally: Tally = { sequences: 0, askedAgain: 0, kinds: new Map() }
        const property = fc.asyncProperty(sequence, async (asked) => {
          tally.sequences += 1
          await play({ app: on.app, clock, name: `s${shard}-${tally.sequences}`, tally }, asked)
        })
        const limits = { numRuns: RUNS, interruptAfterTimeLimit: TIME_LIMIT_MS, markInterruptAsFailure: true }
        await fc.assert(property, { seed, ...limits, ...(MODEL_PATH ? { path: MODEL_PATH } : {}) })
        report(t, tally)
        await assertBooks(on.app)
      })
    },
    { clock, variables: INVITE_VARIABLES },
  )
}

/** What was played, to be seen that everything was. */
interface Tally {
  sequences: number
  askedAgain: number
  /** Of each kind of call, how often each status was answered. */
  readonly kinds: Map<string, Map<number, number>>
}

interface Stage {
  readonly app: TestApp
  readonly clock: ReturnType<typeof fakeClock>
  readonly name: string
  readonly tally: Tally
}

async function play({ app, clock, name, tally }: Stage, { startsAtMinute, steps }: Sequence): Promise<void> {
  // Always at the same time of a later day, so that a sequence is the same when it is played again.
  const today = Math.floor(clock.nowMs() / DAY_MS)
  clock.moveMs((today + 1) * DAY_MS + startsAtMinute * MINUTE_MS - clock.nowMs())
  const cast = await newCast(app, { clock, name })
  const world = newWorld(clock.nowMs())
  const calls: Call[] = []
  try {
    for (const step of steps) {
      const call = step.kind === 'again' ? calls.at(-step.back) : meant(world, step)
      if (!call) continue
      const waitMs = waitMsOf(world, call)
      clock.moveMs(waitMs)
      world.nowMs = clock.nowMs()
      await playOne({ cast, world, tally }, { call, about: `call ${calls.length} ${JSON.stringify(call)}` })
      calls.push(call)
      // Two things of a sequence never bear the same time; a moment that was waited for is still that moment.
      if (waitMs === 0) clock.moveMs(TICK_MS)
      world.nowMs = clock.nowMs()
    }
    await assertEnd(cast, world)
  } finally {
    tally.askedAgain += cast.askedAgain
    if (world.item1 !== 'as seeded') await perform(cast, { kind: 'edit', item1: 'as seeded' })
  }
}

async function playOne(
  { cast, world, tally }: { cast: Cast; world: World; tally: Tally },
  { call, about }: { call: Call; about: string },
): Promise<void> {
  const told = tell(world, call)
  if (told === null) return
  const seen = await perform(cast, call)
  const compared = { ...seen, ...(seen.facts ? { facts: shaped(seen.facts, told.facts) } : {}) }
  const when = new Date(world.nowMs).toISOString()
  assert.deepEqual(compared, told, `${about} at ${when}: ${JSON.stringify(seen)}`)
  const ofKind = tally.kinds.get(call.kind) ?? new Map<number, number>()
  ofKind.set(told.status, (ofKind.get(told.status) ?? 0) + 1)
  tally.kinds.set(call.kind, ofKind)
}

/** A call with the order that it means now, so that made again it is the same request. */
function meant(world: World, step: Call): Call {
  return 'order' in step ? { ...step, order: orderMeant(world, step.order) } : step
}

/** An answer cut down to what the model speaks of. */
function shaped(seen: unknown, told: unknown): unknown {
  if (Array.isArray(seen) && Array.isArray(told)) {
    return seen.map((one, index) => (index < told.length ? shaped(one, told[index]) : one))
  }
  if (!isRecord(seen) || !isRecord(told)) return seen
  return Object.fromEntries(Object.keys(told).map((name) => [name, shaped(seen[name], told[name])]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function report(t: TestContext, { sequences, askedAgain, kinds }: Tally): void {
  const told = KINDS.map((kind) => {
    const counts = [...(kinds.get(kind) ?? [])].toSorted(([a], [b]) => a - b)
    return [kind, ...counts.map(([status, count]) => `${status}:${count}`)].join(' ')
  })
  const calls = [...kinds.values()].flatMap((counts) => [...counts.values()]).reduce((sum, count) => sum + count, 0)
  t.diagnostic(`${sequences} sequences, ${calls} calls, ${askedAgain} asked again: ${told.join(', ')}`)
  assert.ok(askedAgain <= Math.max(10, calls / 200), `sessions were out of reach ${askedAgain} times`)
  if (sequences < RUNS_OF_A_SHARD) return
  const missing = KINDS.filter((kind) => !kinds.get(kind)?.has(200))
  assert.deepEqual(missing, [], 'every kind of call is made, and succeeds now and then')
}
