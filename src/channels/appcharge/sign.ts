import { createHmac } from 'node:crypto'

/** The header in which Appcharge proves what it sends. */
export const SIGNATURE_HEADER = 'signature'
/** The header of the shared token, on its calls and on ours. */
export const TOKEN_HEADER = 'x-publisher-token'
/** The header that names the project on events. */
export const PROJECT_HEADER = 'x-project-id'

/** Signs a body as Appcharge does: hex HMAC-SHA256 of the time, a dot and the bytes, with the key's text as it stands. */
export function signAppcharge(mainKey: string, message: { body: string | Uint8Array; nowMs: number }): string {
  const time = String(message.nowMs)
  return `t=${time},v1=${digestOf(mainKey, { time, body: message.body }).toString('hex')}`
}

export function digestOf(mainKey: string, { time, body }: { time: string; body: string | Uint8Array }): Buffer {
  return createHmac('sha256', mainKey).update(`${time}.`).update(body).digest()
}
