/** A code can be used for five minutes. */
export const CODE_TTL_MS = 5 * 60_000
/** Tries that one code bears. With six digits, a guesser who uses them all is right once in 200,000 codes. */
export const TRIES_MAX = 5
/** After this the next code can be sent, where no longer limit has been reached. */
export const RESEND_AFTER_MS = 60_000

/** How many codes an address is sent: people need one, and whoever is flooded with them did not ask. */
const SEND_LIMITS: readonly { readonly max: number; readonly windowMs: number }[] = [
  { max: 1, windowMs: RESEND_AFTER_MS },
  { max: 5, windowMs: 60 * 60_000 },
  { max: 10, windowMs: 24 * 60 * 60_000 },
]

/** How many send times must be kept, and for how long, so that every window is exact. */
export const SENDS_KEPT_MAX = Math.max(...SEND_LIMITS.map(({ max }) => max))
export const SENDS_KEPT_MS = Math.max(...SEND_LIMITS.map(({ windowMs }) => windowMs))

/** What an address was sent: the times of its sends, and of the last one that failed after them. */
export interface AddressSends {
  readonly sentAtMs: readonly number[]
  readonly failedAtMs: number | null
}

export type SendDecision =
  | { readonly allowed: true; readonly sentAtMs: readonly number[] }
  | { readonly allowed: false; readonly waitMs: number }

/**
 * Whether an address may be sent another code now. Sliding windows: each send counts until it is as old as the window.
 * One that failed counts for the wait until the next alone: nobody is locked out for a provider that was down.
 */
export function decideSend({ sentAtMs, failedAtMs, nowMs }: AddressSends & { nowMs: number }): SendDecision {
  // Another machine's clock may be ahead of ours: what it sent counts as sent now, and nobody waits longer for it.
  const times = sentAtMs.map((timeMs) => Math.min(timeMs, nowMs)).sort((a, b) => a - b)
  const waits = SEND_LIMITS.map(({ max, windowMs }) => {
    const oldestThatCounts = times.at(-max)
    return oldestThatCounts === undefined ? 0 : oldestThatCounts + windowMs - nowMs
  })
  if (failedAtMs !== null) waits.push(Math.min(failedAtMs, nowMs) + RESEND_AFTER_MS - nowMs)
  const waitMs = Math.max(...waits)
  if (waitMs > 0) return { allowed: false, waitMs }
  return { allowed: true, sentAtMs: [...times, nowMs].slice(-SENDS_KEPT_MAX) }
}

/** The sends of an address after the one of `sentMs` has failed: it gives its place back, and keeps its wait. */
export function withoutFailed({ sentAtMs, failedAtMs }: AddressSends, { sentMs }: { sentMs: number }): AddressSends {
  const at = sentAtMs.indexOf(sentMs)
  return {
    sentAtMs: at === -1 ? sentAtMs : sentAtMs.toSpliced(at, 1),
    failedAtMs: Math.max(sentMs, failedAtMs ?? sentMs),
  }
}

/** The six digits of a code as a person types them, also with blanks, dashes or a full-width keyboard; else null. */
export function typedCode(text: string): string | null {
  const code = text.normalize('NFKC').replace(/[\s\p{Pd}\p{Cf}\u2212]/gu, '')
  return /^[0-9]{6}$/.test(code) ? code : null
}
