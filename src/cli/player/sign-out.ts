import { signPlayerOut } from '../../features/privacy/index.ts'
import { EXIT_DONE, print, runOnPlayer, tellRefusal } from './run-player.ts'

/** Ends every session of a player. */
export async function signOut(uid: string): Promise<void> {
  await runOnPlayer(uid, async ({ playerId, ...deps }) => {
    const ended = await signPlayerOut(deps, playerId)
    if (!ended.ok) return tellRefusal(ended.refusal)
    print(`Player ${playerId} is logged out everywhere. Sessions that ended: ${ended.value}.`)
    return EXIT_DONE
  })
}
