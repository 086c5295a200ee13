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

/** What one session may set off in a day: a person has few addresses, and whoever walks through numbers has many. */
const SESSION_WINDOW_MS = 24 * 60 * 60_000
const SESSION_SENDS_MAX = 10
const SESSION_ADDRESSES_MAX = 5

/**
 * What one client address may set off: twenty people who log in within an hour, and a thousandth of what somebody needs
 * who is paid for each SMS that we send.
 */
export const CLIENT_WINDOW_MS = 60 * 60_000
export const CLIENT_SENDS_MAX = 20

/**
 * SMS of one app in an hour, whoever asks: a thousand players who log in anew, which a game of a million does not have;
 * and at a few cents each, what a night of fraud through very many addresses may cost.
 */
export const SMS_WINDOW_MS = 60 * 60_000
export const SMS_SENDS_MAX = 1000

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

/** The sends of an address without one that was taken for nothing. */
export function withoutTaken({ sentAtMs, failedAtMs }: AddressSends, { sentMs }: { sentMs: number }): AddressSends {
  const at = sentAtMs.indexOf(sentMs)
  return { sentAtMs: at === -1 ? sentAtMs : sentAtMs.toSpliced(at, 1), failedAtMs }
}

/** A send that a session set off. */
export interface SessionSend {
  readonly atMs: number
  /** The address, so that it can be told from others. */
  readonly to: string
  /** It gave its place among the sends back; its address counts all the same. */
  readonly failed: boolean
}

export type SessionSendDecision =
  | { readonly allowed: true; readonly sends: readonly SessionSend[] }
  | { readonly allowed: false; readonly waitMs: number }

/** Whether a session may set off a send to this address now. Sliding windows of a day, as for an address. */
export function decideSessionSend(
  sends: readonly SessionSend[],
  { to, nowMs }: { to: string; nowMs: number },
): SessionSendDecision {
  const living = sends
    .map((send) => ({ ...send, atMs: Math.min(send.atMs, nowMs) }))
    .filter(({ atMs }) => atMs + SESSION_WINDOW_MS > nowMs)
    .sort((a, b) => a.atMs - b.atMs)
  const lastOf = new Map(living.map((send) => [send.to, send.atMs]))
  const oldestThatCount = [living.filter(({ failed }) => !failed).at(-SESSION_SENDS_MAX)?.atMs]
  if (!lastOf.has(to)) oldestThatCount.push([...lastOf.values()].sort((a, b) => a - b).at(-SESSION_ADDRESSES_MAX))
  const waitMs = Math.max(...oldestThatCount.map((atMs) => (atMs === undefined ? 0 : atMs + SESSION_WINDOW_MS - nowMs)))
  if (waitMs > 0) return { allowed: false, waitMs }
  // Of the sends of one address that failed, the last one tells as much as all of them.
  const kept = living.filter((send) => !send.failed || send.to !== to)
  return { allowed: true, sends: [...kept, { atMs: nowMs, to, failed: false }] }
}

/** The sends of a session after one has failed. */
export function withFailed(
  sends: readonly SessionSend[],
  { to, atMs }: { to: string; atMs: number },
): readonly SessionSend[] {
  const at = sends.findIndex((send) => send.to === to && send.atMs === atMs)
  return at === -1 ? sends : sends.with(at, { atMs, to, failed: true })
}

/** The sends of a session without one that was taken for nothing. */
export function withoutSend(
  sends: readonly SessionSend[],
  { to, atMs }: { to: string; atMs: number },
): readonly SessionSend[] {
  const at = sends.findIndex((send) => send.to === to && send.atMs === atMs)
  return at === -1 ? sends : sends.toSpliced(at, 1)
}

/** Whether a client address may set off another send now, by the times of those before. A sliding window. */
export function decideClientSend(
  sentAtMs: readonly number[],
  { nowMs }: { nowMs: number },
):
  | { readonly allowed: true; readonly sentAtMs: readonly number[] }
  | { readonly allowed: false; readonly waitMs: number } {
  const living = sentAtMs
    .map((timeMs) => Math.min(timeMs, nowMs))
    .filter((timeMs) => timeMs + CLIENT_WINDOW_MS > nowMs)
    .sort((a, b) => a - b)
  const oldestThatCounts = living.at(-CLIENT_SENDS_MAX)
  if (oldestThatCounts !== undefined) return { allowed: false, waitMs: oldestThatCounts + CLIENT_WINDOW_MS - nowMs }
  return { allowed: true, sentAtMs: [...living, nowMs] }
}

/** The six digits of a code as a person types them, also with blanks, dashes or a full-width keyboard; else null. */
export function typedCode(text: string): string | null {
  const code = text.normalize('NFKC').replace(/[\s\p{Pd}\p{Cf}\u2212]/gu, '')
  return /^[0-9]{6}$/.test(code) ? code : null
}
