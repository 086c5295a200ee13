import type { Database, Tx } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { type CatalogueChange, catalogueChanges } from './catalogue-changes.ts'
import { readContent, writeContent } from './catalogue-content.ts'
import {
  insertVersion,
  isVersionKept,
  lockCatalogue,
  raiseCatalogueVersion,
  replaceCatalogue,
} from './catalogue-queries.ts'
import { catalogueFaults, noteFaults } from './catalogue-rules.ts'
import { selectCatalogue } from './queries.ts'
import type { CatalogueContent } from './rules.ts'

export interface EditCatalogueDeps {
  readonly database: Database
  readonly clock: Clock
}

export interface CatalogueEdit {
  readonly appId: AppId
  /** Why, for people: at most 255 characters, may be empty. */
  readonly note: string
  /** The version that the editor has seen; the edit is refused when it is another by now. */
  readonly expectedVersion?: number
  /** True: decide, and write nothing. */
  readonly dryRun?: boolean
  /** Makes the new content of the present one. Pure: a transaction that meets another is run again. */
  readonly change: (content: CatalogueContent) => Outcome<CatalogueContent>
}

export interface EditedCatalogue {
  /** The version that the edit made; the present one when it changed nothing. */
  readonly version: number
  readonly content: CatalogueContent
  /** Empty: the edit changes nothing, and made no version. */
  readonly changes: readonly CatalogueChange[]
}

/**
 * Edits an app's catalogue: one transaction, one version, which every server has within a second. Refused with
 * `invalid_fields` and every fault at once, `catalogue_changed` when another version was expected, `not_found` for an
 * app without a catalogue, or as `change` refuses.
 */
export async function editCatalogue(deps: EditCatalogueDeps, edit: CatalogueEdit): Promise<Outcome<EditedCatalogue>> {
  const { appId, expectedVersion, note } = edit
  return deps.database.inTransaction(async (tx) => {
    const version = await lockCatalogue(tx, appId)
    if (version === null) return refused('not_found')
    if (expectedVersion !== undefined && expectedVersion !== version) {
      const message = `the catalogue is at version ${version}`
      return refused('catalogue_changed', { details: [{ path: 'expected_version', message }] })
    }
    const before = await selectCatalogue(tx, appId)
    const decided = decideEdit(before, edit)
    if (!decided.ok) return decided
    // In the one order that versions have, so that what is sold is what is kept, to the last byte.
    const content = readContent(writeContent(decided.value))
    const changes = catalogueChanges(before, content)
    if (changes.length === 0) return accepted({ version, content, changes })
    const next = version + 1
    if (edit.dryRun) return accepted({ version: next, content, changes })
    // From here on nothing may be refused.
    const nowMs = deps.clock.nowMs()
    await keepFormerVersion(tx, { appId, version, content: before, nowMs })
    await replaceCatalogue(tx, appId, content)
    await raiseCatalogueVersion(tx, appId)
    const row = { app_id: appId, version: next, created_at_ms: nowMs, note }
    await insertVersion(tx, { ...row, content: writeContent(content) })
    return accepted({ version: next, content, changes })
  })
}

/** The new content, or every reason why not: the note's, and the change's or else the content's. */
function decideEdit(before: CatalogueContent, { note, change }: CatalogueEdit): Outcome<CatalogueContent> {
  const changed = change(before)
  if (!changed.ok && changed.refusal.code !== 'invalid_fields') return changed
  const ofContent = changed.ok ? catalogueFaults(changed.value) : (changed.refusal.details ?? [])
  const details = [...noteFaults(note), ...ofContent]
  if (!changed.ok || details.length > 0) return refused('invalid_fields', { details })
  return changed
}

// A catalogue that is older than the keeping of versions, or that was changed by hand: what it was is not lost.
async function keepFormerVersion(
  tx: Tx,
  former: { appId: AppId; version: number; content: CatalogueContent; nowMs: number },
): Promise<void> {
  const { appId, version, nowMs } = former
  if (await isVersionKept(tx, { appId, version })) return
  const note = `As it was found when version ${version + 1} was made`
  const content = writeContent(former.content)
  await insertVersion(tx, { app_id: appId, version, created_at_ms: nowMs, note, content })
}
