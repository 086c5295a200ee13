import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browserIsThere, openPage } from '../support/browser.ts'
import { createOrder } from '../support/orders.ts'

test('a person pays on the sandbox page and sees what became of it', async (t) => {
  if (!browserIsThere()) return
  const { page, app, assertQuiet, screenshot } = await openPage(t)
  const { token } = await app.logIn('sandbox-person')
  const order = await createOrder(app, token, { return_url: 'https://shop.example.com/paid' })
  await page.goto(order.checkout.url)
  assert.match(await page.locator('main').innerText(), /19\.99 USD/)
  await screenshot('sandbox')
  await page.getByRole('button', { name: 'Pay', exact: true }).click()
  await page.getByText('Paid once.').waitFor()
  await page.getByText('The server answered 200').waitFor()
  await screenshot('sandbox-paid')
  const back = await page.getByRole('link', { name: 'Back to the game' }).getAttribute('href')
  assert.equal(back, `https://shop.example.com/paid?order_id=${order.order_id}`)
  const { order_status } = (await app.call('GET', `/api/v1/orders/${order.order_id}`, { token })).body
  assert.equal(order_status, 'completed')
  assertQuiet()
})
