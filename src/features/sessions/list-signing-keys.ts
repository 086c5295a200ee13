import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import { openKeySeal } from './seal-key.ts'
import type { KeyAlgorithm } from './signing-key.ts'
import { type KeyState, planKeys } from './signing-key-rules.ts'
import { readStoredKeys } from './stored-keys.ts'

/** A key as its operator may see it: nothing of what it signs by. */
export interface ListedKey {
  /** Null for JWT_SECRET itself. */
  readonly kid: string | null
  readonly alg: KeyAlgorithm
  /** `sealed`: it cannot be opened, because it was sealed under another JWT_SECRET. */
  readonly state: KeyState | 'sealed'
  readonly createdAtMs: number | null
  readonly signsFromMs: number | null
  /** The end of its last tokens; null while none can be told, and for one that is over by other means. */
  readonly verifiesUntilMs: number | null
}

/** JWT_SECRET and the managed keys, the youngest first, each with what has become of it. */
export async function listSigningKeys(deps: {
  database: Database
  clock: Clock
  secret: string
}): Promise<ListedKey[]> {
  const nowMs = deps.clock.nowMs()
  const seal = openKeySeal(deps.secret)
  const stored = await readStoredKeys(deps.database.db)
  const opens = new Set(stored.filter((key) => seal.open(key) !== null).map(({ kid }) => kid))
  // As the servers plan it: what they cannot open does not count.
  const plan = planKeys(stored.filter(({ kid }) => opens.has(kid)))
  const endOf = (kid: string | null, state: ListedKey['state']): number | null => {
    const untilMs = plan.verifiesUntilMs(kid)
    return state === 'revoked' || state === 'sealed' || !Number.isFinite(untilMs) ? null : untilMs
  }
  const managed = stored.map(({ kid, alg, createdAtMs, signsFromMs, revokedAtMs }): ListedKey => {
    const isSealed = revokedAtMs === null && !opens.has(kid)
    const state = isSealed ? 'sealed' : revokedAtMs === null ? plan.stateAt(kid, nowMs) : 'revoked'
    return { kid, alg, state, createdAtMs, signsFromMs, verifiesUntilMs: endOf(kid, state) }
  })
  const state = plan.stateAt(null, nowMs)
  const implicit = { kid: null, alg: 'HS256', state, createdAtMs: null, signsFromMs: null } as const
  return [...managed, { ...implicit, verifiesUntilMs: endOf(null, state) }]
}
