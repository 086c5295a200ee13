import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import { lockSigningKey, setKeyRevoked } from './signing-key-queries.ts'

export type KeyRevocation = 'revoked' | 'revoked_before' | 'unknown'

/** Ends every token that a key has signed. Whoever has a refresh token trades it for new ones. */
export async function revokeSigningKey(
  deps: { database: Database; clock: Clock },
  { kid }: { kid: string },
): Promise<KeyRevocation> {
  return deps.database.inTransaction(async (tx) => {
    const key = await lockSigningKey(tx, kid)
    if (key === null) return 'unknown'
    if (key.revoked_at_ms !== null) return 'revoked_before'
    await setKeyRevoked(tx, { kid, atMs: deps.clock.nowMs() })
    return 'revoked'
  })
}
