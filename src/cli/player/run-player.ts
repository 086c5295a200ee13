import type { Database } from '../../db/database.ts'
import { openSecurityTrail } from '../../features/security/index.ts'
import { openSessionStore, type SessionStore } from '../../features/sessions/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/error-codes.ts'
import { type PlayerId, parsePlayerId } from '../../kernel/ids.ts'
import type { Refusal } from '../../kernel/outcome.ts'
import type { RecordSecurityEvent } from '../../kernel/security-event.ts'
import { CommandRefused, runCommand } from '../command.ts'
import { openExistingStore } from '../key-value.ts'
import { quoted } from '../store/arguments.ts'

export const EXIT_DONE = 0
export const EXIT_REFUSED = 1

/** What a command about one player works with. */
export interface OpenedPlayer {
  readonly playerId: PlayerId
  readonly database: Database
  /** Null where no server has kept a session yet. */
  readonly sessions: SessionStore | null
  readonly record: RecordSecurityEvent
}

/** Opens the configured database and store of sessions for one player; the work gives the exit code. */
export async function runOnPlayer(uid: string, work: (opened: OpenedPlayer) => Promise<number>): Promise<void> {
  await runCommand({ schema: 'current', refusedExitCode: EXIT_REFUSED }, async ({ config, database }) => {
    const playerId = parsePlayerId(uid)
    if (playerId === null)
      throw new CommandRefused(`Nothing was done: ${quoted(uid)} is not a player's number (10001).`)
    const kv = await openExistingStore(config)
    const trail = openSecurityTrail({ database, clock: systemClock, report: tellLostEvents })
    try {
      const sessions = kv === null ? null : openSessionStore({ kv, clock: systemClock })
      return await work({ playerId, database, sessions, record: trail.record })
    } finally {
      await trail.close()
      await kv?.close()
    }
  })
}

function tellLostEvents({ lost }: { lost: number }): void {
  process.stderr.write(`The trail of security events lacks ${lost}: the database did not take them.\n`)
}

/** Says why nothing was done; gives the exit code. */
export function tellRefusal({ code }: Refusal): number {
  process.stderr.write(`Nothing was done: ${messageOf(code, 'en')}\n`)
  return EXIT_REFUSED
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
