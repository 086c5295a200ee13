import { createHmac, timingSafeEqual } from 'node:crypto'

/** How far a signature's time may be from ours, either way. */
export const SIGNATURE_TOLERANCE_MS = 5 * 60 * 1000

/**
 * Signs a body with its time: `t=<unix seconds>,v1=<hex hmac-sha256 of "<t>.<raw body>">`, as trusted servers, the played
 * platform, the tests and the examples do.
 */
export function signBody(secret: string, message: { body: string | Uint8Array; nowMs: number }): string {
  const seconds = Math.floor(message.nowMs / 1000)
  return `t=${seconds},v1=${digestOf(secret, { seconds: String(seconds), body: message.body }).toString('hex')}`
}

/**
 * Checks such a signature over the bytes that were sent, in constant time, against several secrets at once so that one
 * can be replaced. Anything but exactly this form is false.
 */
export function isGenuine(
  secrets: readonly string[],
  message: { header: string; rawBody: Uint8Array; nowMs: number },
): boolean {
  const match = /^t=([0-9]{1,12}),v1=([0-9a-f]{64})$/.exec(message.header)
  const [, seconds = '', signature = ''] = match ?? []
  if (!match || Math.abs(message.nowMs - Number(seconds) * 1000) > SIGNATURE_TOLERANCE_MS) return false
  const given = Buffer.from(signature, 'hex')
  let genuine = false
  for (const secret of secrets) {
    if (timingSafeEqual(digestOf(secret, { seconds, body: message.rawBody }), given)) genuine = true
  }
  return genuine
}

function digestOf(secret: string, { seconds, body }: { seconds: string; body: string | Uint8Array }): Buffer {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest()
}
