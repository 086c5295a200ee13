import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openDirectChannel } from '../../src/channels/signed/index.ts'
import type { Database } from '../../src/db/database.ts'
import { StorageUnavailable } from '../../src/db/errors.ts'
import { openApps } from '../../src/features/apps/index.ts'
import { openPaymentLane, type PaymentLane } from '../../src/features/payments/index.ts'
import { openCatalogues } from '../../src/features/store/index.ts'
import type { AppId, OrderId } from '../../src/kernel/ids.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID, payment, startApp, type TestApp } from '../support/test-app.ts'

// The lane's own limits: 2,000 payments, or 64 MiB of their messages.
const UNDER_WAY_MAX = 2_000
const UNDER_WAY_MIB_MAX = 64
const BATCH_MAX = 64
// Without the limit that is tested, a payment would wait until the test lets go, which it never would.
const LIMITED = { timeout: 60_000 }
const MIB = new Uint8Array(1024 * 1024)
const channel = openDirectChannel({ mint: 'closed' })

test(
  'a database that is lost is told at once to all who wait, one more than may wait is refused at once, and then it goes on',
  LIMITED,
  async (t) => {
    const { app, uid, lane, hold } = await openLane(t)
    const held = hold()
    const waiting = Array.from({ length: UNDER_WAY_MAX }, (_, n) => settle(lane, { uid, orderId: `lost-${n}` }))
    const answers = Promise.allSettled(waiting)
    await held.reached
    // The transaction is still under way: nothing but the limit can have answered this one.
    await assert.rejects(settle(lane, { uid, orderId: 'one-too-many' }), StorageUnavailable)
    held.fail(new StorageUnavailable('the database is gone'))
    for (const answer of await answers) assertUnavailable(answer)
    assert.equal(held.transactions(), 1, 'nobody was made to find out again')

    held.heal()
    const retried = await Promise.all(
      Array.from({ length: 100 }, (_, n) => settle(lane, { uid, orderId: `lost-${n}` })),
    )
    for (const [outcome] of retried) assert.ok(outcome?.ok && !outcome.value.replayed, JSON.stringify(outcome))
    await assertAuditClean(t, app.variables)
  },
)

test('a lost database is told at once also to those that were to be settled alone', LIMITED, async (t) => {
  const { app, uid, lane, hold } = await openLane(t)
  const held = hold()
  const answers = Promise.allSettled(
    Array.from({ length: BATCH_MAX }, (_, n) => settle(lane, { uid, orderId: `alone-${n}` })),
  )
  await held.reached
  const alone = held.again()
  held.fail(new Error('one of them cannot be settled'))
  await alone.reached
  alone.fail(new StorageUnavailable('the database is gone'))
  for (const answer of await answers) assertUnavailable(answer)
  assert.ok(held.transactions() <= 4, `${held.transactions()} transactions found out what the first one knew`)

  held.heal()
  for (let n = 0; n < 5; n++) {
    const [outcome] = await settle(lane, { uid, orderId: `alone-${n}` })
    assert.ok(outcome?.ok && !outcome.value.replayed, JSON.stringify(outcome))
  }
  await assertAuditClean(t, app.variables)
})

test('messages of more than 64 MiB do not wait together', LIMITED, async (t) => {
  const { app, uid, lane, hold } = await openLane(t)
  const held = hold()
  const large = (n: number) => settle(lane, { uid, orderId: `large-${n}`, rawBody: MIB })
  const answers = Promise.allSettled(Array.from({ length: UNDER_WAY_MIB_MAX }, (_, n) => large(n)))
  await held.reached
  await assert.rejects(large(UNDER_WAY_MIB_MAX), StorageUnavailable)
  held.fail(new StorageUnavailable('the database is gone'))
  for (const answer of await answers) assertUnavailable(answer)
  held.heal()
  // What was refused left its room behind.
  const retried = await Promise.all([0, 1, 2].map(large))
  for (const [outcome] of retried) assert.ok(outcome?.ok, JSON.stringify(outcome))
  await assertAuditClean(t, app.variables)
})

test('carts that come together share no more than one statement can bear', LIMITED, async (t) => {
  const { app, uid, lane, failed } = await openLane(t)
  const carts = await Promise.all(
    Array.from({ length: 30 }, (_, n) => settle(lane, { uid, orderId: `cart-${n}`, lines: 40 })),
  )
  for (const outcome of carts.flat()) assert.ok(outcome.ok && !outcome.value.replayed, JSON.stringify(outcome))
  assert.equal(carts.flat().length, 30 * 40)
  assert.equal(failed(), 0, 'none was too large, and then settled one by one')
  await assertAuditClean(t, app.variables)
})

function assertUnavailable(answer: PromiseSettledResult<unknown>): void {
  assert.equal(answer.status, 'rejected')
  assert.ok(answer.reason instanceof StorageUnavailable, String(answer.reason))
}

function settle(lane: PaymentLane, sent: { uid: string; orderId: string; rawBody?: Uint8Array; lines?: number }) {
  const message = payment({ order_id: sent.orderId, uid: sent.uid })
  const rawBody = sent.rawBody ?? Buffer.from(JSON.stringify(message))
  const evidence = { kind: 'payment', headers: {}, rawBody, receivedAtMs: 1, requestId: sent.orderId } as const
  const verified = channel.payment({ kind: 'server', appId: APP_ID as AppId }, { message, evidence })
  assert.ok(verified.ok)
  const [line] = verified.value.lines
  assert.ok(line)
  const lines = Array.from({ length: sent.lines ?? 1 }, (_, n) => ({
    ...line,
    ...(n === 0 ? {} : { lineNo: n + 1, orderId: `${sent.orderId}-${n + 1}` as OrderId }),
  }))
  return lane.settle({ ...verified.value, lines })
}

/** A database that answers no transaction until the test says how it ends. */
interface Held {
  /** Resolves once a transaction was asked for. */
  readonly reached: Promise<void>
  fail(error: Error): void
  /** From now on transactions are held anew. */
  again(): Held
  heal(): void
  /** How many transactions were asked for since the first hold. */
  transactions(): number
}

interface OpenLane {
  readonly app: TestApp
  readonly uid: string
  readonly lane: PaymentLane
  hold(): Held
  /** How many transactions that nobody held have failed. */
  failed(): number
}

async function openLane(t: TestContext): Promise<OpenLane> {
  const app = await startApp()
  t.after(() => app.close())
  const { uid } = await app.logIn('waiting')
  const { database } = app.service
  const clock = fakeClock()
  let held: { reached: PromiseWithResolvers<void>; ended: PromiseWithResolvers<never> } | null = null
  let transactions = 0
  let failures = 0
  const hold = (): Held => {
    const own = { reached: Promise.withResolvers<void>(), ended: Promise.withResolvers<never>() }
    // A hold that nothing meets is nobody's failure.
    own.ended.promise.catch(() => undefined)
    held = own
    return {
      reached: own.reached.promise,
      fail: (error) => own.ended.reject(error),
      again: hold,
      heal: () => {
        held = null
      },
      transactions: () => transactions,
    }
  }
  const doubled: Database = {
    ...database,
    inTransaction: (work, patience) => {
      if (held === null) {
        return database.inTransaction(work, patience).catch((error: unknown) => {
          failures += 1
          throw error
        })
      }
      transactions += 1
      held.reached.resolve()
      return held.ended.promise
    },
  }
  const catalogues = openCatalogues({ database, clock })
  const deps = { database: doubled, apps: openApps([]), clock, catalogues, count: () => {} }
  return { app, uid, hold, failed: () => failures, lane: openPaymentLane(deps) }
}
