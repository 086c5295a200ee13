import type { Clock } from '../kernel/clock.ts'
import type { IdempotencyKey, Reply } from '../kernel/idempotency.ts'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import type { Database, Tx } from './database.ts'
import { oneAtATime } from './one-at-a-time.ts'
import type { Row } from './schema.ts'

/** How long an answer is told again: what moved money for ever, everything else for a day. */
export const KEPT_FOR_EVER = null
export const KEPT_FOR_A_DAY_MS = 24 * 60 * 60 * 1000

/**
 * Runs a changing use case in one transaction and, under an idempotency key, once: the key's row is locked first, and
 * the answer is written in the very transaction that it tells of. The same key with the same request is answered what
 * was answered then; with another one it is refused. A refusal leaves the key free.
 */
export async function transactOnce<T, A extends object>(
  deps: { database: Database; clock: Clock },
  call: { reply: Reply<T, A>; keptForMs: number | null | ((value: T) => number | null) },
  work: (tx: Tx) => Promise<Outcome<T>>,
): Promise<Outcome<A>> {
  const { key, tell } = call.reply
  if (!key) {
    const done = await deps.database.inTransaction(work)
    return done.ok ? accepted(tell(done.value)) : done
  }
  // Those of one key go one after the other before they borrow a connection: a flood of retries holds one, not all.
  const transact = () => deps.database.inTransaction((tx) => workUnderKey(tx, { key, ...call, ...deps }, work))
  return oneAtATime(deps.database, `${key.scope} ${key.key}`, transact)
}

async function workUnderKey<T, A extends object>(
  tx: Tx,
  call: {
    key: IdempotencyKey
    clock: Clock
    reply: Reply<T, A>
    keptForMs: number | null | ((value: T) => number | null)
  },
  work: (tx: Tx) => Promise<Outcome<T>>,
): Promise<Outcome<A>> {
  const { key, clock, reply, keptForMs } = call
  const nowMs = clock.nowMs()
  const held = await holdKey(tx, key, nowMs)
  const kept = keptAnswer<A>(held, { key, nowMs })
  if (kept) return kept
  const done = await work(tx)
  if (!done.ok) {
    await freeKey(tx, key)
    return done
  }
  const answer = reply.tell(done.value)
  const keptMs = typeof keptForMs === 'function' ? keptForMs(done.value) : keptForMs
  const expiresAtMs = keptMs === null ? null : nowMs + keptMs
  await keepAnswer(tx, key, { answer: JSON.stringify(answer), nowMs, expiresAtMs })
  return accepted(answer)
}

/**
 * What is kept under a key, without doing anything: for a use case that would use up something outside its transaction
 * (a code that works once) before it starts one. Null when there is work to do; `transactOnce` then looks again.
 */
export async function findKeptAnswer<A extends object>(
  deps: { database: Database; clock: Clock },
  key: IdempotencyKey | null,
): Promise<Outcome<A> | null> {
  if (!key) return null
  const held = await deps.database.db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('scope', '=', key.scope)
    .where('idempotency_key', '=', key.key)
    .executeTakeFirst()
  return held ? keptAnswer<A>(held, { key, nowMs: deps.clock.nowMs() }) : null
}

function keptAnswer<A extends object>(
  held: Row<'idempotency_keys'>,
  { key, nowMs }: { key: IdempotencyKey; nowMs: number },
): Outcome<A> | null {
  if (held.answer === null || (held.expires_at_ms !== null && held.expires_at_ms <= nowMs)) return null
  return held.request_hash === key.requestHash
    ? accepted(JSON.parse(held.answer) as A)
    : refused('idempotency_mismatch')
}

/** Removes answers that are over, about `rowsMax` of the oldest in one statement; tells how many there were. */
export async function sweepIdempotencyKeys(
  deps: { database: Database; clock: Clock },
  { rowsMax }: { rowsMax: number },
): Promise<number> {
  const nowMs = deps.clock.nowMs()
  const over = await deps.database.db
    .selectFrom('idempotency_keys')
    .select('expires_at_ms')
    .where('expires_at_ms', '<=', nowMs)
    .orderBy('expires_at_ms')
    .limit(rowsMax)
    .execute()
  const last = over.at(-1)?.expires_at_ms
  if (last == null) return 0
  return deps.database.inTransaction(async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom('idempotency_keys')
      .where('expires_at_ms', '<=', last)
      .executeTakeFirst()
    return Number(numDeletedRows)
  })
}

async function holdKey(tx: Tx, key: IdempotencyKey, nowMs: number): Promise<Row<'idempotency_keys'>> {
  await tx
    .insertInto('idempotency_keys')
    .values({
      scope: key.scope,
      idempotency_key: key.key,
      request_hash: key.requestHash,
      answer: null,
      created_at_ms: nowMs,
      expires_at_ms: null,
    })
    .onDuplicateKeyUpdate((eb) => ({ scope: eb.ref('scope') }))
    .execute()
  return await tx
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('scope', '=', key.scope)
    .where('idempotency_key', '=', key.key)
    .forUpdate()
    .executeTakeFirstOrThrow()
}

async function freeKey(tx: Tx, key: IdempotencyKey): Promise<void> {
  await tx
    .deleteFrom('idempotency_keys')
    .where('scope', '=', key.scope)
    .where('idempotency_key', '=', key.key)
    .execute()
}

async function keepAnswer(
  tx: Tx,
  key: IdempotencyKey,
  kept: { answer: string; nowMs: number; expiresAtMs: number | null },
): Promise<void> {
  await tx
    .updateTable('idempotency_keys')
    .set({
      request_hash: key.requestHash,
      answer: kept.answer,
      created_at_ms: kept.nowMs,
      expires_at_ms: kept.expiresAtMs,
    })
    .where('scope', '=', key.scope)
    .where('idempotency_key', '=', key.key)
    .execute()
}
