import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { callPlatform, type PlatformCall } from '../platform-call.ts'
import type { AppchargeInstance } from './instance.ts'
import { TOKEN_HEADER } from './sign.ts'

/** A call of ours, below the address of the API. */
export interface ApiCall extends Pick<PlatformCall, 'method' | 'body'> {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What came back: a status below 500 that says something of the call itself. */
export interface ApiAnswer {
  readonly status: number
  readonly json: unknown
}

const RETRY_AFTER_SECONDS = 10

/**
 * Calls Appcharge with the publisher token. `channel_unavailable` where it does not answer, asks for patience, or does not know the
 * token: that one is put right in the configuration, and then the same call can be made again.
 */
export async function callAppcharge(
  { apiUrl, publisherToken }: Pick<AppchargeInstance, 'apiUrl' | 'publisherToken'>,
  { method, path, body, headers = { [TOKEN_HEADER]: publisherToken } }: ApiCall,
): Promise<Outcome<ApiAnswer>> {
  const reply = await callPlatform({ method, url: `${apiUrl}${path}`, headers, body })
  if (!reply.answered) return unavailable()
  const { status, json } = reply
  if (status >= 500 || status === 429 || status === 408) return unavailable()
  return status === 401 && headers[TOKEN_HEADER] !== undefined ? unavailable() : accepted({ status, json })
}

/** Asking again can help. */
export function unavailable(): ReturnType<typeof refused> {
  return refused('channel_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS })
}
