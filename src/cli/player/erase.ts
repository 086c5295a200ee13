import { createInterface } from 'node:readline/promises'
import { type DescribedPlayer, describePlayer, erasePlayer } from '../../features/privacy/index.ts'
import { utcSeconds } from '../../kernel/clock.ts'
import { EXIT_DONE, EXIT_REFUSED, type OpenedPlayer, print, runOnPlayer, tellRefusal } from './run-player.ts'

/** Erases a player, after showing what goes and what stays to whoever has not said `--yes`. */
export async function erase(uid: string, { yes = false }: { yes?: boolean }): Promise<void> {
  await runOnPlayer(uid, async (opened) => {
    const described = await describePlayer(opened, opened.playerId)
    if (!described.ok) return tellRefusal(described.refusal)
    if (!yes) {
      print(planOf(described.value))
      if (!(await isConfirmed(opened))) {
        process.stderr.write('Nothing was done: say --yes to erase this player. It cannot be undone.\n')
        return EXIT_REFUSED
      }
    }
    return await carryOut(opened)
  })
}

async function carryOut({ playerId, ...deps }: OpenedPlayer): Promise<number> {
  const erased = await erasePlayer(deps, { appId: null, playerId, origin: null })
  if (!erased.ok) return tellRefusal(erased.refusal)
  const { wasErased, sessionsEnded } = erased.value
  const verdict = wasErased ? 'was erased before; whatever was left is gone too' : 'is erased'
  print(`Player ${playerId} ${verdict}. Sessions that ended: ${sessionsEnded}. Orders and books stay.`)
  return EXIT_DONE
}

function planOf({ player, kept, sessions }: DescribedPlayer): string {
  const lines = [
    `Player ${player.user_id} of ${player.app_id}, since ${utcSeconds(player.created_at_ms)} UTC, ${player.status}`,
    '',
    'Would go:',
    `  identities: ${kept.identities}`,
    `  sessions: ${sessions}`,
    `  name and picture: ${player.user_name === '' && player.avatar_url === '' ? 'none' : 'kept so far'}`,
    `  addresses, clients and devices of ${kept.securityEvents} security events`,
    '  raw bodies and personal headers of all messages about their payments (hashes stay)',
    '',
    'Would stay:',
    `  orders: ${kept.orders}, with their payments`,
    `  ledger transactions: ${kept.ledgerTransactions}`,
    `  inbox messages: ${kept.messages}`,
    "  the player's number, which no new player is given",
  ]
  return lines.join('\n')
}

/** On a terminal whoever sits there may say it now, by typing the number again. */
async function isConfirmed({ playerId }: OpenedPlayer): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await terminal.question(`\nType ${playerId} to erase this player for ever: `)).trim() === String(playerId)
  } finally {
    terminal.close()
  }
}
