import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_HEADER, SIGNATURE_HEADER, signAppcharge, TOKEN_HEADER } from '../../src/channels/appcharge/index.ts'
import { type Answer, APP_ID, type TestApp } from './test-app.ts'

/** What a project of the tests has in its dashboard: of this run, random and worthless. */
export const MAIN_KEY = randomBytes(24).toString('hex')
export const OLD_MAIN_KEY = randomBytes(24).toString('hex')
export const PUBLISHER_TOKEN = randomBytes(24).toString('hex')
export const PROJECT_ID = 'project-of-the-tests'

/** The settings of such a channel. */
export function appchargeSettings(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    type: 'appcharge',
    appId: APP_ID,
    mainKeys: [OLD_MAIN_KEY, MAIN_KEY],
    publisherToken: PUBLISHER_TOKEN,
    projectId: PROJECT_ID,
    ...more,
  }
}

/** A server's CHANNELS with `appcharge` and further instances of it. */
export function appchargeChannels(
  more: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
  own: Readonly<Record<string, unknown>> = {},
): string {
  const further = Object.fromEntries(
    Object.entries(more).map(([name, settings]) => [name, appchargeSettings(settings)] as const),
  )
  return JSON.stringify({ appcharge: appchargeSettings(own), ...further })
}

/** A body as Appcharge sends it, with what a test cares about. */
export function appchargeBody(
  name: string,
  changes: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const file = join(import.meta.dirname, 'fixtures', 'appcharge', `${name}.json`)
  return { ...JSON.parse(readFileSync(file, 'utf8')), ...changes }
}

/** An award of its own order, purchase and payment. */
export function awardOf(
  uid: string,
  changes: Readonly<Record<string, unknown>> & { orderId: string },
): Readonly<Record<string, unknown>> {
  const { orderId } = changes
  const ids = { purchaseId: `pr_${orderId}`, appChargePaymentId: `py_${orderId}` }
  return appchargeBody('award', { ...ids, playerId: uid, ...changes })
}

/** An event about the purchase of such an award. */
export function eventOf(
  name: string,
  about: { orderId: string; type: string; changes?: Readonly<Record<string, unknown>> },
): Readonly<Record<string, unknown>> {
  const transactions = [{ purchaseId: `pr_${about.orderId}`, type: about.type, amount: '23.49' }]
  return appchargeBody(name, { transactions, ...about.changes })
}

export interface Sending {
  readonly instance?: string
  readonly key?: string
  readonly nowMs?: number
  /** In the place of, or beside, those of a genuine call; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

/** A callback as Appcharge sends it: compact JSON, signed over its bytes. A text is sent as it is. */
export function appchargeCall({ callback, body, how = {} }: { callback: string; body: unknown; how?: Sending }): {
  path: string
  headers: Record<string, string>
  body: string
} {
  const { instance = 'appcharge', key = MAIN_KEY, nowMs = Date.now() } = how
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const genuine: Record<string, string | undefined> = {
    [SIGNATURE_HEADER]: signAppcharge(key, { body: text, nowMs }),
    [TOKEN_HEADER]: PUBLISHER_TOKEN,
    ...(callback === 'events' ? { [PROJECT_HEADER]: PROJECT_ID } : {}),
    ...how.headers,
  }
  const headers = Object.fromEntries(
    Object.entries(genuine).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  return { path: `/webhooks/${instance}${callback === '' ? '' : `/${callback}`}`, headers, body: text }
}

/** Sends one. */
export async function sendAppcharge(
  app: Pick<TestApp, 'call'>,
  sent: { callback: string; body: unknown; how?: Sending },
): Promise<Answer> {
  const { path, headers, body } = appchargeCall(sent)
  return app.call('POST', path, { headers, body })
}
