import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import { openKeySeal } from './seal-key.ts'
import { type KeyAlgorithm, newKeyMaterial, newKid } from './signing-key.ts'
import { insertSigningKey } from './signing-key-queries.ts'

export interface NewSigningKey {
  readonly kid: string
  readonly alg: KeyAlgorithm
  readonly signsFromMs: number
}

/**
 * Makes a key that verifies from now on and signs from later on, so that every process knows it before it meets a token
 * by it. The keys before it go on verifying what they have signed; nobody is logged out.
 */
export async function rotateSigningKey(
  deps: { database: Database; clock: Clock; secret: string },
  { alg, inSeconds }: { alg: KeyAlgorithm; inSeconds: number },
): Promise<NewSigningKey> {
  const nowMs = deps.clock.nowMs()
  const key = { kid: newKid(nowMs), alg, signsFromMs: nowMs + inSeconds * 1000 }
  const sealed = openKeySeal(deps.secret).seal({ ...key, material: newKeyMaterial() })
  await deps.database.inTransaction((tx) =>
    insertSigningKey(tx, {
      ...{ kid: key.kid, alg, sealed_key: sealed, revoked_at_ms: null },
      ...{ created_at_ms: nowMs, signs_from_ms: key.signsFromMs },
    }),
  )
  return key
}
