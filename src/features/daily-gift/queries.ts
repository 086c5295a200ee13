import type { Tx } from '../../db/database.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import type { LastGift } from './rules.ts'

/** Writes a player's last gift on its row. The caller holds the player. */
export async function saveLastGift(
  tx: Tx,
  playerId: PlayerId,
  { streak, date, timeZone, atMs }: LastGift,
): Promise<void> {
  await tx
    .updateTable('users')
    .set({ gift_streak: streak, gift_date: date, gift_zone: timeZone, gift_at_ms: atMs })
    .where('user_id', '=', playerId)
    .execute()
}
