import { composePayments } from '../../compose.ts'
import { type CatchUpDeps, type CaughtUp, catchUp } from '../../features/payments/index.ts'
import { isoTime, systemClock } from '../../kernel/clock.ts'
import { runCommand } from '../command.ts'
import { openBar } from '../progress-bar.ts'
import { changeWords } from './replay-words.ts'
import { EXIT_DONE, EXIT_REFUSED, print, tellRefusal } from './run-orders.ts'

export interface CatchUpOptions {
  readonly from: string
  readonly to?: string
  readonly apply?: boolean
  readonly json?: boolean
}

// Listing that many messages takes a minute or so.
const WORTH_A_LOG = 1_000

/** Takes in what a platform told in a span of time and never reached us; without `apply` says what that would change. */
export async function catchUpWith(instance: string, options: CatchUpOptions): Promise<void> {
  const { apply = false, json = false } = options
  await runCommand({ schema: 'current', refusedExitCode: EXIT_REFUSED }, async ({ config, database }) => {
    const span = spanOf(options)
    if (span === null) {
      const message = 'are times like 2026-11-01T00:00:00Z, the first before the second'
      return tellRefusal({ code: 'invalid_fields' }, { json }, [{ path: '--from and --to', message }])
    }
    const opened = await composePayments(config, { database, report: () => undefined, reportFault })
    const bar = openBar({ format: '{bar} {value} messages of the platform', worthALog: WORTH_A_LOG })
    try {
      const progress = (listed: number): void => bar.update({ done: listed, total: listed })
      const caught = await catchUp(opened.deps, { instance, ...span, apply, progress })
      if (!caught.ok) return tellRefusal(caught.refusal, { json })
      const about = { instance, from: isoTime(span.fromMs), to: isoTime(span.untilMs), applied: apply }
      print(json ? JSON.stringify({ ...about, ...caught.value }, null, 2) : inWords(about, caught.value))
      return EXIT_DONE
    } finally {
      bar.close()
      await opened.close()
    }
  })
}

const reportFault: CatchUpDeps['reportFault'] = ({ error, kind, eventId }) => {
  const why = error instanceof Error ? error.message : String(error)
  process.stderr.write(
    `a ${kind} could not be booked${eventId === undefined ? '' : `, and is kept as ${eventId}`}: ${why}\n`,
  )
}

function spanOf({ from, to }: CatchUpOptions): { fromMs: number; untilMs: number } | null {
  const [fromMs, untilMs] = [Date.parse(from), to === undefined ? systemClock.nowMs() : Date.parse(to)]
  return fromMs < untilMs ? { fromMs, untilMs } : null
}

function inWords(
  { instance, from, to, applied }: { instance: string; from: string; to: string; applied: boolean },
  { listed, notUnderstood, tests, faults, missed }: CaughtUp,
): string {
  const aside = [
    ...(notUnderstood > 0 ? [`${notUnderstood} of them are not understood`] : []),
    ...(faults > 0 ? [`${faults} could not be booked by a fault of ours, told above`] : []),
    ...(tests > 0 ? [`${tests} are play money, which the app does not take`] : []),
  ]
  return [
    `${instance} told ${listed} messages from ${from} to ${to}${aside.map((said) => `; ${said}`).join('')}.`,
    ...missed.flatMap(({ kind, verdict, changes }) => [
      `A ${kind} had not come: \`${verdict}\``,
      ...changes.map(changeWords),
    ]),
    conclusion({ applied, count: missed.length }),
  ].join('\n')
}

function conclusion({ applied, count }: { applied: boolean; count: number }): string {
  if (count === 0) return 'Everything had come.'
  const messages = count === 1 ? '1 message' : `${count} messages`
  return applied ? `${messages} taken in.` : `A dry run: ${messages} would be taken in. Do it with --apply.`
}
