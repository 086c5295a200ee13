import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { describeFaults, loadConfig } from '../../src/config/load.ts'
import type { Database, Db } from '../../src/db/database.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import type { Row } from '../../src/db/schema.ts'
import {
  anyOrder,
  endOf,
  isRightPrice,
  mayHaveLookedGone,
  messagesOf,
  type OrderFacts,
  type Random,
  randomOf,
} from './any-facts.ts'
import { assertAuditClean } from './audit-run.ts'
import { type ChildServer, startChildServer } from './child-server.ts'
import type { Delivery, DeliveryOrder, DeliveryReport } from './delivery-process.ts'
import type { Engine } from './engines.ts'
import { freePort } from './mariadb-server.ts'
import { APP_ID, APP_SECRET } from './test-app.ts'
import { testRedis } from './test-redis.ts'
import type { Voice } from './voices/voice.ts'
import { VOICES, type VoiceType } from './voices/voices.ts'

const PLAYERS = 40
const PROCESSES = 4
const CONNECTIONS = 6
const KILLS = 4
const CALLS_AN_ORDER = 0.3
const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** Who tells of how many orders, to servers on what. */
export interface AnyOrderRun {
  readonly engine: Engine
  readonly voice: VoiceType
  readonly orders: number
}

/** The whole story of one platform on one engine; a failure is played again with its seed, as SEED=<n>. */
export async function tellEverythingInAnyOrder(t: TestContext, run: AnyOrderRun): Promise<void> {
  t.diagnostic(`SEED=${SEED}`)
  const random = randomOf(SEED)
  const voice: Voice = VOICES[run.voice]
  const place = await openPlace(t, run)
  const players = await Promise.all(Array.from({ length: PLAYERS }, (_, no) => place.first.logIn(`any-order-${no}`)))
  const orders = Array.from({ length: run.orders }, (_, no) =>
    anyOrder(random, { voice, no, uid: random.pick(players).uid }),
  )
  const callbacks = orders
    .flatMap((facts) => messagesOf(voice, facts))
    .map((message): Delivery => ({ kind: 'callback', message }))
  const calls = await playersCalls(random, {
    first: place.first,
    players,
    count: Math.ceil(run.orders * CALLS_AN_ORDER),
  })
  const deliveries = random.shuffled([...callbacks, ...callbacks, ...callbacks, ...calls])

  const startedMs = performance.now()
  const { retries } = await deliverAll(t, { random, deliveries, place, voice: run.voice })
  const tookMs = performance.now() - startedMs
  t.diagnostic(
    `${deliveries.length} deliveries in ${Math.round(tookMs / 1000)} s, ${KILLS} kills, ${retries} sent again`,
  )
  assert.ok(retries > 0, 'a kill must break off calls that were under way, else this test shows nothing')

  for (const server of place.servers) await server.kill('SIGTERM')
  await assertAuditClean(t, place.variables)
  const database = await place.openBooks()
  await assertStandsAsToldOf(t, { db: database.db, voice, orders })
  const faults = await database.db.selectFrom('payment_events').selectAll().where('verdict', '=', 'error').execute()
  assert.deepEqual(faults, [], 'a server that is killed, and locks that meet, are no faults of ours')
  await database.close()
}

/** Servers, each a process on one database: several on MySQL, one alone on SQLite. */
interface Place {
  readonly servers: readonly ChildServer[]
  readonly first: ChildServer
  readonly urls: readonly string[]
  readonly secret: string
  readonly variables: Readonly<Record<string, string>>
  openBooks(): Promise<Database>
}

