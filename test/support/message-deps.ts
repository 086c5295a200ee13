import assert from 'node:assert/strict'
import { loadConfig } from '../../src/config/load.ts'
import type { Database } from '../../src/db/database.ts'
import { openApps } from '../../src/features/apps/index.ts'
import { type MessageDeps, openNoticeLane, openPaymentLane } from '../../src/features/payments/index.ts'
import { openCatalogues } from '../../src/features/store/index.ts'
import { type Clock, systemClock } from '../../src/kernel/clock.ts'

/** What a command or a job of its own would take messages in with, on a server's stores. */
export function messageDepsOn(
  database: Database,
  { variables, clock = systemClock }: { variables: Readonly<Record<string, string>>; clock?: Clock },
): MessageDeps {
  const loaded = loadConfig(variables)
  assert.ok(loaded.ok)
  const settleDeps = {
    ...{ database, clock, apps: openApps(loaded.config.apps), count: () => undefined },
    catalogues: openCatalogues({ database, clock }),
  }
  const lanes = { lane: openPaymentLane(settleDeps), notices: openNoticeLane(settleDeps) }
  return { ...settleDeps, ...lanes, report: () => undefined }
}
