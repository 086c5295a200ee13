import type { Db } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { isKeyAlgorithm, type KeyAlgorithm } from './signing-key.ts'
import { selectSigningKeys } from './signing-key-queries.ts'
import type { KeyTimes } from './signing-key-rules.ts'

/** A key that `npm run keys` has made, as it is kept. */
export interface StoredKey extends KeyTimes {
  readonly alg: KeyAlgorithm
  readonly sealed: string
}

// Those of years of monthly rotations; what is older has retired long ago.
const STORED_KEYS_MAX = 200

/** The keys that are kept, the youngest first. A key of another release's algorithm is not ours to use. */
export async function readStoredKeys(db: Db): Promise<StoredKey[]> {
  return (await selectSigningKeys(db, { limit: STORED_KEYS_MAX })).flatMap((row) => storedKey(row) ?? [])
}

function storedKey(row: Row<'signing_keys'>): StoredKey | null {
  const { kid, alg } = row
  if (!isKeyAlgorithm(alg)) return null
  return {
    ...{ kid, alg, sealed: row.sealed_key },
    createdAtMs: row.created_at_ms,
    signsFromMs: row.signs_from_ms,
    revokedAtMs: row.revoked_at_ms,
  }
}
