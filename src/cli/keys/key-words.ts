import type { JwtKeyConfig } from '../../config/config.ts'
import { type KeyAlgorithm, type ListedKey, newKeyMaterial, newKid } from '../../features/sessions/index.ts'
import { isoTime } from '../../kernel/clock.ts'
import { textTable } from '../store/text-table.ts'

/** The state of a key, for people. */
export function stateWords({ state, signsFromMs, verifiesUntilMs }: ListedKey): string {
  if (state === 'next') return `next: signs from ${isoTime(signsFromMs ?? 0)}`
  if (state === 'verifying') return `verifying until ${isoTime(verifiesUntilMs ?? 0)}`
  if (state === 'sealed') return 'cannot be opened: sealed under another JWT_SECRET'
  return state
}

/** All keys in columns. Nothing of what they sign by is in them. */
export function describeKeys(keys: readonly ListedKey[]): string {
  return textTable([
    ['kid', 'alg', 'made', 'state'],
    ...keys.map((key) => [
      key.kid ?? '(JWT_SECRET)',
      key.alg,
      key.createdAtMs === null ? '-' : isoTime(key.createdAtMs),
      stateWords(key),
    ]),
  ])
}

/** The same for programs. */
export function keyFields({ kid, alg, state, createdAtMs, signsFromMs, verifiesUntilMs }: ListedKey) {
  const timeOf = (timeMs: number | null): string | null => (timeMs === null ? null : isoTime(timeMs))
  return {
    ...{ kid, alg, state },
    created_at: timeOf(createdAtMs),
    signs_from: timeOf(signsFromMs),
    verifies_until: timeOf(verifiesUntilMs),
  }
}

/** The keys of the configuration, as if they had been listed. */
export function givenKeys(keys: readonly JwtKeyConfig[]): ListedKey[] {
  return keys.map(({ kid, alg }, index) => ({
    ...{ kid, alg, state: index === 0 ? 'signing' : 'verifying' },
    ...{ createdAtMs: null, signsFromMs: null, verifiesUntilMs: null },
  }))
}

/** An entry for JWT_KEYS that nobody has seen before. */
export function freshEntry(alg: KeyAlgorithm, nowMs: number): string {
  const material = Buffer.from(newKeyMaterial()).toString('base64url')
  const key = alg === 'EdDSA' ? { privateKey: material } : { secret: material }
  return JSON.stringify({ kid: newKid(nowMs), alg, ...key })
}
