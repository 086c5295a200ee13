import { timingSafeEqual } from 'node:crypto'
import { digestOf } from './sign.ts'

const SIGNATURE = /^Signature ([0-9a-f]{40})$/

/** Whether a header has exactly the form of a signature: it is kept as proof, where a token never is. */
export function hasSignatureForm(header: unknown): header is string {
  return typeof header === 'string' && SIGNATURE.test(header)
}

/**
 * Checks the signature of the bytes that were sent, in constant time, against several keys at once so that one can be
 * replaced. It bears no time: that the same is told again changes nothing is seen to where money is booked.
 */
export function isGenuine(
  secretKeys: readonly string[],
  { header, rawBody }: { header: unknown; rawBody: Uint8Array },
): boolean {
  const [, signature] = typeof header === 'string' ? (SIGNATURE.exec(header) ?? []) : []
  if (signature === undefined) return false
  const given = Buffer.from(signature, 'hex')
  let genuine = false
  for (const secretKey of secretKeys) if (timingSafeEqual(digestOf(secretKey, rawBody), given)) genuine = true
  return genuine
}
