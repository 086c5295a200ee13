import { sql } from 'kysely'
import { type Evidence, type PaymentLine, vouchForFailure, vouchForPayment } from '../../src/channels/channel.ts'
import type { Database } from '../../src/db/database.ts'
import { type App, openApps } from '../../src/features/apps/index.ts'
import { claimAllMessages, claimMessage } from '../../src/features/inbox/claim-messages.ts'
import { giveInviteRewards } from '../../src/features/invites/index.ts'
import { keepEvent } from '../../src/features/payments/payment-event.ts'
import { insertPaymentEvents } from '../../src/features/payments/queries.ts'
import { recordFailure } from '../../src/features/payments/record-failure.ts'
import { type SettleDeps, settlePayments } from '../../src/features/payments/settle-payments.ts'
import { findOrCreatePlayer } from '../../src/features/players/index.ts'
import { openCatalogues, seedCatalogue } from '../../src/features/store/index.ts'
import { changeBalance } from '../../src/features/wallet/change-balance.ts'
import type { AppId, OrderId, PlayerId } from '../../src/kernel/ids.ts'
import { minorUnits, parseCurrency } from '../../src/kernel/money.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { keepReversals } from './healthy-reversals.ts'

/** A call without a key, whose answer nobody reads. */
const SILENT = { key: null, tell: (claimed: object) => claimed }

export interface HealthyPlayers {
  /** Has bought all sorts of things in all sorts of ways. */
  readonly anna: PlayerId
  /** Paid without a transaction id at first, and has claimed everything. */
  readonly ben: PlayerId
  /** Plays another app, whose server gives him coins and takes some. */
  readonly carl: PlayerId
  /** Never paid: one payment of hers failed. */
  readonly dora: PlayerId
  /** Has invited finn, who paid: both were rewarded. */
  readonly eve: PlayerId
  readonly finn: PlayerId
  /** Was given back what she paid: all, in part, and once for a while; one of her payments is disputed. */
  readonly gina: PlayerId
}

export const APP = 'com.funtriolimited.slots.casino.free' as AppId
export const OTHER_APP = 'com.example.other' as AppId

const APP_TERMS: App = {
  appId: APP,
  secrets: [],
  returnUrls: [],
  testPurchases: false,
  refundPolicy: 'debt',
  timeZone: 'UTC',
  logins: { guest: true },
  invite: { inviter: { coins: 300, tokens: 3 }, invited: { coins: 0, tokens: 7 }, rewardsMax: 10 },
}

const OTHER_APP_TERMS: App = {
  ...{ appId: OTHER_APP, secrets: [], returnUrls: [], refundPolicy: 'cap', testPurchases: true, timeZone: 'UTC' },
  ...{ logins: { guest: true }, invite: null },
}

const PRICES = [0, 1999, 2999, 4999, 9999, 19999, 39999, 59999, 99999]
const NOBODY = 99_999 as PlayerId

/** Keeps the books as the service keeps them: grants, refusals, retries, duplicates, failures, claims, and what a game server moves. */
export async function keepHealthyBooks(database: Database): Promise<HealthyPlayers> {
  const clock = fakeClock()
  const apps = openApps([APP_TERMS, OTHER_APP_TERMS])
  const catalogues = openCatalogues({ database, clock })
  const deps: SettleDeps = { database, apps, clock, catalogues, count: () => undefined }
  for (const app of [APP, OTHER_APP]) await seedCatalogue({ database, clock }, app)
  const join = async (
    subject: string,
    { appId = APP, inviterId = null }: { appId?: AppId; inviterId?: PlayerId | null } = {},
  ): Promise<PlayerId> =>
    (await findOrCreatePlayer(deps, { appId, provider: 'facebook', subject, inviterId })).player.user_id
  const anna = await join('anna')
  const ben = await join('ben')
  const carl = await join('carl', { appId: OTHER_APP })
  const dora = await join('dora')
  const eve = await join('eve')
  const finn = await join('finn', { inviterId: eve })
  const gina = await join('gina')

  await pay(deps, { player: anna, order: 'first', transaction: 'txn-first' })
  await pay(deps, { player: anna, order: 'first', transaction: 'txn-first' })
  await pay(deps, { player: anna, order: 'later', item: 4, transaction: 'txn-later' })
  await pay(deps, { player: anna, order: 'first', transaction: 'txn-charged-twice' })
  await pay(deps, { player: ben, order: 'first', transaction: 'txn-not-his' })
  await fail(deps, { player: anna, order: 'retried', code: 'CARD_DECLINED' })
  await pay(deps, { player: anna, order: 'retried', transaction: 'txn-retried' })
  await fail(deps, { player: anna, order: 'given-up', code: 'PAYMENT_CANCELLED' })
  await fail(deps, { player: anna, order: 'first', code: 'TOO_LATE' })
  await fail(deps, { player: dora, order: 'declined', code: 'CARD_DECLINED' })
  await pay(deps, { player: anna, order: 'cheap', priceMinor: 1, transaction: 'txn-cheap' })
  await pay(deps, { player: anna, order: 'underpaid', priceMinor: 1, transaction: 'txn-underpaid' })
  await pay(deps, { player: anna, order: 'underpaid', transaction: 'txn-paid-right' })
  await pay(deps, { player: anna, order: 'unknown-item', item: 77, priceMinor: 1999, transaction: 'txn-unknown-item' })
  await pay(deps, { player: anna, order: 'locked-item', item: 7, transaction: 'txn-locked-item' })
  await pay(deps, { player: NOBODY, order: 'nobody', transaction: 'txn-nobody' })
  await settlePayments(deps, [paymentOf({ player: anna, order: 'cart', transaction: 'txn-cart' }, clock.nowMs(), 2)])
  await pay(deps, { player: ben, order: 'unnamed' })
  await pay(deps, { player: ben, order: 'unnamed', transaction: 'txn-told-late' })
  await pay(deps, { player: carl, app: OTHER_APP, order: 'first', item: 2, transaction: 'txn-first' })

  await pay(deps, { player: finn, order: 'invited', transaction: 'txn-invited' })
  await giveInviteRewards({ database, clock, apps, report: failLoudly }, new AbortController().signal)

  await move(deps, { player: carl, amount: 500 })
  await move(deps, { player: carl, amount: -700 })

  const [rewardOfFirst] = await database.db
    .selectFrom('inbox_messages')
    .select('message_id')
    .where('app_id', '=', APP)
    .where('reward_order_id', '=', 'first' as OrderId)
    .execute()
  if (!rewardOfFirst) throw new Error('the first order has its reward')
  await claimMessage(
    { database, clock },
    { appId: APP, playerId: anna, messageId: rewardOfFirst.message_id, reply: SILENT },
  )
  await claimAllMessages({ database, clock }, { appId: APP, playerId: ben, reply: SILENT })
  await keepAnError(deps, anna)
  await keepReversals(deps, { gina, carl, spend: (amount) => move(deps, { player: carl, amount: -amount }) })
  return { anna, ben, carl, dora, eve, finn, gina }
}

