import { timingSafeEqual } from 'node:crypto'
import { signSandboxMessage } from './sign.ts'

const TOLERANCE_MS = 5 * 60 * 1000

/** Whether a callback was signed by the sandbox platform within five minutes of now, over exactly these bytes. */
export function isGenuineSandboxMessage(
  secret: string,
  message: { header: string | string[] | undefined; rawBody: Uint8Array; nowMs: number },
): boolean {
  const match = typeof message.header === 'string' ? /^t=([0-9]{1,12}),v1=[0-9a-f]{64}$/.exec(message.header) : null
  if (!match) return false
  const signedAtMs = Number(match[1]) * 1000
  if (Math.abs(message.nowMs - signedAtMs) > TOLERANCE_MS) return false
  const expected = signSandboxMessage(secret, { body: message.rawBody, nowMs: signedAtMs })
  const given = Buffer.from(String(message.header))
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected))
}
