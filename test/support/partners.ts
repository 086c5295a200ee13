import { signBody } from '../../src/channels/signed/index.ts'
import type { Running } from './every-engine.ts'
import { fakeClock } from './fake-clock.ts'
import { type Answer, APP_ID, OTHER_APP_ID, PARTNER_SECRET, payment, SIGNED_SECRET } from './test-app.ts'

/** The secret of the instance `second`, of the same app as `signed`. */
export const SECOND_SECRET = 'test-signing-secret-of-the-second-instance'

/** Three partners: two of one app, and one of another. */
export const PARTNERS = JSON.stringify({
  sandbox: { appId: APP_ID },
  signed: { appId: APP_ID, secrets: [SIGNED_SECRET] },
  second: { type: 'signed', appId: APP_ID, secrets: [SECOND_SECRET] },
  partner: { type: 'signed', appId: OTHER_APP_ID, secrets: [PARTNER_SECRET] },
})

/** How a message is signed and sent, where that is not as `signed` does it. */
export interface Sending {
  readonly instance?: string
  readonly secret?: string
  readonly atMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** The messages of partners to a running app, and a clock that stands still. */
export function partnersOf(on: Running) {
  const clock = PARTNERS_CLOCK
  let notices = 0
  const signature = (body: unknown, { secret = SIGNED_SECRET, atMs = clock.nowMs() }: Sending = {}): string =>
    signBody(secret, { body: textOf(body), nowMs: atMs })
  const post = (body: unknown, headers: Readonly<Record<string, string>>, instance = 'signed'): Promise<Answer> =>
    on.app.call('POST', `/webhooks/${instance}`, { body: textOf(body), headers })
  return {
    signature,
    post,
    send: (body: unknown, how: Sending = {}): Promise<Answer> =>
      post(body, { 'x-signature': signature(body, how), ...how.headers }, how.instance),
    /** What became of a payment, each later than the one before. */
    notice: (type: string, fields: Readonly<Record<string, unknown>>) => {
      notices += 1
      return { type, reversal_id: 'r1', occurred_at: new Date(clock.nowMs() + notices).toISOString(), ...fields }
    },
  }
}

export const PARTNERS_CLOCK = fakeClock()

/** A correct payment of item 1, as a partner tells of it. */
export function paid(fields: { order_id: string; uid: string } & Readonly<Record<string, unknown>>) {
  return { type: 'payment.succeeded', ...payment(fields) }
}

/** The bytes that are signed. */
export function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}
