import type { SignedEvent } from './sign-event.ts'

/** What came of an attempt. Of one that was broken off nobody knows whether it was taken: it is made again. */
export type Sent =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: 'no_answer'; readonly reason: string }
  | { readonly kind: 'broken_off' }

// Nobody reads the answer; a short one is drained, so that its connection can be used again.
const BODY_BYTES_MAX = 16 * 1024

/**
 * Posts an event once. Only 2xx means that it was taken. A redirect is not followed: it would carry the event to
 * somewhere that nobody configured. Never throws.
 */
export async function sendEvent(
  { url, timeoutMs }: { readonly url: string; readonly timeoutMs: number },
  { headers, body }: SignedEvent,
  stop: AbortSignal,
): Promise<Sent> {
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)])
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    await drain(response)
    const { ok, status } = response
    return ok ? { kind: 'taken' } : { kind: 'refused', status, retryAfter: response.headers.get('retry-after') }
  } catch (error) {
    return stop.aborted ? { kind: 'broken_off' } : { kind: 'no_answer', reason: reasonOf(error) }
  }
}

/** The status counts, whatever becomes of the body. */
async function drain(response: Response): Promise<void> {
  const reader = response.body?.getReader()
  try {
    for (let length = 0; reader !== undefined && length < BODY_BYTES_MAX; ) {
      const { done, value } = await reader.read()
      if (done) return
      length += value.length
    }
  } catch {
    // It broke off, or took too long.
  }
  await reader?.cancel().catch(() => {})
}

/** In words of ours: an error's own message may quote the address. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return 'timeout'
  const { code } = (error.cause ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : 'unreachable'
}
