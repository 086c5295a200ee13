import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { chromium, type Page } from 'playwright-core'
import { startApp } from '../support/test-app.ts'

// SCREENSHOTS names a folder for pictures of the pages: what a test cannot judge, a person can.
const { CHROMIUM_PATH = '/usr/bin/chromium', REQUIRE_ALL, SCREENSHOTS } = process.env
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
// The pages are a few hundred kilobytes of script each, run on a machine that may be busy.
const PAGE_WITHIN_MS = 60_000

const OPERATIONS = [
  'POST /api/v1/token',
  'GET /api/v1/login',
  'GET /api/v1/store/items',
  'POST /api/v1/payment/success',
  'GET /api/v1/orders/history',
  'POST /api/v1/inbox/claim_all',
  'GET /health',
]

interface OpenPage {
  readonly page: Page
  readonly url: string
  /** Fails when the page complained, or asked anybody else for anything. */
  assertQuiet(): void
  screenshot(name: string): Promise<void>
}

/** True when there is a browser; else one loud line, or a failure where everything must run. */
function browserIsThere(): boolean {
  if (existsSync(CHROMIUM_PATH)) return true
  assert.notEqual(REQUIRE_ALL, '1', `REQUIRE_ALL=1 and there is no browser at ${CHROMIUM_PATH}: set CHROMIUM_PATH`)
  process.stderr.write(`LEFT OUT: the pages of the docs, as there is no browser at ${CHROMIUM_PATH} (CHROMIUM_PATH)\n`)
  return false
}

async function openPage(t: TestContext): Promise<OpenPage> {
  const app = await startApp()
  t.after(() => app.close())
  const browser = await chromium.launch({ executablePath: CHROMIUM_PATH, args: FLAGS })
  t.after(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(PAGE_WITHIN_MS)
  const complaints: string[] = []
  const asked: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`))
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`)
  })
  page.on('request', (request) => asked.push(request.url()))
  return {
    page,
    url: app.url,
    assertQuiet: () => {
      assert.deepEqual(complaints, [])
      assert.ok(asked.length > 1, 'the page asked for its own parts')
      const others = asked.filter((url) => !url.startsWith(`${app.url}/`) && !/^(data|blob):/.test(url))
      assert.deepEqual(others, [], 'nobody else is asked for anything')
    },
    screenshot: async (name) => {
      if (!SCREENSHOTS) return
      mkdirSync(SCREENSHOTS, { recursive: true })
      const path = join(SCREENSHOTS, `${name}.png`)
      await page.screenshot({ path })
      t.diagnostic(`screenshot: ${path}`)
    },
  }
}

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
