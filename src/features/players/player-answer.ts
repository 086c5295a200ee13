import { type Static, Type } from 'typebox'
import type { Row } from '../../db/schema.ts'
import { displayName, levelNumber } from './rules.ts'

/** A player as every answer shows them: to their own client and to the game's server alike. */
export const PlayerFields = Type.Object({
  user_id: Type.String({ description: "The player's number, as a decimal string" }),
  uid: Type.String({ description: 'The same' }),
  user_name: Type.String(),
  avatar_url: Type.String(),
  level: Type.Number({ description: 'Two decimals' }),
  vip_level: Type.Integer(),
  coins: Type.Integer({ description: 'Below zero after a refund of what was spent' }),
  tokens: Type.Integer({ description: 'Below zero after a refund of what was spent' }),
  is_first_pay: Type.Integer({ description: '1: the next payment is a first charge', enum: [0, 1] }),
})

export function playerFields(player: Row<'users'>): Static<typeof PlayerFields> {
  const uid = String(player.user_id)
  return {
    user_id: uid,
    uid,
    user_name: displayName(player),
    avatar_url: player.avatar_url,
    level: levelNumber(player.level_hundredths),
    vip_level: player.vip_level,
    coins: player.coins,
    tokens: player.tokens,
    is_first_pay: player.first_charge_order_id === null ? 1 : 0,
  }
}