function failLoudly({ error }: { error: unknown }): never {
  throw error
}

export interface TestPayment {
  readonly player: PlayerId
  readonly order: string
  readonly app?: AppId
  readonly item?: number
  readonly priceMinor?: number
  readonly transaction?: string
}

/** A verified payment of one line, or of several that each have an order of their own. */
export function paymentOf(paid: TestPayment, nowMs: number, lineCount = 1) {
  const { item = 1 } = paid
  const line = (lineNo: number): PaymentLine => ({
    lineNo,
    orderId: (lineNo === 1 ? paid.order : `${paid.order}:${lineNo}`) as OrderId,
    itemId: item,
    quantity: 1,
    price: { minor: minorUnits(paid.priceMinor ?? PRICES[item] ?? 0), currency: dollars() },
  })
  return vouchForPayment({
    ...messageOf(paid, nowMs),
    transactionId: paid.transaction ?? null,
    factsAreIdentity: lineCount === 1,
    lines: Array.from({ length: lineCount }, (_, index) => line(index + 1)),
    evidence: evidenceOf(`paid ${paid.order} ${paid.transaction}`, { kind: 'payment', nowMs }),
  })
}

async function pay(deps: SettleDeps, paid: TestPayment): Promise<void> {
  await settlePayments(deps, [paymentOf(paid, deps.clock.nowMs())])
}

async function fail(deps: SettleDeps, failed: { player: PlayerId; order: string; code: string }): Promise<void> {
  const nowMs = deps.clock.nowMs()
  await recordFailure(
    deps,
    vouchForFailure({
      ...messageOf(failed, nowMs),
      orderId: failed.order as OrderId,
      itemId: 1,
      errorCode: failed.code,
      evidence: evidenceOf(`failed ${failed.order}`, { kind: 'failure', nowMs }),
    }),
  )
}

/** What the server of the other app moves. */
async function move(deps: SettleDeps, { player, amount }: { player: PlayerId; amount: number }): Promise<void> {
  const key = { scope: `app:${OTHER_APP}`, key: `move ${amount}`, requestHash: '0'.repeat(64) }
  const change = { currency: 'coins' as const, amount, reason: 'Slot machine' }
  const about = { appId: OTHER_APP, playerId: player, ...change }
  const moved = await changeBalance(deps, { ...about, reply: { ...SILENT, key } })
  if (!moved.ok) throw new Error(`a change of ${amount} was refused: ${moved.refusal.code}`)
}

/** A message that could not be settled is kept alone; here also one whose person was erased since. */
async function keepAnError(deps: SettleDeps, player: PlayerId): Promise<void> {
  const broken = paymentOf({ player, order: 'broken', transaction: 'txn-broken' }, deps.clock.nowMs())
  const kept = keepEvent(broken, { verdict: 'error', paymentId: null, orderId: null })
  await deps.database.inTransaction(async (tx) => {
    await insertPaymentEvents(tx, [kept])
    await sql`update payment_event_bodies set body = ${Buffer.alloc(0)} where event_id = ${kept.event.event_id}`.execute(
      tx,
    )
  })
}

function messageOf({ player, app = APP }: { player: PlayerId; app?: AppId }, nowMs: number) {
  return {
    appId: app,
    instance: 'server',
    environment: 'live' as const,
    playerId: player,
    shown: { channel: 'stripe', method: null },
    evidence: evidenceOf('', { kind: 'payment', nowMs }),
  }
}

export function evidenceOf(body: string, { kind, nowMs }: { kind: Evidence['kind']; nowMs: number }) {
  return { kind, headers: {}, rawBody: Buffer.from(body), receivedAtMs: nowMs, requestId: 'audit-test' }
}

export function dollars() {
  const currency = parseCurrency('USD')
  if (!currency) throw new Error('USD is a currency')
  return currency
}
