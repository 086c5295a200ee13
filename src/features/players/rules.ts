/** The hash that a player's first ledger transaction follows: 64 zeros. */
export const CHAIN_START = '0'.repeat(64)

/** The name shown for a player who has not chosen one. */
export function displayName({ user_id, user_name }: { user_id: number; user_name: string }): string {
  return user_name === '' ? `Player ${user_id}` : user_name
}

/** A level as the wire carries it: `9999` hundredths are `99.99`. */
export function levelNumber(hundredths: number): number {
  return Number(`${Math.trunc(hundredths / 100)}.${String(hundredths % 100).padStart(2, '0')}`)
}

/** What the columns hold: 32 bits. */
export const LEVEL_HUNDREDTHS_MAX = 2_147_483_647
export const VIP_LEVEL_MAX = 2_147_483_647

/**
 * A level as the wire carries it in whole hundredths, exactly: digits are moved, nothing is multiplied. Null when it is
 * negative, has more than two decimals, or is more than the column holds.
 */
export function parseLevel(level: number): number | null {
  const match = /^([0-9]{1,8})(?:\.([0-9]{1,2}))?$/.exec(String(level))
  if (!match) return null
  const hundredths = Number(`${match[1]}${(match[2] ?? '').padEnd(2, '0')}`)
  return hundredths <= LEVEL_HUNDREDTHS_MAX ? hundredths : null
}
