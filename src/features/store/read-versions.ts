import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { type CatalogueChange, catalogueChanges } from './catalogue-changes.ts'
import { readContent } from './catalogue-content.ts'
import { selectVersion, selectVersions } from './catalogue-queries.ts'
import { selectCatalogue, selectCatalogueVersion } from './queries.ts'
import type { CatalogueContent } from './rules.ts'

/** One kept version of a catalogue. */
export interface CatalogueVersion {
  readonly version: number
  readonly createdAtMs: number
  /** Why it was made; may be empty. */
  readonly note: string
  readonly content: CatalogueContent
}

/** A version, and what it changed in the one that was kept before it; null for the first. */
export type CatalogueVersionChange = CatalogueVersion & {
  readonly since: { readonly version: number; readonly changes: readonly CatalogueChange[] } | null
}

/** The whole catalogue as it is now, off-sale items included. Refused with `not_found` when the app has none. */
export async function readPresentCatalogue(
  database: Database,
  appId: AppId,
): Promise<Outcome<{ version: number; content: CatalogueContent }>> {
  // One moment, so that the version is the content's.
  return database.inSnapshot(async (db) => {
    const version = await selectCatalogueVersion(db, appId)
    if (version === 0) return refused('not_found')
    return accepted({ version, content: await selectCatalogue(db, appId) })
  })
}

/** One version as it was kept. Refused with `not_found`. */
export async function readCatalogueVersion(
  database: Database,
  { appId, version }: { appId: AppId; version: number },
): Promise<Outcome<CatalogueVersion>> {
  const row = await selectVersion(database.db, { appId, version })
  return row ? accepted(versionOf(row)) : refused('not_found')
}

/** The newest versions first, each with what it changed. */
export async function listCatalogueVersions(
  database: Database,
  { appId, limit }: { appId: AppId; limit: number },
): Promise<CatalogueVersionChange[]> {
  // One more than is shown: what the last of them changed shows in the one before it.
  const versions = (await selectVersions(database.db, { appId, limit: limit + 1 })).map(versionOf)
  return versions.slice(0, limit).map((version, index) => {
    const former = versions[index + 1]
    const since = former
      ? { version: former.version, changes: catalogueChanges(former.content, version.content) }
      : null
    return { ...version, since }
  })
}

function versionOf({ version, created_at_ms, note, content }: Row<'catalogue_versions'>): CatalogueVersion {
  return { version, createdAtMs: created_at_ms, note, content: readContent(content) }
}
