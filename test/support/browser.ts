import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { chromium, type Page } from 'playwright-core'
import { startApp, type TestApp, type TestAppOptions } from './test-app.ts'

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

/** A page of a browser on a running app. */
export interface OpenPage {
  readonly page: Page
  readonly app: TestApp
  readonly url: string
  /** Fails when the page complained, or asked anybody else for anything. */
  assertQuiet(): void
  screenshot(name: string): Promise<void>
}

/** True when there is a browser; else one loud line, or a failure where everything must run. */
export function browserIsThere(): boolean {
  if (existsSync(CHROMIUM_PATH)) return true
  assert.notEqual(REQUIRE_ALL, '1', `REQUIRE_ALL=1 and there is no browser at ${CHROMIUM_PATH}: set CHROMIUM_PATH`)
  process.stderr.write(`LEFT OUT: the pages, as there is no browser at ${CHROMIUM_PATH} (CHROMIUM_PATH)\n`)
  return false
}

/** Opens an empty page beside an app of its own; both are closed when the test ends. */
export async function openPage(t: TestContext, options: TestAppOptions = {}): Promise<OpenPage> {
  const app = await startApp(options)
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
    app,
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