async function openPlace(t: TestContext, { engine, voice: type }: AnyOrderRun): Promise<Place> {
  const voice: Voice = VOICES[type]
  const ownSecret = randomBytes(32).toString('hex')
  const directory = mkdtempSync(join(tmpdir(), 'payment-api-any-order-'))
  const store = await engine.create()
  const redis = engine.name === 'mysql' ? testRedis() : null
  const variables = {
    ENV: 'local',
    DATABASE_URL: engine.name === 'mysql' ? store.url : `sqlite:///${join(directory, 'payment.db')}`,
    MIGRATE_AT_START: 'true',
    APPS: JSON.stringify([{ appId: APP_ID, appSecret: APP_SECRET }]),
    CHANNELS: JSON.stringify(voice.channels(ownSecret)),
    LOG_LEVEL: 'error',
    ...{ RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_LOGIN_PER_MINUTE: '0', RATE_LIMIT_PLAYER_PER_MINUTE: '0' },
    RATE_LIMIT_ROUTES: '{}',
    ...store.variables,
    ...redis?.variables,
  }
  t.after(async () => {
    await store.drop()
    await redis?.drop()
    rmSync(directory, { recursive: true, force: true })
  })
  const servers: ChildServer[] = []
  for (let n = 0; n < (engine.name === 'mysql' ? 2 : 1); n++) {
    // The same address after each start: platforms know no other.
    servers.push(await startChildServer(t, { variables: { ...variables, PORT: String(await freePort()) } }))
  }
  const [first] = servers
  const loaded = loadConfig(variables)
  if (!first || !loaded.ok) throw new Error(loaded.ok ? 'a server runs' : describeFaults(loaded.faults))
  const { config } = loaded
  const secret = (await voice.readSecret?.(config)) ?? ownSecret
  const urls = servers.map((server) => server.url)
  return { servers, first, urls, secret, variables, openBooks: () => openDatabase(config.database) }
}

/** What players and the game do meanwhile: rewards are claimed, coins and tokens are spent. */
async function playersCalls(
  random: Random,
  { first, players, count }: { first: ChildServer; players: readonly { token: string; uid: string }[]; count: number },
): Promise<Delivery[]> {
  const game = await first.serverToken()
  return Array.from({ length: count }, (_, no): Delivery => {
    const { token, uid } = random.pick(players)
    if (random.chance(50)) return { kind: 'call', path: '/api/v1/inbox/claim_all', token, body: {} }
    const currency = random.pick(['coins', 'tokens'])
    const body = { currency, amount: -1 - random.below(30), reason: 'spent', idempotency_key: `any-order-${no}` }
    return { kind: 'call', path: `/api/v1/server/users/${uid}/wallet`, token: game, body }
  })
}

/** Deals the deliveries out to processes of their own, and kills servers while they are at it. */
async function deliverAll(
  t: TestContext,
  {
    random,
    deliveries,
    place,
    voice,
  }: { random: Random; deliveries: readonly Delivery[]; place: Place; voice: VoiceType },
): Promise<{ retries: number }> {
  const answered = Array.from({ length: PROCESSES }, () => 0)
  let [retries, isDone] = [0, false]
  const faults: string[] = []
  const delivering = answered.map(async (_, no) => {
    const child = fork(join(import.meta.dirname, 'delivery-process.ts'))
    t.after(() => child.kill('SIGKILL'))
    child.on('message', (report: DeliveryReport) => {
      if (report.kind === 'progress') answered[no] = report.answered
      else {
        retries += report.retries
        faults.push(...report.faults)
      }
    })
    const own = deliveries.filter((_, index) => index % PROCESSES === no)
    const order: DeliveryOrder = {
      urls: place.urls,
      voice,
      secret: place.secret,
      deliveries: own,
      connections: CONNECTIONS,
    }
    child.send(order)
    const [code] = await once(child, 'exit')
    assert.equal(code, 0, 'a delivering process runs to its end')
  })
  const killing = (async () => {
    for (let kill = 1; kill <= KILLS; kill++) {
      // By progress, not by the clock: so that each kill falls into the load, however fast the machine is.
      const goal = ((kill - 0.5 + random.below(50) / 100) / (KILLS + 1)) * deliveries.length
      while (!isDone && answered.reduce((sum, count) => sum + count, 0) < goal) await pause(10)
      if (isDone) return
      const server = random.pick(place.servers)
      const startedMs = performance.now()
      await server.kill('SIGKILL')
      await server.start()
      t.diagnostic(
        `kill ${kill} after ${Math.round(goal)} answers; up again in ${Math.round(performance.now() - startedMs)} ms`,
      )
    }
  })()
  await Promise.all(delivering)
  isDone = true
  await killing
  assert.deepEqual(faults, [], 'every callback is answered as its platform wants it in the end')
  return { retries }
}

const COINS: Readonly<Record<number, number>> = { 1: 1_000, 2: 2_000, 4: 10_000 }
const TOKENS: Readonly<Record<number, { first: number; later: number }>> = {
  1: { first: 22, later: 20 },
  2: { first: 33, later: 30 },
  4: { first: 115, later: 101 },
}

