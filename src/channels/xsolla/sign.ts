import { createHash } from 'node:crypto'

/** The header in which a webhook's signature stands. */
export const XSOLLA_SIGNATURE_HEADER = 'authorization'

/**
 * Signs a body as the platform does: `Signature <40 hex>`, the SHA-1 of the body with the project's secret key behind it. It is
 * no HMAC and bears no time.
 */
export function signXsollaBody(secretKey: string, body: string | Uint8Array): string {
  return `Signature ${digestOf(secretKey, body).toString('hex')}`
}

/** The bare digest, for whoever compares it. */
export function digestOf(secretKey: string, body: string | Uint8Array): Buffer {
  return createHash('sha1').update(body).update(secretKey).digest()
}
