import { type OrderCase, readOrderCase, type StoryLine } from '../../features/payments/index.ts'
import { isoTime, systemClock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/error-codes.ts'
import type { OrderId } from '../../kernel/ids.ts'
import { runCommand } from '../command.ts'
import { printable, quoted } from '../store/arguments.ts'
import { appOf, print } from '../store/run-store.ts'

export interface CaseOptions {
  readonly app?: string
  readonly json?: boolean
}

const EXIT_DONE = 0
const EXIT_REFUSED = 1

/** Tells an order's whole story. */
export async function showCase(orderId: string, { app, json = false }: CaseOptions): Promise<void> {
  await runCommand({ schema: 'current', refusedExitCode: EXIT_REFUSED }, async ({ config, database }) => {
    const appId = appOf(config, app)
    const told = await readOrderCase({ database, clock: systemClock }, { appId, orderId: orderId as OrderId })
    if (told.ok) {
      print(json ? JSON.stringify(asJson(told.value), null, 2) : inWords(told.value))
      return EXIT_DONE
    }
    const { code } = told.refusal
    if (json) print(JSON.stringify({ app_id: appId, order_id: orderId, error: code }, null, 2))
    else process.stderr.write(`${quoted(orderId)} of ${appId}: ${messageOf(code, 'en')}\n`)
    return EXIT_REFUSED
  })
}

function asJson({ order, explanation, story, notes }: OrderCase) {
  return {
    ...{ app_id: order.app_id, order_id: order.order_id, uid: String(order.user_id), order_status: order.status },
    test: order.environment === 'test',
    explanation,
    story: story.map(({ atMs, kind, facts }) => ({ at: isoTime(atMs), kind, facts })),
    notes,
  }
}

function inWords({ order, explanation, story, notes }: OrderCase): string {
  const test = order.environment === 'test' ? ', a test purchase' : ''
  return [
    `Order ${order.order_id} of ${order.app_id}, player ${order.user_id}: ${order.status}${test}`,
    explanation.en,
    explanation.zh,
    '',
    ...story.map(lineWords),
    ...notes.map((note) => `(${note})`),
  ].join('\n')
}

function lineWords({ atMs, kind, facts }: StoryLine): string {
  const told = Object.entries(facts).filter(([, value]) => value !== null)
  return `${isoTime(atMs)}  ${kind.padEnd(9)} ${told.map(([name, value]) => `${name} ${shown(value)}`).join(', ')}`
}

function shown(value: unknown): string {
  if (!Array.isArray(value)) return printable(String(value))
  return value.map(({ from, to, currency, amount }) => `${amount} ${currency} ${from} -> ${to}`).join('; ')
}
