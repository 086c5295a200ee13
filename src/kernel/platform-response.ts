// What whoever calls a platform has in common: answers of strangers are bounded, and failures told without quoting.

/** The whole body, or null when there is more of it than `bytesMax`. */
export async function boundedText(response: Response, bytesMax: number): Promise<string | null> {
  const reader = response.body?.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  while (reader !== undefined) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    length += value.length
    if (length <= bytesMax) continue
    await reader.cancel().catch(() => {})
    return null
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The JSON of a text; undefined where it is none. */
export function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** Why a call failed, in words of ours: an error's own message may quote what was sent. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return 'timeout'
  const { code } = (error.cause ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : 'unreachable'
}
