import type { Stripe } from 'stripe'
import type { StripeInstance } from './claim.ts'
import { loadSdk } from './sdk.ts'

/** What came of a question to Stripe's API. `refused`: a clear no, by its code; asking again cannot help. */
export type Asked<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unavailable' }

/** Asks Stripe's API, with the account's key. */
export type AskStripe = <T>(question: (stripe: Stripe) => Promise<T>) => Promise<Asked<T>>

/** What Stripe says of an id that it does not know. */
export const UNKNOWN_AT_STRIPE = 'resource_missing'
// Money that is not there yet may come: the refund can be asked for again.
const PASSING_REFUSALS: ReadonlySet<string> = new Set(['balance_insufficient', 'insufficient_funds', 'lock_timeout'])
// A player waits for an answer; one retry of the library's own, by the same key, is for a connection that broke.
const TIMEOUT_MS = 10_000
const RETRIES_MAX = 1

/** @throws where Stripe does not take the key: nothing that a caller does can help, and the operator finds it in the log. */
export function openClient(
  { instance, secretKey, apiUrl }: Pick<StripeInstance, 'instance' | 'apiUrl'> & { secretKey: string },
  { timeoutMs = TIMEOUT_MS }: { timeoutMs?: number },
): AskStripe {
  let opened: Stripe | null = null
  const { protocol, hostname, port } = new URL(apiUrl)
  // An address of IPv6 stands in brackets in a URL, and nowhere else.
  const host = hostname.replace(/^\[|\]$/g, '')
  const isOpen = protocol === 'http:'
  return async (question) => {
    const sdk = await loadSdk()
    opened ??= new sdk(secretKey, {
      ...{ host, port: port === '' ? (isOpen ? 80 : 443) : Number(port), protocol: isOpen ? 'http' : 'https' },
      ...{ timeout: timeoutMs, maxNetworkRetries: RETRIES_MAX, telemetry: false },
    })
    try {
      return { kind: 'answered', value: await question(opened) }
    } catch (error) {
      return failureOf(sdk, { error, instance })
    }
  }
}

function failureOf({ errors }: typeof Stripe, { error, instance }: { error: unknown; instance: string }) {
  if (error instanceof errors.StripeAuthenticationError || error instanceof errors.StripePermissionError) {
    // Not the library's own error: it carries what was sent and answered.
    throw new Error(`Stripe does not take the secretKey of the channel ${instance}: ${error.code ?? error.type}`)
  }
  if (error instanceof errors.StripeInvalidRequestError) {
    const code = error.code ?? error.param ?? error.type
    return PASSING_REFUSALS.has(code) ? ({ kind: 'unavailable' } as const) : ({ kind: 'refused', code } as const)
  }
  if (error instanceof errors.StripeError) return { kind: 'unavailable' } as const
  throw error
}
