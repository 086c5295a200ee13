import {
  type CatalogueVersion,
  type CatalogueVersionChange,
  contentJson,
  listCatalogueVersions,
  readCatalogueVersion,
  readPresentCatalogue,
} from '../../features/store/index.ts'
import { isoTime, utcSeconds } from '../../kernel/clock.ts'
import { accepted, type FieldFault, type Outcome, refused } from '../../kernel/outcome.ts'
import { printable, quoted, readWhole } from './arguments.ts'
import { changeWords } from './change-words.ts'
import { contentWords } from './content-words.ts'
import { EXIT_DONE, type OpenedStore, print, runOnStore, type StoreOptions, tellRefusal } from './run-store.ts'

/** The store as it is now. */
export async function listStore(options: StoreOptions): Promise<void> {
  await runOnStore(options, async ({ database, appId, nowMs }) => {
    const present = await readPresentCatalogue(database, appId)
    if (!present.ok) return tellRefusal(present.refusal, { options, appId })
    const { version, content } = present.value
    if (options.json) print(JSON.stringify({ app_id: appId, version, ...contentJson(content) }, null, 2))
    else print(`The store of ${appId}, version ${version}\n\n${contentWords(content, { nowMs })}`)
    return EXIT_DONE
  })
}

/** One kept version. */
export async function showVersion(options: StoreOptions, versionText: string): Promise<void> {
  await runOnStore(options, async (opened) => {
    const { appId, nowMs } = opened
    const found = await findVersion(opened, versionText)
    if (!found.ok) return tellRefusal(found.refusal, { options, appId })
    const { content, ...kept } = found.value
    if (options.json) print(JSON.stringify({ app_id: appId, ...headJson(kept), ...contentJson(content) }, null, 2))
    else print(`The store of ${appId}\n${headWords(kept)}\n\n${contentWords(content, { nowMs })}`)
    return EXIT_DONE
  })
}

const HISTORY_MAX = 100

/** The newest versions, each with what it changed. */
export async function showHistory(options: StoreOptions & { limit?: string }): Promise<void> {
  await runOnStore(options, async ({ database, appId }) => {
    const faults: FieldFault[] = []
    const limit = readWhole(faults, { name: '--limit', text: options.limit ?? '20' })
    if (limit !== null && (limit < 1 || limit > HISTORY_MAX)) {
      faults.push({ path: '--limit', message: `must be 1 to ${HISTORY_MAX}` })
    }
    if (limit === null || faults.length > 0) return tellRefusal({ code: 'invalid_fields' }, { options, appId, faults })
    const versions = await listCatalogueVersions(database, { appId, limit })
    if (options.json) print(JSON.stringify({ app_id: appId, versions: versions.map(versionJson) }, null, 2))
    else print(versions.length === 0 ? `No version of ${appId} is kept yet.` : versions.map(versionWords).join('\n'))
    return EXIT_DONE
  })
}

/** Finds the version that was named, or says why not. */
export async function findVersion({ database, appId }: OpenedStore, text: string): Promise<Outcome<CatalogueVersion>> {
  const faults: FieldFault[] = []
  const version = readWhole(faults, { name: '<version>', text })
  if (version === null) return refused('invalid_fields', { details: faults })
  const found = await readCatalogueVersion(database, { appId, version })
  if (found.ok) return accepted(found.value)
  const message = `version ${quoted(text)} is not kept: \`history\` names those that are`
  return refused('not_found', { details: [{ path: '<version>', message }] })
}

type Head = Omit<CatalogueVersion, 'content'>

function headWords({ version, createdAtMs, note }: Head): string {
  return `version ${version}, ${utcSeconds(createdAtMs)} UTC${note === '' ? '' : `: ${printable(note)}`}`
}

function headJson({ version, createdAtMs, note }: Head) {
  return { version, created_at: isoTime(createdAtMs), note }
}

function versionWords({ since, content, ...head }: CatalogueVersionChange): string {
  const first = `the first that is kept: ${content.items.length} items, ${content.promotions.length} promotions`
  const changes = since ? since.changes.map(changeWords) : [first]
  return [headWords(head), ...changes.map((change) => `  ${change}`)].join('\n')
}

function versionJson({ since, content: _, ...head }: CatalogueVersionChange) {
  return { ...headJson(head), since_version: since?.version ?? null, changes: since?.changes ?? [] }
}
