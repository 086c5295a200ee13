import { createHmac } from 'node:crypto'

/** A `signed_request` as Facebook sends it: an HMAC over the payload as it is encoded, not over the JSON within. */
export function signedRequest(
  secret: string,
  { userId, issuedAtMs, algorithm = 'HMAC-SHA256' }: { userId: string; issuedAtMs: number; algorithm?: string },
): string {
  const payload = { user_id: userId, algorithm, issued_at: Math.floor(issuedAtMs / 1000) }
  const encoded = Buffer.from(JSON.stringify(payload)).toString('base64url')
  return `${createHmac('sha256', secret).update(encoded).digest('base64url')}.${encoded}`
}
