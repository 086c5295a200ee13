import { createHmac } from 'node:crypto'

/** The header in which the sandbox platform proves a callback. */
export const SANDBOX_SIGNATURE_HEADER = 'x-sandbox-signature'

/** Signs a callback as the sandbox platform does: `t=<unix seconds>,v1=<hex hmac-sha256 of "<t>.<raw body>">`. */
export function signSandboxMessage(secret: string, message: { body: string | Uint8Array; nowMs: number }): string {
  const seconds = Math.floor(message.nowMs / 1000)
  const hex = createHmac('sha256', secret).update(`${seconds}.`).update(message.body).digest('hex')
  return `t=${seconds},v1=${hex}`
}
