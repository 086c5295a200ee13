import { composePayments } from '../../compose.ts'
import { type Replayed, type ReplayRefusal, replayEvent } from '../../features/payments/index.ts'
import { utcSeconds } from '../../kernel/clock.ts'
import type { PaymentEventId } from '../../kernel/ids.ts'
import { runCommand } from '../command.ts'
import { printable, quoted } from '../store/arguments.ts'
import { print } from '../store/run-store.ts'
import { changeWords } from './replay-words.ts'

export interface ReplayOptions {
  readonly apply?: boolean
  readonly json?: boolean
}

const EXIT_DONE = 0
const EXIT_REFUSED = 1

const WHY_NOT: Readonly<Record<ReplayRefusal, string>> = {
  unknown_event: 'there is no event of that id',
  is_a_replay: 'it is a replay itself: replay the event that its request id names',
  is_an_answer:
    'it is an answer to a question of ours, which nobody signed: ask again by POST /orders/{order_id}/check',
  body_blanked: 'its body was blanked with the person that it told of: there is nothing left to tell',
  body_changed: 'its body is not the one that was kept: run `npm run audit`, and restore it from a backup',
  not_genuine: 'its proof does not hold today: was its secret taken out of CHANNELS meanwhile?',
  channel_gone: 'its channel is not configured any more, or belongs to another app by now: see CHANNELS',
  not_understood: 'it is genuine, and still not understood',
}

/** Tells a kept message again and says in words what that changes, or would. */
export async function replay(eventId: string, { apply = false, json = false }: ReplayOptions): Promise<void> {
  await runCommand({ schema: 'current', refusedExitCode: EXIT_REFUSED }, async ({ config, database }) => {
    const opened = await composePayments(config, { database, report: () => undefined })
    try {
      const outcome = await replayEvent(opened.deps, { eventId: eventId as PaymentEventId, apply })
      if (outcome.ok) {
        print(json ? JSON.stringify(asJson(outcome.value), null, 2) : inWords(outcome.value))
        return EXIT_DONE
      }
      const { why, details } = outcome
      if (json) print(JSON.stringify({ event_id: eventId, error: why, message: WHY_NOT[why], details }, null, 2))
      else {
        const faults = details.map(({ path, message }) => `  ${printable(path)}: ${printable(message)}`)
        process.stderr.write(
          `${[`Nothing was done with ${quoted(eventId)}: ${WHY_NOT[why]}.`, ...faults].join('\n')}\n`,
        )
      }
      return EXIT_REFUSED
    } finally {
      await opened.close()
    }
  })
}

function asJson({ event, applied, verdict, changes }: Replayed) {
  return {
    event_id: event.event_id,
    ...{ app_id: event.app_id, instance: event.instance, environment: event.environment, kind: event.kind },
    ...{ verdict_then: event.verdict, verdict, applied, changes },
  }
}

function inWords({ event, applied, verdict, changes }: Replayed): string {
  const { event_id: id, kind, instance, received_at_ms: receivedAtMs } = event
  const test = event.environment === 'test' ? ', a test purchase' : ''
  return [
    `${id}: a ${kind} of ${instance}${test}, received ${utcSeconds(receivedAtMs)} UTC; it came to \`${event.verdict}\` then.`,
    `Told again ${applied ? 'it came' : 'it would come'} to \`${verdict}\`.`,
    ...changes.map(changeWords),
    verdictOn({ applied, count: changes.length }),
  ].join('\n')
}

function verdictOn({ applied, count }: { applied: boolean; count: number }): string {
  if (applied) return count === 0 ? 'Nothing changed; that it was told again is kept.' : 'Done.'
  if (count === 0) return 'Nothing would change.'
  return 'A dry run: nothing was changed. Do it with --apply.'
}
