import assert from 'node:assert/strict'
import type { Channel } from '../../src/channels/channel.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Database } from '../../src/db/database.ts'
import type { Row } from '../../src/db/schema.ts'
import { openApps } from '../../src/features/apps/index.ts'
import { approveEntry, type ChannelTaskDeps, refundPayment } from '../../src/features/payments/index.ts'
import { openCatalogues } from '../../src/features/store/index.ts'
import { type Clock, systemClock } from '../../src/kernel/clock.ts'
import type { AppId, PlayerId, ReviewEntryId } from '../../src/kernel/ids.ts'
import { accepted, refused } from '../../src/kernel/outcome.ts'
import { APP_ID, type TestApp } from './test-app.ts'

/** A platform that gives money back once for each key, and says what it is told to say of a payment. */
export interface RefundingPlatform {
  readonly channel: Pick<Channel, 'refundPayment' | 'lookUpStanding'>
  /** What went back, by its key. */
  readonly refunds: ReadonlyMap<string, { refundId: string; amountMinor: number | null }>
  /** How often it was asked. */
  asked(): number
  /** Set by a test: what happens before it does anything, and before it answers. */
  readonly on: { asked: () => Promise<void> | void; done: () => Promise<void> | void }
  standing: 'stands' | 'gone' | 'unknown'
}

export function refundingPlatform(): RefundingPlatform {
  const refunds = new Map<string, { refundId: string; amountMinor: number | null }>()
  let asked = 0
  const platform: RefundingPlatform = {
    refunds,
    asked: () => asked,
    on: { asked: () => undefined, done: () => undefined },
    standing: 'stands',
    channel: {
      lookUpStanding: async () => accepted(platform.standing),
      refundPayment: async ({ idempotencyKey, amount }) => {
        asked += 1
        await platform.on.asked()
        const refundId = refunds.get(idempotencyKey)?.refundId ?? `back-${idempotencyKey}`
        refunds.set(idempotencyKey, { refundId, amountMinor: amount?.minor ?? null })
        await platform.on.done()
        return accepted({ refundId, occurredAtMs: 5 })
      },
    },
  }
  return platform
}

/** A platform that answers nothing but a refusal. */
export function refusingPlatform(code: 'channel_unavailable' | 'purchase_not_found') {
  return { refundPayment: async () => refused(code) }
}

/** The functions of the review queue on a database, with a platform of the test's own in the place of `sandbox`. */
export function deskOn(
  database: Database,
  {
    variables,
    channel,
    clock = systemClock,
  }: {
    variables: Readonly<Record<string, string>>
    channel: Pick<Channel, 'refundPayment' | 'lookUpStanding'>
    clock?: Clock
  },
): ChannelTaskDeps {
  const loaded = loadConfig(variables)
  assert.ok(loaded.ok)
  const sandbox: Channel = {
    ...channel,
    instance: 'sandbox',
    appId: APP_ID as AppId,
    openCheckout: async () => accepted({ kind: 'external' }),
  }
  return {
    database,
    clock,
    apps: openApps(loaded.config.apps),
    catalogues: openCatalogues({ database, clock }),
    count: () => undefined,
    report: () => undefined,
    channels: { byInstance: (name) => (name === 'sandbox' ? sandbox : null), forOrder: () => null },
  }
}

export function deskOf(
  app: TestApp,
  channel: Pick<Channel, 'refundPayment' | 'lookUpStanding'>,
  clock?: Clock,
): ChannelTaskDeps {
  const { variables, service } = app
  return deskOn(service.database, { variables, channel, ...(clock ? { clock } : {}) })
}

export function approveBy(
  desk: ChannelTaskDeps,
  entryId: string,
  more: { uid?: string; itemId?: number; isStatedPaid?: boolean } = {},
) {
  return approveEntry(desk, {
    appId: APP_ID as AppId,
    entryId: entryId as ReviewEntryId,
    playerId: more.uid === undefined ? null : (Number(more.uid) as PlayerId),
    itemId: more.itemId ?? null,
    isStatedPaid: more.isStatedPaid ?? false,
    by: 'a tester',
  })
}

export function refundBy(desk: ChannelTaskDeps, target: string, more: { amount?: string; isReturned?: boolean } = {}) {
  return refundPayment(desk, {
    appId: APP_ID as AppId,
    target,
    amount: more.amount ?? null,
    isReturned: more.isReturned ?? false,
    by: 'a tester',
  })
}

/** The one entry of an order in the queue. */
export async function entryOf(app: TestApp, orderId: string): Promise<Row<'review_entries'>> {
  const { db } = app.service.database
  const entries = await db
    .selectFrom('review_entries')
    .selectAll()
    .where('order_id', '=', orderId as Row<'review_entries'>['order_id'])
    .execute()
  const [entry] = entries
  assert.ok(entry && entries.length === 1, `order ${orderId} has one entry`)
  return entry
}
