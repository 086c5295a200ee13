import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { ChannelMessage, Evidence, WebhookCall } from '../channel.ts'
import type { StripeInstance } from './claim.ts'
import { parsedJson } from './reading.ts'
import { loadSdk } from './sdk.ts'
import { STRIPE_SIGNATURE_HEADER } from './sign.ts'
import { translateEvent } from './translate.ts'
import { isGenuine } from './verify.ts'

// What proves or explains a message; never a token or a cookie.
const KEPT_HEADERS = ['content-type', 'user-agent'] as const
const KEPT_HEADER_LENGTH_MAX = 300

/** An event of Stripe: verified, then parsed, then believed. */
export async function receiveEvent(instance: StripeInstance, call: WebhookCall): Promise<Outcome<ChannelMessage>> {
  const { rawBody, nowMs } = call
  const header = call.headers[STRIPE_SIGNATURE_HEADER]
  if (typeof header !== 'string') return refused('invalid_signature')
  const sdk = await loadSdk()
  const { webhookSecrets: secrets } = instance
  if (!isGenuine(sdk, { secrets, header, rawBody, nowMs })) return refused('invalid_signature')
  // Kept whole: by it the message is proven again.
  const headers: Record<string, string> = { [STRIPE_SIGNATURE_HEADER]: header }
  for (const name of KEPT_HEADERS) {
    const value = call.headers[name]
    if (typeof value === 'string') headers[name] = value.slice(0, KEPT_HEADER_LENGTH_MAX)
  }
  const { requestId, callback } = call
  const evidenceOf = (kind: Evidence['kind']) => ({
    ...{ kind, headers, rawBody, receivedAtMs: nowMs, requestId, callback },
  })
  return accepted(translateEvent(instance, { body: parsedJson(rawBody), evidenceOf }))
}
