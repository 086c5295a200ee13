import { userInfo } from 'node:os'
import { composePayments } from '../../compose.ts'
import type { Database } from '../../db/database.ts'
import type { ChannelTaskDeps } from '../../features/payments/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/error-codes.ts'
import type { AppId } from '../../kernel/ids.ts'
import type { FieldFault, Refusal } from '../../kernel/outcome.ts'
import { runCommand } from '../command.ts'
import { printable } from '../store/arguments.ts'
import { appOf, EXIT_DONE, EXIT_REFUSED, print } from '../store/run-store.ts'

export { EXIT_DONE, EXIT_REFUSED, print }

/** What every command about orders may be given. */
export interface OrdersOptions {
  readonly app?: string
  readonly json?: boolean
}

/** What every command that decides something may be given. */
export interface StaffOptions extends OrdersOptions {
  readonly by?: string
}

/** Where a command works. */
export interface OpenedOrders {
  readonly database: Database
  readonly appId: AppId
  readonly nowMs: number
}

/** Opens the configured database for one app; the work gives the exit code. */
export async function runOnOrders(
  { app }: OrdersOptions,
  work: (opened: OpenedOrders) => Promise<number>,
): Promise<void> {
  await runCommand({ schema: 'current', refusedExitCode: EXIT_REFUSED }, ({ config, database }) =>
    work({ database, appId: appOf(config, app), nowMs: systemClock.nowMs() }),
  )
}

/** The same with the channels, for what asks platforms and settles; `by` is whoever decides. */
export async function runDecision(
  options: StaffOptions,
  work: (opened: { taskDeps: ChannelTaskDeps; appId: AppId; by: string }) => Promise<number>,
): Promise<void> {
  await runCommand({ schema: 'current', refusedExitCode: EXIT_REFUSED }, async ({ config, database }) => {
    const appId = appOf(config, options.app)
    const by = options.by ?? userInfo().username
    if (!/^[^\p{Cc}\p{Cs}]{1,64}$/u.test(by) || by.trim() === '') {
      return tellRefusal({ code: 'invalid_fields' }, options, [
        { path: '--by', message: 'is no name of 1 to 64 letters' },
      ])
    }
    const report: ChannelTaskDeps['report'] = ({ error, intentId }) =>
      process.stderr.write(`${intentId}: ${error instanceof Error ? error.message : String(error)}\n`)
    const { deps: taskDeps, close } = await composePayments(config, { database, report })
    try {
      return await work({ taskDeps, appId, by })
    } finally {
      await close()
    }
  })
}

// Under which names an operator types what the functions call otherwise.
const TYPED: Readonly<Record<string, string>> = {
  target: '<entry or order>',
  entry: '<entry>',
  amount: '--amount',
  returned: '--returned',
}

// What to type next, where that is not plain.
const NEXT: Partial<Record<Refusal['code'], string>> = {
  payment_unproven: '--paid states that the payment stands: look at its platform first',
  refund_unavailable: '--returned states that the money went back: give it back at its platform first',
  item_not_found: '--item <item id> approves it for another item',
  item_locked: '--item <item id> approves it for another item',
  player_not_found: '--uid <player> approves it for another player',
}

/** Says every reason at once; a program reads them on standard output. Gives the exit code. */
export function tellRefusal(
  { code, details = [] }: Refusal,
  { json }: OrdersOptions,
  faults: readonly FieldFault[] = [],
): number {
  const told = [...faults, ...details].map(({ path, message }) => ({ path: TYPED[path] ?? path, message }))
  if (json) print(JSON.stringify({ error: code, details: told }, null, 2))
  else {
    const lines = told.map(({ path, message }) => `  ${printable(path)}: ${printable(message)}`)
    const next = NEXT[code] === undefined ? [] : [`  ${NEXT[code]}`]
    process.stderr.write(`${[`Nothing was done: ${messageOf(code, 'en')}`, ...lines, ...next].join('\n')}\n`)
  }
  return EXIT_REFUSED
}
