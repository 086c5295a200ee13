import { assertDone } from './answers.ts'
import type { Answer, TestApp } from './test-app.ts'

/** Orders an item; a test that cares about more says so. */
export async function createOrder(
  app: TestApp,
  token: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<Answer['body']> {
  const body = { item_id: 1, payment_channel: 'sandbox', ...fields }
  return assertDone(await app.call('POST', '/api/v1/orders', { token, body }))
}

/** Presses a button of the sandbox's page; gives the page. */
export async function pressButton(order: { checkout: { url: string } }, action: string): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'en' }
  const response = await fetch(`${order.checkout.url}/${action}`, { method: 'POST', headers })
  const page = await response.text()
  if (response.status !== 200) throw new Error(`the sandbox answered ${response.status}: ${page}`)
  return page
}
