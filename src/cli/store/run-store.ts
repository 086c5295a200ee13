import type { Config } from '../../config/config.ts'
import type { Database } from '../../db/database.ts'
import { type CatalogueEdit, editCatalogue } from '../../features/store/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import { type ErrorCode, messageOf } from '../../kernel/error-codes.ts'
import type { AppId } from '../../kernel/ids.ts'
import type { FieldFault, Refusal } from '../../kernel/outcome.ts'
import { CommandRefused, runCommand } from '../command.ts'
import { printable, quoted, readWhole } from './arguments.ts'
import { changeWords } from './change-words.ts'

/** What every command about the store may be given. */
export interface StoreOptions {
  readonly app?: string
  readonly json?: boolean
}

/** What every command that changes it may be given. */
export interface EditOptions extends StoreOptions {
  readonly note?: string
  readonly dryRun?: boolean
  readonly expectVersion?: string
}

/** Where a command works. */
export interface OpenedStore {
  readonly database: Database
  readonly appId: AppId
  readonly nowMs: number
}

export const EXIT_DONE = 0
export const EXIT_REFUSED = 1

/** Opens the configured database for one app; the work gives the exit code. */
export async function runOnStore({ app }: StoreOptions, work: (opened: OpenedStore) => Promise<number>): Promise<void> {
  await runCommand({ schema: 'current', refusedExitCode: EXIT_REFUSED }, ({ config, database }) =>
    work({ database, appId: appOf(config, app), nowMs: systemClock.nowMs() }),
  )
}

/** The app that an operator names, or the only one. */
export function appOf({ apps }: Config, wanted: string | undefined): AppId {
  const known = apps.map(({ appId }) => appId)
  const [first] = known
  const found = wanted === undefined && known.length === 1 ? first : known.find((appId) => appId === wanted)
  if (found !== undefined) return found
  const fault = wanted === undefined ? 'say which app by --app' : `there is no app ${quoted(wanted)}`
  throw new CommandRefused(`${fault}: APPS names ${known.join(', ')}`)
}

/** Edits the catalogue, or shows what an edit would do, and says in words what has changed. */
export async function runEdit(
  options: EditOptions,
  plan: (opened: OpenedStore) => Promise<{ change: CatalogueEdit['change']; note?: string }>,
): Promise<void> {
  await runOnStore(options, async (opened) => {
    const { appId, database } = opened
    const { change, note = '' } = await plan(opened)
    const faults: FieldFault[] = []
    const text = options.expectVersion
    const expectedVersion = text === undefined ? null : readWhole(faults, { name: '--expect-version', text })
    const edited = await editCatalogue(
      { database, clock: systemClock },
      {
        appId,
        note: options.note ?? note,
        // One that cannot be read must refuse, with what else is wrong: nothing is written then.
        dryRun: options.dryRun === true || faults.length > 0,
        ...(expectedVersion === null ? {} : { expectedVersion }),
        change,
      },
    )
    if (!edited.ok) return tellRefusal(edited.refusal, { options, appId, faults })
    if (faults.length > 0) return tellRefusal({ code: 'invalid_fields' }, { options, appId, faults })
    const { version, changes } = edited.value
    const dryRun = options.dryRun === true
    if (options.json) print(JSON.stringify({ app_id: appId, version, dry_run: dryRun, changes }, null, 2))
    else print([...changes.map(changeWords), verdictOn({ version, dryRun, appId, count: changes.length })].join('\n'))
    return EXIT_DONE
  })
}

function verdictOn(edit: { version: number; dryRun: boolean; appId: AppId; count: number }): string {
  const { version, dryRun, appId, count } = edit
  if (count === 0) return `Nothing changes: the store of ${appId} stays at version ${version}.`
  if (dryRun) return `A dry run: nothing was changed. The store of ${appId} would be at version ${version}.`
  return `The store of ${appId} is at version ${version}; every server has it within a second.`
}

/** Says every reason at once; a program reads them on standard output. Gives the exit code. */
export function tellRefusal(
  refusal: Refusal,
  { options, appId, faults = [] }: { options: StoreOptions; appId: AppId; faults?: readonly FieldFault[] },
): number {
  const { code } = refusal
  const details = [...faults, ...(refusal.details ?? [])]
  if (options.json) print(JSON.stringify({ app_id: appId, error: code, details }, null, 2))
  else {
    const told = details.map(({ path, message }) => `  ${printable(path)}: ${printable(message)}`)
    process.stderr.write(`${[headOf(code, { appId, count: details.length }), ...told].join('\n')}\n`)
  }
  return EXIT_REFUSED
}

function headOf(code: ErrorCode, { appId, count }: { appId: AppId; count: number }): string {
  if (code === 'invalid_fields') return `Nothing was done: ${count === 1 ? 'one fault' : `${count} faults`}.`
  if (code !== 'not_found') return `Nothing was done: ${messageOf(code, 'en')}`
  return count > 0 ? 'Nothing was done.' : `Nothing was done: ${appId} has no store yet; run \`npm run seed\`.`
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
