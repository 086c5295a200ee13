import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browserIsThere, openPage } from '../support/browser.ts'

const OPERATIONS = [
  'POST /api/v1/token',
  'GET /api/v1/login',
  'GET /api/v1/store/items',
  'POST /api/v1/payment/success',
  'GET /api/v1/orders/history',
  'POST /api/v1/inbox/claim_all',
  'GET /health',
]

test('Swagger UI shows every call, asks no other host, and tries one out under its own policy', async (t) => {
  if (!browserIsThere()) return
  const { page, url, assertQuiet, screenshot } = await openPage(t)
  await page.goto(`${url}/docs`)
  await page.locator('.opblock').first().waitFor()
  const shown = await page.locator('.opblock-summary').evaluateAll((summaries) =>
    summaries.map((summary) => {
      const part = (name: string) => summary.querySelector(name)?.textContent?.replace(/\u200b/g, '') ?? ''
      return `${part('.opblock-summary-method')} ${part('.opblock-summary-path')}`.trim()
    }),
  )
  for (const operation of OPERATIONS) assert.ok(shown.includes(operation), `${operation} in ${shown.join(', ')}`)
  await screenshot('swagger')

  const health = page.locator('.opblock', { has: page.locator('[data-path="/health"]') })
  await health.locator('.opblock-summary-control').click()
  await health.getByRole('button', { name: 'Try it out' }).click()
  await health.getByRole('button', { name: 'Execute' }).click()
  const answer = health.locator('.live-responses-table')
  await answer.waitFor()
  await answer.scrollIntoViewIfNeeded()
  assert.equal((await answer.locator('.response-col_status').nth(1).innerText()).trim().split(/\s/)[0], '200')
  assert.match(await answer.innerText(), /"message": "Payment API is running"/)
  await screenshot('swagger-try-it-out')
  assertQuiet()
})

test('Swagger UI shows an example for a call with a body', async (t) => {
  if (!browserIsThere()) return
  const { page, url, assertQuiet, screenshot } = await openPage(t)
  await page.goto(`${url}/docs`)
  const success = page.locator('.opblock', { has: page.locator('[data-path="/api/v1/payment/success"]') })
  await success.locator('.opblock-summary-control').click()
  const body = success.locator('.opblock-section-request-body')
  await body.waitFor()
  await success.scrollIntoViewIfNeeded()
  await screenshot('swagger-payment')
  assert.match(await body.innerText(), /"order_id": "order-20261101-0001"/)
  assertQuiet()
})

test('ReDoc shows every call and asks no other host', async (t) => {
  if (!browserIsThere()) return
  const { page, url, assertQuiet, screenshot } = await openPage(t)
  await page.goto(`${url}/redoc`)
  await page.locator('[data-section-id^="tag/"]').first().waitFor()
  await page.getByText('/api/v1/payment/success').first().waitFor({ state: 'attached' })
  const text = (await page.locator('.api-content').textContent()) ?? ''
  for (const operation of OPERATIONS) {
    const [, path = ''] = operation.split(' ')
    assert.ok(text.includes(path), `${path} stands on the page`)
  }
  await screenshot('redoc')
  await page.locator('[data-section-id*="Payments"]').first().scrollIntoViewIfNeeded()
  await screenshot('redoc-payments')
  assertQuiet()
})
