import { promisify } from 'node:util'
import type { VerifiedPayment } from '../../channels/channel.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import { type SettleDeps, settlePayments } from './settle-payments.ts'
import type { Settlement } from './settlement.ts'

/** Takes verified payments one at a time and settles those that wait together in one transaction. */
export interface PaymentLane {
  /**
   * Settles a payment; gives the outcome of each of its lines.
   * @throws StorageUnavailable when the database is out of reach, and whatever broke the settling of this very payment.
   */
  settle(verified: VerifiedPayment): Promise<Outcome<Settlement>[]>
}

// Beyond sixty-four a batch's locks are held longer without a gain in throughput; 2 MiB keeps it in one packet.
const BATCH_MAX = 64
const BATCH_BYTES_MAX = 2 * 1024 * 1024

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
 * Natural batching: a payment that finds the lane idle goes at once, alone; those that arrive while a transaction is
 * in flight share the next one. Nobody ever waits for a batch to fill.
 */
export function openPaymentLane(deps: SettleDeps): PaymentLane {
  const waiting: Waiting[] = []
  let running = false

  const run = async (): Promise<void> => {
    running = true
    try {
      while (waiting.length > 0) {
        await nextTurn()
        await settleBatch(deps, takeBatch(waiting))
      }
    } finally {
      running = false
    }
  }

  return {
    settle(verified) {
      return new Promise((resolve, reject) => {
        waiting.push({ verified, resolve, reject })
        if (!running) void run()
      })
    },
  }
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let count = 0
  for (const { verified } of waiting) {
    bytes += verified.evidence.rawBody.byteLength
    if (count > 0 && (count === BATCH_MAX || bytes > BATCH_BYTES_MAX)) break
    count += 1
  }
  return waiting.splice(0, count)
}

/** Settles a batch; where it fails, each alone, so that one bad payment never spoils its neighbours. Never rejects. */
async function settleBatch(deps: SettleDeps, batch: readonly Waiting[]): Promise<void> {
  try {
    const outcomes = await settlePayments(
      deps,
      batch.map((one) => one.verified),
    )
    batch.forEach((one, index) => {
      one.resolve(outcomes[index] ?? [])
    })
  } catch (error) {
    const [only] = batch
    if (batch.length === 1 && only) return only.reject(error)
    // With the database gone each would fail alike, only slower.
    if (error instanceof StorageUnavailable) return batch.forEach((one) => void one.reject(error))
    for (const one of batch) await settleBatch(deps, [one])
  }
}
