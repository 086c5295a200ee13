import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browserIsThere, openPage } from '../support/browser.ts'
import { privacyOf } from '../support/privacy.ts'

const DAY_MS = 24 * 60 * 60 * 1000

test('a person reads that the deletion is under way, and then that it is done, in their language', async (t) => {
  if (!browserIsThere()) return
  const { page, app, assertQuiet, screenshot } = await openPage(t, { jobs: 'by_hand' })
  await app.logIn('page-person')
  const notice = { key: 'page', kind: 'forget', subject: 'page-person', named: 'data deletion' } as const
  const told = await privacyOf(app).tell(notice)
  assert.ok(told.ok)
  const address = `${app.url}/deletion/${told.value.confirmationCode}`
  const openAgain = { state: 'open', done_at_ms: null, received_at_ms: Date.UTC(2026, 10, 1, 9, 30) } as const
  const { database } = app.service
  await database.inTransaction((tx) => tx.updateTable('identity_notices').set(openAgain).execute())
  await page.goto(address)
  assert.match(await page.locator('main').innerText(), /the deletion is under way[\s\S]*2026-11-01 09:30:00 UTC/)
  assert.ok(!(await page.locator('main').innerText()).includes('What was deleted'))
  await screenshot('deletion-under-way')

  const closed = { state: 'done', done_at_ms: openAgain.received_at_ms + DAY_MS } as const
  await database.inTransaction((tx) => tx.updateTable('identity_notices').set(closed).execute())
  await page.reload()
  const text = await page.locator('main').innerText()
  assert.match(text, /Your data has been deleted\.[\s\S]*Done\s*2026-11-02 09:30:00 UTC/)
  assert.match(text, /What was deleted[\s\S]*Every login[\s\S]*What must be kept[\s\S]*Orders and payments/)
  assert.ok(text.includes(told.value.confirmationCode))
  await screenshot('deletion-done')

  await page.setExtraHTTPHeaders({ 'accept-language': 'zh-CN' })
  await page.reload()
  assert.match(await page.locator('main').innerText(), /您的数据已删除。[\s\S]*必须保留的内容/)
  await screenshot('deletion-done-zh')

  await page.setViewportSize({ width: 360, height: 780 })
  await page.setExtraHTTPHeaders({ 'accept-language': 'en' })
  await page.reload()
  const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  assert.equal(wide, 0, 'nothing reaches beyond a small screen')
  await screenshot('deletion-done-small')
  assertQuiet()
})
