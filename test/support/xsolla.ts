import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { signXsollaBody } from '../../src/channels/xsolla/index.ts'
import { type Answer, APP_ID, request, type TestApp } from './test-app.ts'

const RUN = randomBytes(20).toString('hex')

/** The secret key of a project, and the one that it had before: of this run, and worthless. */
export const xsollaKey = (instance: string): string => `${RUN}-${instance}`
export const xsollaOlderKey = (instance: string): string => `${RUN}-${instance}-older`
export const PROJECT = { project_id: 51123, merchant_id: 7411 }

/** What the studio calls our items there. */
export const XSOLLA_ITEMS = { starter_pack: 1, growth_pack: 2, elite_bundle: 4 }

/** The settings of an instance; a test says what it cares about. */
export function xsollaSettings(
  instance = 'xsolla',
  settings: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    ...{ type: 'xsolla', appId: APP_ID, secretKeys: [xsollaKey(instance), xsollaOlderKey(instance)] },
    ...{ projectId: PROJECT.project_id, merchantId: PROJECT.merchant_id, items: XSOLLA_ITEMS, ...settings },
  }
}

/** One project in each of the ways in which it can be set up. */
export const XSOLLA_CHANNELS = JSON.stringify({
  xsolla: xsollaSettings(),
  // Its account gives back by itself what we refuse.
  returning: xsollaSettings('returning', { automaticRefund: true }),
  // It sells without the platform's catalogue.
  direct: xsollaSettings('direct', { grantOn: 'payment', automaticRefund: true }),
  // Its prices are local.
  local: xsollaSettings('local', { priceRule: 'platform' }),
})

/** A fact about a webhook: what it says, all else is as in its fixture. `undefined` leaves a field out. */
export type Changes = { readonly [field: string]: unknown }
// biome-ignore lint/suspicious/noExplicitAny: a webhook is JSON of any shape; the tests say which.
export type XsollaBody = any

const read = (name: string): XsollaBody =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/xsolla', `${name}.json`), 'utf8'))

/** A webhook as the platform would send it. */
export function xsollaBody(name: string, changes: Changes = {}): XsollaBody {
  return changed(read(name), changes)
}

function changed(value: XsollaBody, changes: Changes): XsollaBody {
  const result = { ...value }
  for (const [field, change] of Object.entries(changes)) {
    const isObject = (one: unknown): boolean => typeof one === 'object' && one !== null && !Array.isArray(one)
    if (change === undefined) delete result[field]
    else
      result[field] = isObject(change) && isObject(result[field]) ? changed(result[field], change as Changes) : change
  }
  return result
}

let numbers = 5_000_000

/** The numbers that the platform gives to one purchase. */
export function newPurchase(): { orderId: number; transactionId: number } {
  numbers += 2
  return { orderId: numbers, transactionId: numbers + 1 }
}

export type XsollaPurchase = ReturnType<typeof newPurchase>

/** An order that a player has paid. */
export function paidOrder(uid: string, { orderId, transactionId }: XsollaPurchase, changes: Changes = {}): XsollaBody {
  const names = { order: { id: orderId, invoice_id: String(transactionId) }, user: { external_id: uid } }
  return changed(xsollaBody('order-paid', names), changes)
}

/** A row of an order. */
export function row(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { type: 'virtual_good', is_pre_order: false, quantity: 1, amount: '[null]', promotions: [], ...fields }
}

/** Delivers a webhook, signed as the platform signs; text goes as it is. */
export async function tellXsolla(
  app: Pick<TestApp, 'url'>,
  body: unknown,
  {
    instance = 'xsolla',
    key = xsollaKey(instance),
    headers,
  }: { instance?: string; key?: string; headers?: object } = {},
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const signed = headers ?? { authorization: signXsollaBody(key, text) }
  return await request(`${app.url}/webhooks/${instance}`, { method: 'POST', body: text, headers: { ...signed } })
}

/** How the platform reads an answer: the status, and the code of the error where there is one. */
export function inShort({ status, body }: Answer): string {
  return body === '' ? String(status) : `${status} ${body.error?.code ?? JSON.stringify(body)}`
}