/** The expectation in words of its own: from the facts, and from which of two charges was granted, to what must stand. */
async function assertStandsAsToldOf(
  t: TestContext,
  { db, voice, orders }: { db: Db; voice: Voice; orders: readonly OrderFacts[] },
): Promise<void> {
  const rows = new Map((await db.selectFrom('orders').selectAll().execute()).map((row) => [String(row.order_id), row]))
  const payments = await db.selectFrom('payments').selectAll().execute()
  const transactions = new Map(payments.map((row) => [row.payment_id, row.transaction_id]))
  const due = new Map<string, { coins: number; tokens: number }>()
  const states = new Map<string, number>()
  for (const facts of orders) {
    const row = rows.get(facts.orderId)
    const paidBy = row?.granted_payment_id ? (transactions.get(row.granted_payment_id) ?? null) : null
    assert.equal(row?.status, demandedState(facts, { voice, paidBy, row }), JSON.stringify(facts))
    states.set(row?.status ?? 'none', (states.get(row?.status ?? 'none') ?? 0) + 1)
    const granted = facts.charges.find(({ bought }) => bought.transactionId === paidBy)
    if (!row || !granted) continue
    const { takenMinor } = endOf(granted)
    const { itemId, amountMinor: priceMinor } = granted.bought
    const tokens = TOKENS[itemId]?.[row.is_first_charge === 1 ? 'first' : 'later'] ?? 0
    const left = (given: number): number => given - Math.floor((given * takenMinor) / priceMinor)
    const sum = due.get(facts.uid) ?? { coins: 0, tokens: 0 }
    due.set(facts.uid, { coins: sum.coins + left(COINS[itemId] ?? 0), tokens: sum.tokens + left(tokens) })
  }
  t.diagnostic([...states].map(([state, count]) => `${state} ${count}`).join(', '))
  await assertBalances(db, due)
}

/** The one state that the facts allow; undefined where there must be no order. */
function demandedState(
  { charges, failed, orderId }: OrderFacts,
  { voice, paidBy, row }: { voice: Voice; paidBy: string | null; row: Row<'orders'> | undefined },
): string | undefined {
  const told = charges.filter((charge) => charge.isTold)
  if (told.length === 0) return failed ? 'failed' : undefined
  if (paidBy !== null) {
    const granted = told.find(({ bought }) => bought.transactionId === paidBy)
    assert.ok(granted && isRightPrice(granted), `${orderId} is granted for money that was paid for it`)
    const { isWhole, isDisputed } = endOf(granted)
    return isWhole ? 'refunded' : isDisputed ? 'disputed' : 'completed'
  }
  // Never granted: the price was wrong, or its money looked gone before the payment itself was told of.
  const excused = told.every((charge) => !isRightPrice(charge)) || told.some(mayHaveLookedGone)
  assert.ok(excused, `${orderId} was paid and must be granted`)
  const [only, another] = told
  if (only && !another) {
    const isGivenBack = !isRightPrice(only) && voice.tells.wrongPrices === 'given_back'
    return endOf(only).isWhole || isGivenBack ? 'refunded' : 'review'
  }
  assert.ok(row?.status === 'refunded' || row?.status === 'review', `${orderId} waits, or its money went back`)
  return row.status
}

/** What is left of everything that was granted, less what was spent, is in the wallets and inboxes. */
async function assertBalances(db: Db, due: ReadonlyMap<string, { coins: number; tokens: number }>): Promise<void> {
  const spent = await db.selectFrom('postings').selectAll().where('to_account', '=', 'game').execute()
  for (const player of await db.selectFrom('users').selectAll().execute()) {
    const uid = String(player.user_id)
    const spentOf = (currency: string): number =>
      spent
        .filter((posting) => posting.user_id === player.user_id && posting.currency === currency)
        .reduce((sum, { amount }) => sum + amount, 0)
    const { coins, tokens } = due.get(uid) ?? { coins: 0, tokens: 0 }
    assert.deepEqual(
      { uid, coins: player.coins, tokens: player.tokens + player.inbox_tokens },
      { uid, coins: coins - spentOf('coins'), tokens: tokens - spentOf('tokens') },
    )
  }
}
