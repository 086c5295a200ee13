import { type PaymentFacts, type PaymentLine, vouchForNotice, vouchForPayment } from '../../src/channels/channel.ts'
import { openApps } from '../../src/features/apps/index.ts'
import { type AppliedNotice, applyNotice } from '../../src/features/payments/apply-notice.ts'
import { type SettleDeps, settlePayments } from '../../src/features/payments/settle-payments.ts'
import type { Settlement } from '../../src/features/payments/settlement.ts'
import { openCatalogues } from '../../src/features/store/index.ts'
import type { AppId, OrderId, PlayerId } from '../../src/kernel/ids.ts'
import { type CurrencyCode, minorUnits } from '../../src/kernel/money.ts'
import type { Outcome } from '../../src/kernel/outcome.ts'
import { fakeClock } from './fake-clock.ts'
import { APP_ID, type TestApp } from './test-app.ts'

/** A payment of starter packs, one an order, under as many names as its platform has for it. */
export interface NamedPayment {
  readonly uid: string
  readonly orders: readonly string[]
  readonly id: string | null
  readonly others?: readonly string[]
  readonly factsAreIdentity?: boolean
}

/** A refund or dispute of whatever goes by one of these names. */
export interface NamedNotice {
  readonly names: readonly string[]
  readonly causeId?: string
  readonly cause?: 'refund' | 'dispute'
  readonly state?: 'open' | 'taken' | 'undone'
  readonly lineNo?: number
  readonly minor?: number
  readonly atMs?: number
}

/** A platform of many names, such as no channel of the tests has, that speaks to the service's own doors. */
export interface NamingPlatform {
  /** Payments that wait together share one transaction. */
  pay(...payments: readonly NamedPayment[]): Promise<Outcome<Settlement>[][]>
  tell(notice: NamedNotice): Promise<AppliedNotice>
}

const SOURCE = { appId: APP_ID as AppId, instance: 'many-names', environment: 'live' as const }
const STARTER_PACK = { itemId: 1, quantity: 1, price: { minor: minorUnits(1999), currency: 'USD' as CurrencyCode } }

export function namingPlatform(app: TestApp): NamingPlatform {
  const { database } = app.service
  const clock = fakeClock()
  const terms = {
    testPurchases: true,
    refundPolicy: 'debt',
    timeZone: 'UTC',
    logins: { guest: true },
    invite: null,
  } as const
  const apps = openApps([{ appId: SOURCE.appId, secrets: [], returnUrls: [], ...terms }])
  const catalogues = openCatalogues({ database, clock })
  const deps: SettleDeps = { database, apps, clock, catalogues, count: () => undefined }
  const evidence = (kind: 'payment' | 'notice', said: object) => ({
    ...{ kind, headers: {}, rawBody: Buffer.from(JSON.stringify(said)) },
    ...{ receivedAtMs: clock.nowMs(), requestId: 'many-names' },
  })
  const paymentOf = (told: NamedPayment): PaymentFacts => ({
    ...SOURCE,
    playerId: Number(told.uid) as PlayerId,
    shown: { channel: 'many-names', method: null },
    transactionId: told.id,
    otherIds: told.others ?? [],
    factsAreIdentity: told.factsAreIdentity ?? false,
    lines: told.orders.map(
      (order, index): PaymentLine => ({ ...STARTER_PACK, lineNo: index + 1, orderId: order as OrderId }),
    ),
    evidence: evidence('payment', told),
  })
  return {
    pay: (...payments) =>
      settlePayments(
        deps,
        payments.map((told) => vouchForPayment(paymentOf(told))),
      ),
    tell: (told) => {
      const { names, causeId = 'first', cause = 'refund', state = 'taken', lineNo = null, minor, atMs = 1 } = told
      const amount = minor === undefined ? null : { ...STARTER_PACK.price, minor: minorUnits(minor) }
      const what = { cause, causeId, state, lineNo, amount, occurredAtMs: atMs }
      const about = { ...SOURCE, ...what, paymentIds: names, evidence: evidence('notice', told) }
      return applyNotice(deps, vouchForNotice(about))
    },
  }
}
