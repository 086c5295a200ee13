import type { Database, Db } from '../../db/database.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId } from '../../kernel/ids.ts'
import { selectCatalogue, selectCatalogueVersion } from './queries.ts'
import type { Catalogue } from './rules.ts'

/** The catalogues in memory. An edit anywhere is seen everywhere within a second. */
export interface Catalogues {
  of(appId: AppId): Promise<Catalogue>
}

// Half of the second that an edit may take to be seen; the other half is for the query and a busy event loop.
const CHECK_EVERY_MS = 500
// People edit it: a second reading is rare, a fifth unheard of.
const READ_ATTEMPTS_MAX = 5

/** Keeps each app's catalogue in memory and asks the database for its version at most twice a second. */
export function openCatalogues(deps: { database: Database; clock: Clock }): Catalogues {
  const cached = new Map<AppId, { catalogue: Catalogue; checkedAtMs: number }>()
  const loading = new Map<AppId, Promise<Catalogue>>()

  const load = async (appId: AppId): Promise<Catalogue> => {
    const checkedAtMs = deps.clock.nowMs()
    const known = cached.get(appId)?.catalogue ?? null
    const catalogue = await readCatalogue(deps.database.db, { appId, known })
    cached.set(appId, { catalogue, checkedAtMs })
    return catalogue
  }

  return {
    async of(appId) {
      const known = cached.get(appId)
      if (known && Math.abs(deps.clock.nowMs() - known.checkedAtMs) < CHECK_EVERY_MS) return known.catalogue
      const running = loading.get(appId)
      if (running !== undefined) return running
      const started = load(appId).finally(() => loading.delete(appId))
      loading.set(appId, started)
      return started
    },
  }
}

/** Reads until the version stayed the same around the items: a price of one edit never meets the coins of another. */
async function readCatalogue(db: Db, { appId, known }: { appId: AppId; known: Catalogue | null }): Promise<Catalogue> {
  let version = await selectCatalogueVersion(db, appId)
  if (known?.version === version) return known
  for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt++) {
    const { items, promotions, dailyGifts } = await selectCatalogue(db, appId)
    const versionAfter = await selectCatalogueVersion(db, appId)
    if (versionAfter === version) {
      const onSale = items.filter((item) => item.isOnSale)
      return { version, items: new Map(onSale.map((item) => [item.itemId, item])), promotions, dailyGifts }
    }
    version = versionAfter
  }
  throw new StorageUnavailable('the catalogue is being edited faster than it can be read')
}
