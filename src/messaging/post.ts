/** What a provider's answer is: its status and its body, or how it failed to answer. */
export type PostOutcome =
  | { readonly answered: true; readonly status: number; readonly body: string }
  | { readonly answered: false; readonly reason: string }

/** An answer is a few hundred bytes; what comes after this much is not read. */
const BODY_BYTES_MAX = 16 * 1024

/**
 * Sends one request to a provider, once: no redirect is followed (it would carry the credentials elsewhere), and no
 * failure is tried again, since the message may have gone out. Never throws.
 */
export async function post(
  url: string,
  { headers, body, timeoutMs }: { headers: Readonly<Record<string, string>>; body: string; timeoutMs: number },
): Promise<PostOutcome> {
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    const text = await bodyOf(response)
    return { answered: true, status: response.status, body: text }
  } catch (error) {
    return { answered: false, reason: reasonOf(error) }
  }
}

/** The beginning of the body. One that breaks off or does not end is told as far as it came: the status counts. */
async function bodyOf(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    while (reader !== undefined && length < BODY_BYTES_MAX) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value)
      length += value.length
    }
  } catch {
    // What there is will do.
  }
  await reader?.cancel().catch(() => {})
  return Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX).toString('utf8')
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return 'timeout'
  const { code } = (error.cause ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : 'unreachable'
}
