import { createHmac } from 'node:crypto'

/** Makes the `X-Signature` header for a body: what a trusted server sends, and what the tests and examples use. */
export function signBody(secret: string, message: { body: string | Uint8Array; nowMs: number }): string {
  const seconds = Math.floor(message.nowMs / 1000)
  const hex = createHmac('sha256', secret).update(`${seconds}.`).update(message.body).digest('hex')
  return `t=${seconds},v1=${hex}`
}
