import type { Row } from '../../db/schema.ts'
import { readTrail } from '../../features/privacy/index.ts'
import { utcSeconds } from '../../kernel/clock.ts'
import { CommandRefused } from '../command.ts'
import { printable } from '../store/arguments.ts'
import { textTable } from '../store/text-table.ts'
import { EXIT_DONE, print, runOnPlayer, tellRefusal } from './run-player.ts'

const HEAD = ['time (UTC)', 'event', 'by', 'outcome', 'address', 'client']
const LIMIT_MAX = 1000

/** The security events of a player, newest first, as a table or as JSON. */
export async function showTrail(uid: string, options: { limit: string; json?: boolean }): Promise<void> {
  await runOnPlayer(uid, async ({ playerId, database }) => {
    const limit = /^[0-9]{1,4}$/.test(options.limit) ? Number(options.limit) : 0
    if (limit < 1 || limit > LIMIT_MAX) throw new CommandRefused(`Nothing was done: --limit must be 1 to ${LIMIT_MAX}.`)
    const trail = await readTrail({ database }, { playerId, limit })
    if (!trail.ok) return tellRefusal(trail.refusal)
    if (options.json) print(JSON.stringify(trail.value, null, 2))
    else if (trail.value.length === 0) print(`No security event of player ${playerId} is kept.`)
    else print(textTable([HEAD, ...trail.value.map(cellsOf)]))
    return EXIT_DONE
  })
}

function cellsOf(event: Row<'security_events'>): string[] {
  const texts = [event.kind, event.provider ?? '', event.outcome ?? 'well', event.address ?? '', event.client]
  return [utcSeconds(event.at_ms), ...texts.map(printable)]
}
