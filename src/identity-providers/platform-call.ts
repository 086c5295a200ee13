import type { Clock } from '../kernel/clock.ts'
import { refused } from '../kernel/outcome.ts'
import { boundedText, jsonOf, reasonOf } from '../kernel/platform-response.ts'

/** What the operator should hear of a platform. Nothing of a token, of a secret or of an address with its query stands in it. */
export type ReportPlatform = (about: { readonly platform: string; readonly reason: string }, words: string) => void

/** What a platform answered: its status and its JSON, or how it failed to give any. */
export type PlatformAnswer =
  | { readonly answered: true; readonly status: number; readonly json: unknown }
  | { readonly answered: false; readonly reason: string }

/** A player waits meanwhile; the platforms answer within half a second, from far away as well. */
const TIMEOUT_MS = 3_000

/** Key sets and answers about a token are a few kilobytes; what is larger is something else. */
const BODY_BYTES_MAX = 64 * 1024

/** When a client should try again. A platform that is away for longer costs it one small call every so often. */
const RETRY_AFTER_SECONDS = 10

/** The platform is out of reach, so nobody is let in by it now. */
export function platformUnavailable() {
  return refused('provider_unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS })
}

/**
 * Reads JSON from a platform, once. No redirect is followed: whoever could send us elsewhere could put keys of their own
 * in. Never throws.
 */
export function readFromPlatform(url: string, headers: Readonly<Record<string, string>> = {}): Promise<PlatformAnswer> {
  return askPlatform(url, { headers })
}

/** Sends a form to a platform, once, and reads its JSON. What is secret stands in the body, which no log of addresses keeps. */
export function postToPlatform(url: string, form: Readonly<Record<string, string>>): Promise<PlatformAnswer> {
  return askPlatform(url, { method: 'POST', headers: {}, body: new URLSearchParams(form) })
}

async function askPlatform(
  url: string,
  { headers, ...call }: { method?: 'POST'; headers: Readonly<Record<string, string>>; body?: URLSearchParams },
): Promise<PlatformAnswer> {
  try {
    const response = await fetch(url, {
      ...call,
      headers: { accept: 'application/json', ...headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const body = await boundedText(response, BODY_BYTES_MAX)
    if (body === null) return { answered: false, reason: 'too large an answer' }
    const { status } = response
    const json = jsonOf(body)
    return json === undefined
      ? { answered: false, reason: `status ${status}, no JSON` }
      : { answered: true, status, json }
  } catch (error) {
    return { answered: false, reason: reasonOf(error) }
  }
}

/** An outage is worth a line a minute, not one for every player who waits at the door. */
const REPORT_AGAIN_MS = 60_000

/** Reports the same of the same platform once a minute at most. */
export function reportCalmly({ clock, report }: { clock: Clock; report: ReportPlatform }): ReportPlatform {
  // As many entries as there are platforms and things to say of them.
  const reportedAtMs = new Map<string, number>()
  return (about, words) => {
    const key = `${about.platform} ${words}`
    const nowMs = clock.nowMs()
    const before = reportedAtMs.get(key)
    if (before !== undefined && Math.abs(nowMs - before) < REPORT_AGAIN_MS) return
    reportedAtMs.set(key, nowMs)
    report(about, words)
  }
}
