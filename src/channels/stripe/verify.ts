import { isUtf8 } from 'node:buffer'
import type { Stripe } from 'stripe'
import { SIGNATURE_TOLERANCE_MS } from '../timestamped-signature.ts'

// One time, and a signature for each secret that Stripe signs with at the moment; it puts the time first.
const HEADER = /^t=([0-9]{1,11})(?:,v[0-9]{1,2}=[0-9A-Za-z]{1,128}){1,10}$/
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/**
 * Whether Stripe sent these bytes, by any of the endpoint's secrets, at most five minutes from `nowMs` either way. The
 * library knows no time to come and takes the machine's clock; a message that is told again is judged by when it was received.
 */
export function isGenuine(
  sdk: typeof Stripe,
  { secrets, ...message }: { secrets: readonly string[]; header: string; rawBody: Uint8Array; nowMs: number },
): boolean {
  const [, seconds] = HEADER.exec(message.header) ?? []
  if (seconds === undefined || Number(seconds) * 1000 - message.nowMs > SIGNATURE_TOLERANCE_MS) return false
  // The library signs the text that it reads in the bytes: other bytes that it would read as the same are not what was sent.
  if (!isUtf8(message.rawBody) || BYTE_ORDER_MARK.every((byte, at) => message.rawBody[at] === byte)) return false
  return secrets.some((secret) => verifies(sdk, { secret, ...message }))
}

function verifies(
  { webhooks, errors }: typeof Stripe,
  { secret, header, rawBody, nowMs }: { secret: string; header: string; rawBody: Uint8Array; nowMs: number },
): boolean {
  const toleranceSeconds = SIGNATURE_TOLERANCE_MS / 1000
  try {
    // Not `constructEvent`: it parses as well, and could not tell a forgery from a genuine event that it does not know.
    return webhooks.signature?.verifyHeader(rawBody, header, secret, toleranceSeconds, undefined, nowMs) ?? false
  } catch (error) {
    if (error instanceof errors.StripeSignatureVerificationError) return false
    throw error
  }
}
