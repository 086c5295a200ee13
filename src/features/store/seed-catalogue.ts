import type { Database } from '../../db/database.ts'
import type { AppId } from '../../kernel/ids.ts'
import { claimNewCatalogue, insertItems, raiseCatalogueVersion } from './queries.ts'
import { SEED_ITEMS } from './seed.ts'

/** Gives an app that has no catalogue yet the packs of the seed. One that has is left as it is. True when it seeded. */
export async function seedCatalogue(database: Database, appId: AppId): Promise<boolean> {
  return database.inTransaction(async (tx) => {
    if (!(await claimNewCatalogue(tx, appId))) return false
    await insertItems(tx, appId, SEED_ITEMS)
    await raiseCatalogueVersion(tx, appId)
    return true
  })
}
