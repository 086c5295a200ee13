/** Three hours, as the first release had it. */
export const ACCESS_TOKEN_SECONDS = 10_800

// A process whose clock is behind, or that learns late of a new key, goes on signing by the old one a little longer.
const LATE_SIGNER_MS = 5 * 60 * 1000

/** How long a key is good for the tokens that it has signed last. */
export const VERIFIES_ON_MS = ACCESS_TOKEN_SECONDS * 1000 + LATE_SIGNER_MS

/** When a managed key was made, signs, and was taken away. */
export interface KeyTimes {
  readonly kid: string
  readonly createdAtMs: number
  readonly signsFromMs: number
  readonly revokedAtMs: number | null
}

export type KeyState = 'next' | 'signing' | 'verifying' | 'retired' | 'revoked'

/** What became of each key. `kid` null is JWT_SECRET itself, which signs whenever no managed key does. */
export interface KeyPlan {
  /** The end of the tokens of a key that was not revoked; `Infinity` while none is to follow it. */
  verifiesUntilMs(kid: string | null): number
  /** The key that signs at a moment. */
  signerAt(nowMs: number): string | null
  stateAt(kid: string | null, nowMs: number): KeyState
}

/**
 * Derives from the times of all keys, the revoked ones too, when each has signed for the last time. Nothing of this is
 * written down, so nobody has to be there to write it when a key retires.
 */
export function planKeys(keys: readonly KeyTimes[]): KeyPlan {
  const inOrder = keys.toSorted(laterLast)
  const living = inOrder.filter(({ revokedAtMs }) => revokedAtMs === null)
  const turns = [...new Set(keys.flatMap(({ signsFromMs, revokedAtMs }) => [signsFromMs, revokedAtMs ?? signsFromMs]))]
  turns.sort((a, b) => a - b)
  const signedUntil = new Map<string | null, number>([[null, turns[0] ?? Infinity]])
  for (const [index, turnMs] of turns.entries()) {
    const signer = inOrder.findLast(
      ({ signsFromMs, revokedAtMs }) => signsFromMs <= turnMs && (revokedAtMs === null || revokedAtMs > turnMs),
    )
    signedUntil.set(signer?.kid ?? null, turns[index + 1] ?? Infinity)
  }
  const byKid = new Map(keys.map((key) => [key.kid, key]))
  const verifiesUntilMs = (kid: string | null): number => {
    // One that another has overtaken before it ever signed may have signed all the same, where that was not known yet.
    const atLeastMs = kid === null ? -Infinity : (byKid.get(kid)?.signsFromMs ?? -Infinity)
    return Math.max(signedUntil.get(kid) ?? -Infinity, atLeastMs) + VERIFIES_ON_MS
  }
  const signerAt = (nowMs: number): string | null =>
    living.findLast(({ signsFromMs }) => signsFromMs <= nowMs)?.kid ?? null
  return {
    verifiesUntilMs,
    signerAt,
    stateAt: (kid, nowMs) => {
      const key = kid === null ? null : byKid.get(kid)
      if (key && key.revokedAtMs !== null) return 'revoked'
      if (signerAt(nowMs) === kid) return 'signing'
      if (key && key.signsFromMs > nowMs) return 'next'
      return verifiesUntilMs(kid) > nowMs ? 'verifying' : 'retired'
    },
  }
}

/** Of two that sign from one moment on, the younger signs; of two of one age, the same one for everybody. */
function laterLast(a: KeyTimes, b: KeyTimes): number {
  return a.signsFromMs - b.signsFromMs || a.createdAtMs - b.createdAtMs || (a.kid < b.kid ? -1 : 1)
}
