import { promisify } from 'node:util'
import type { VerifiedPayment } from '../../channels/channel.ts'
import type { Patience } from '../../db/database.ts'
import { StorageUnavailable, TransactionConflict } from '../../db/errors.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import { type SettleDeps, settlePayments } from './settle-payments.ts'
import type { Settlement } from './settlement.ts'

/** Takes verified payments one at a time and settles those that wait together in one transaction. */
export interface PaymentLane {
  /**
   * Settles a payment; gives the outcome of each of its lines.
   * @throws StorageUnavailable when the database is out of reach or too many wait already, and whatever broke the
   * settling of this very payment.
   */
  settle(verified: VerifiedPayment): Promise<Outcome<Settlement>[]>
}

// Beyond sixty-four lines a batch's locks are held longer without a gain in throughput, and of carts by the dozen a statement
// has more values than an engine takes; 1 MiB of bodies travels as two.
const BATCH_LINES_MAX = 64
const BATCH_BYTES_MAX = 1024 * 1024
// Some seconds of work for a busy server. Who comes later is better told to come back than left to time out.
const UNDER_WAY_MAX = 2_000
const UNDER_WAY_BYTES_MAX = 64 * 1024 * 1024
// A batch that meets a lock which stays is split at once; a payment by itself may wait out the database's default.
const BATCH_PATIENCE: Patience = { retryForMs: 500 }
// Those that are settled alone leave most of the pool's connections to the others.
const ALONE_MAX = 3

/**
 * Lets the event loop hand over what has arrived. An embedded database answers without ever giving it a turn, and no
 * payment would meet another; a turn of an idle loop costs microseconds.
 */
const nextTurn = promisify(setImmediate)

interface Waiting {
  readonly verified: VerifiedPayment
  readonly resolve: (outcomes: Outcome<Settlement>[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Natural batching: a payment that finds the lane idle goes at once; those that arrive while a transaction is in flight
 * share the next one. Nobody ever waits for a batch to fill. A batch that fails is settled one by one beside the lane,
 * so that one bad payment, or a player whose row somebody holds, never spoils or delays the others.
 */
export function openPaymentLane(deps: SettleDeps): PaymentLane {
  const together: Waiting[] = []
  const aside = openAside(deps)
  let running = false
  let underWay = 0
  let underWayBytes = 0

  const run = async (): Promise<void> => {
    running = true
    while (together.length > 0) {
      await nextTurn()
      const batch = takeBatch(together)
      const free = batch.filter(({ verified }) => !aside.holds(verified.playerId))
      aside.take(batch.filter((one) => !free.includes(one)))
      if (free.length === 0) continue
      const failure = await settleTogether(deps, free)
      // With the database gone whoever waits would fail alike, only later.
      if (failure instanceof StorageUnavailable) rejectAll([...free, ...together.splice(0)], failure)
      else if (failure) aside.take(free)
    }
    running = false
  }

  return {
    async settle(verified) {
      const bytes = verified.evidence.rawBody.byteLength
      if (underWay >= UNDER_WAY_MAX || underWayBytes + bytes > UNDER_WAY_BYTES_MAX) {
        throw new StorageUnavailable('more payments wait than the database settles: send it again later')
      }
      underWay += 1
      underWayBytes += bytes
      try {
        return await new Promise((resolve, reject) => {
          together.push({ verified, resolve, reject })
          if (!running) void run()
        })
      } finally {
        underWay -= 1
        underWayBytes -= bytes
      }
    },
  }
}

/** Settles payments one by one beside the lane, a few players at a time. */
function openAside(deps: SettleDeps): {
  holds(playerId: PlayerId): boolean
  take(payments: readonly Waiting[]): void
} {
  // One player's payments go one after the other: a held row takes one place of the few, however many wait for it.
  const alone = new Map<PlayerId, Waiting[]>()
  const playersToBegin: PlayerId[] = []
  let runningAlone = 0

  const take = (payments: readonly Waiting[]): void => {
    for (const one of payments) {
      const { playerId } = one.verified
      const queue = alone.get(playerId)
      if (queue) queue.push(one)
      else {
        alone.set(playerId, [one])
        playersToBegin.push(playerId)
      }
    }
    while (runningAlone < ALONE_MAX && playersToBegin.length > 0) void runAlone()
  }

  const runAlone = async (): Promise<void> => {
    runningAlone += 1
    for (let playerId = playersToBegin.shift(); playerId !== undefined; playerId = playersToBegin.shift()) {
      const queue = alone.get(playerId) ?? []
      for (let one = queue.shift(); one; one = queue.shift()) {
        const failure = await settleAlone(deps, one)
        // The same lock stands before the player's others, and a lost database before everybody's.
        if (failure instanceof TransactionConflict) rejectAll(queue.splice(0), failure)
        if (failure instanceof StorageUnavailable) {
          for (const waiting of alone.values()) rejectAll(waiting.splice(0), failure)
        }
      }
      alone.delete(playerId)
    }
    runningAlone -= 1
  }

  return { holds: (playerId) => alone.has(playerId), take }
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let lines = 0
  let count = 0
  for (const { verified } of waiting) {
    bytes += verified.evidence.rawBody.byteLength
    lines += verified.lines.length
    if (count > 0 && (lines > BATCH_LINES_MAX || bytes > BATCH_BYTES_MAX)) break
    count += 1
  }
  return waiting.splice(0, count)
}

/** Settles a batch and answers it, or gives why it could not. Never rejects. */
async function settleTogether(deps: SettleDeps, batch: readonly Waiting[]): Promise<Error | null> {
  try {
    const verified = batch.map((one) => one.verified)
    const outcomes = await settlePayments(deps, verified, BATCH_PATIENCE)
    batch.forEach((one, index) => {
      one.resolve(outcomes[index] ?? [])
    })
    return null
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Settles one payment by itself and answers it; gives what it failed with. Never rejects. */
async function settleAlone(deps: SettleDeps, one: Waiting): Promise<unknown> {
  try {
    const [outcomes] = await settlePayments(deps, [one.verified])
    one.resolve(outcomes ?? [])
    return null
  } catch (error) {
    one.reject(error)
    return error
  }
}

function rejectAll(payments: readonly Waiting[], error: Error): void {
  for (const one of payments) one.reject(error)
}
