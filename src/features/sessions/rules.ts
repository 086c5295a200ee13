/** More devices than a person has; a list of them stays one short answer and one cheap look at the store. */
export const SESSIONS_MAX = 30

const CLIENT_LENGTH_MAX = 120

/** A client as its player is shown it: the start of its User-Agent, in printable ASCII on one line. */
export function clientName(userAgent: string | undefined): string {
  const printable = (userAgent ?? '').replaceAll(/[^\x20-\x7e]+/g, ' ').replaceAll(/ {2,}/g, ' ')
  return printable.trim().slice(0, CLIENT_LENGTH_MAX).trimEnd()
}

/** Which sessions end when one more has begun: the oldest beyond the limit, and never the one that has just begun. */
export function sessionsToEnd<S extends { readonly sessionId: string; readonly startedAtMs: number }>(
  living: readonly S[],
  { begun }: { begun: string },
): S[] {
  const others = living.filter(({ sessionId }) => sessionId !== begun).toSorted(newestFirst)
  return others.slice(SESSIONS_MAX - 1)
}

/** The order of the list; two of one millisecond stand in the order of their ids, the same for every reader. */
export function newestFirst(
  a: { readonly sessionId: string; readonly startedAtMs: number },
  b: { readonly sessionId: string; readonly startedAtMs: number },
): number {
  return b.startedAtMs - a.startedAtMs || (a.sessionId < b.sessionId ? -1 : 1)
}
