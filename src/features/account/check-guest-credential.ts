import type { Database } from '../../db/database.ts'
import type { AppId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { findIdentity } from '../players/index.ts'
import { isCredentialOf } from './guest-credentials.ts'
import type { LoginTrust } from './rules.ts'

/**
 * The guest whom a credential proves. A wrong one, an unknown guest and one who has none are told the same after the
 * same work. Where bare ids are believed, an id without a credential of its own is a bare id whatever stands beside it.
 */
export async function checkGuestCredential(
  { database, loginTrust }: { database: Database; loginTrust: LoginTrust },
  { appId, loginId, credential }: { appId: AppId; loginId: string; credential: string },
): Promise<Outcome<{ provider: 'guest'; subject: string }>> {
  const known = await findIdentity(database.db, { appId, provider: 'guest', subject: loginId })
  const hash = known?.credential_hash ?? null
  const proven = isCredentialOf(hash, credential) || (hash === null && loginTrust === 'bare_ids')
  return proven ? accepted({ provider: 'guest', subject: loginId }) : refused('invalid_credential')
}
