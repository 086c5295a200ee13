import { boundedText, jsonOf, reasonOf } from '../kernel/platform-response.ts'

/** A call of ours to a platform's API. */
export interface PlatformCall {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** `https`, or `http` to this machine. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent as JSON; left out: no body. */
  readonly body?: unknown
  readonly timeoutMs?: number
  readonly bodyBytesMax?: number
}

/** What a platform answered: its status and its JSON, `undefined` where it sent none; or how it failed to answer. */
export type PlatformReply =
  | { readonly answered: true; readonly status: number; readonly json: unknown }
  | { readonly answered: false; readonly reason: string }

/** A player or an operator waits meanwhile, and a checkout that takes longer is not opened by them either. */
const TIMEOUT_MS = 10_000

/** A page of a report is a few hundred kilobytes; what is larger is something else. */
const BODY_BYTES_MAX = 2 * 1024 * 1024

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a secret may be sent there: over TLS, or without leaving this machine. */
export function isSafeAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK_HOSTS.has(hostname))
}

/**
 * Calls a platform, once, and reads its JSON. No redirect is followed: it would carry the secret of the call to wherever it
 * leads. Whatever fails at the platform or on the way is a value, in words that quote nothing of what was sent.
 */
export async function callPlatform(call: PlatformCall): Promise<PlatformReply> {
  if (!isSafeAddress(call.url)) return { answered: false, reason: 'its address is neither https nor on this machine' }
  try {
    const hasBody = call.body !== undefined
    const response = await fetch(call.url, {
      method: call.method,
      headers: {
        accept: 'application/json',
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...call.headers,
      },
      ...(hasBody ? { body: JSON.stringify(call.body) } : {}),
      redirect: 'manual',
      signal: AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS),
    })
    const { status } = response
    const body = await boundedText(response, call.bodyBytesMax ?? BODY_BYTES_MAX)
    if (body === null) return { answered: false, reason: 'too large an answer' }
    if (status >= 300 && status < 400) return { answered: false, reason: `a redirect, status ${status}` }
    return { answered: true, status, json: jsonOf(body) }
  } catch (error) {
    return { answered: false, reason: reasonOf(error) }
  }
}
