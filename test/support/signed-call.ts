import { signBody } from '../../src/channels/signed/index.ts'
import type { Answer, TestApp } from './test-app.ts'

/** A call with `X-Signature` over exactly the bytes that are sent. */
export function callSigned(
  app: TestApp,
  path: string,
  message: {
    body: unknown
    secret: string
    nowMs?: number
    channel?: string
    headers?: Readonly<Record<string, string>>
    token?: string
  },
): Promise<Answer> {
  const body = typeof message.body === 'string' ? message.body : JSON.stringify(message.body)
  const headers: Record<string, string> = {
    'x-signature': signBody(message.secret, { body, nowMs: message.nowMs ?? Date.now() }),
    ...(message.channel === undefined ? {} : { 'x-channel': message.channel }),
    ...message.headers,
  }
  return app.call('POST', path, { body, headers, ...(message.token === undefined ? {} : { token: message.token }) })
}
