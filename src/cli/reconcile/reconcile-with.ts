import { readFile, stat, writeFile } from 'node:fs/promises'
import { composePayments } from '../../compose.ts'
import type { CatchUpDeps } from '../../features/payments/index.ts'
import { readReport, reconcile } from '../../features/reconciliation/index.ts'
import { isoTime } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/error-codes.ts'
import type { Refusal } from '../../kernel/outcome.ts'
import { CommandRefused, runCommand } from '../command.ts'
import { openBar } from '../progress-bar.ts'
import { printable, quoted } from '../store/arguments.ts'
import { asCsv, asJson } from './as-data.ts'
import { asText } from './as-text.ts'

export interface ReconcileOptions {
  readonly from: string
  readonly to: string
  readonly report?: string
  readonly format: 'text' | 'json' | 'csv'
  readonly out?: string
  readonly apply?: boolean
}

export const EXIT_CLEAN = 0
export const EXIT_DIFFERENT = 1
export const EXIT_NOT_RUN = 2

// Some minutes of a platform's list.
const WORTH_A_LOG = 1_000
/** It is read as a whole: a month of a large studio fits in, and a machine's memory is kept. */
const REPORT_BYTES_MAX = 256 * 1024 * 1024

/** Compares a channel's platform with the books, and tells what differs. */
export async function reconcileWith(instance: string, options: ReconcileOptions): Promise<void> {
  await runCommand({ schema: 'current', refusedExitCode: EXIT_NOT_RUN }, async ({ config, database }) => {
    const { apply = false, out } = options
    const span = spanOf(options)
    const opened = await composePayments(config, { database, report: () => undefined, reportFault })
    const bar = openBar({ format: '{bar} {value} payments and refunds compared', worthALog: WORTH_A_LOG })
    try {
      const channel = opened.deps.channels.byInstance(instance)
      if (!channel) throw new CommandRefused(`${quoted(instance)}: ${messageOf('channel_not_found', 'en')}`)
      const read = options.report === undefined ? null : readReport(channel, await reportText(options.report))
      if (read && !read.ok) throw new CommandRefused(refusalWords(read.refusal))
      const progress = (compared: number): void => bar.update({ done: compared, total: compared })
      const rows = read?.value ?? null
      const done = await reconcile(opened.messageDeps, { channel, ...span, rows, apply, progress })
      bar.close()
      if (!done.ok) throw new CommandRefused(refusalWords(done.refusal))
      const about = { instance, from: isoTime(span.fromMs), to: isoTime(span.untilMs), applied: apply }
      const text = { text: asText, json: asJson, csv: asCsv }[options.format](about, done.value)
      if (out === undefined) process.stdout.write(`${text}\n`)
      else await writeNew(out, `${text}\n`)
      const isDifferent = [...done.value.counts.values()].some(({ open }) => open > 0)
      return isDifferent || done.value.taken.notUnderstood > 0 ? EXIT_DIFFERENT : EXIT_CLEAN
    } finally {
      bar.close()
      await opened.close()
    }
  })
}

function spanOf({ from, to }: ReconcileOptions): { fromMs: number; untilMs: number } {
  const [fromMs, untilMs] = [timeOf(from), timeOf(to)]
  if (fromMs !== null && untilMs !== null && fromMs < untilMs) return { fromMs, untilMs }
  throw new CommandRefused(
    '--from and --to are times like 2026-11-01 or 2026-11-01T08:00:00Z, the first before the second',
  )
}

function timeOf(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)) return null
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : ms
}

async function reportText(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > REPORT_BYTES_MAX) {
      throw new CommandRefused(`${file} is larger than ${REPORT_BYTES_MAX} bytes: reconcile a shorter time`)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (error) {
    if (error instanceof CommandRefused) throw error
    throw new CommandRefused(`the report cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (error) {
    throw new CommandRefused(`the result cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function refusalWords({ code, details = [] }: Refusal): string {
  const lines = details.map(({ path, message }) => `  ${printable(path)}: ${printable(message)}`)
  return [`It could not be done: ${messageOf(code, 'en')}`, ...lines].join('\n')
}

const reportFault: CatchUpDeps['reportFault'] = ({ error, kind, eventId }) => {
  const why = error instanceof Error ? error.message : String(error)
  process.stderr.write(`a ${kind} could not be booked, and is kept as ${eventId ?? 'none'}: ${why}\n`)
}
