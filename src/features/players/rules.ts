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
