import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId } from '../../kernel/ids.ts'
import { selectCatalogueVersion, selectItems } from './queries.ts'
import type { StoreItem } from './rules.ts'

/** An app's items by id, as one version of the catalogue has them. */
export interface Catalogue {
  readonly version: number
  readonly items: ReadonlyMap<number, StoreItem>
}

/** The catalogues in memory. An edit anywhere is seen everywhere within a second. */
export interface Catalogues {
  of(appId: AppId): Promise<Catalogue>
}

// Half of the second that an edit may take to be seen; the other half is for the query and a busy event loop.
const CHECK_EVERY_MS = 500

/** Keeps each app's catalogue in memory and asks the database for its version at most twice a second. */
export function openCatalogues(deps: { database: Database; clock: Clock }): Catalogues {
  const cached = new Map<AppId, { catalogue: Catalogue; checkedAtMs: number }>()
  const loading = new Map<AppId, Promise<Catalogue>>()

  const load = async (appId: AppId): Promise<Catalogue> => {
    const checkedAtMs = deps.clock.nowMs()
    const known = cached.get(appId)
    const version = await selectCatalogueVersion(deps.database.db, appId)
    // The version is read before the items: an edit in between is loaded twice, never missed.
    const catalogue =
      known?.catalogue.version === version
        ? known.catalogue
        : { version, items: new Map((await selectItems(deps.database.db, appId)).map((item) => [item.itemId, item])) }
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
