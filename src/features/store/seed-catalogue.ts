import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId } from '../../kernel/ids.ts'
import { writeContent } from './catalogue-content.ts'
import { insertItems, insertVersion, raiseCatalogueVersion } from './catalogue-queries.ts'
import { claimNewCatalogue } from './queries.ts'
import { SEED_CONTENT } from './seed.ts'

/** Gives an app that has no catalogue yet the packs of the seed. One that has is left as it is. True when it seeded. */
export async function seedCatalogue(
  { database, clock }: { database: Database; clock: Clock },
  appId: AppId,
): Promise<boolean> {
  return database.inTransaction(async (tx) => {
    if (!(await claimNewCatalogue(tx, appId))) return false
    // The daily gift's days get no rows: an app has the calendar of the seed until it is edited.
    await insertItems(tx, appId, SEED_CONTENT.items)
    await raiseCatalogueVersion(tx, appId)
    const first = { app_id: appId, version: 1, created_at_ms: clock.nowMs(), note: 'The seed' }
    await insertVersion(tx, { ...first, content: writeContent(SEED_CONTENT) })
    return true
  })
}
