import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { browserIsThere, type OpenPage, openPage } from '../support/browser.ts'
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

interface Story {
  readonly title: string
  /** The names of the buttons that are pressed, one after the other. */
  readonly pressed: readonly string[]
  /** What the page shows in the end. */
  readonly shown: string
  readonly status: string
  /** Of the 1000 of the item. */
  readonly coins: number
}

const STORIES: readonly Story[] = [
  { title: 'declined', pressed: ['Decline the card'], shown: 'CARD_DECLINED', status: 'failed', coins: 0 },
  { title: 'given-up', pressed: ['Give up'], shown: 'PAYMENT_CANCELLED', status: 'cancelled', coins: 0 },
  { title: 'paid-too-little', pressed: ['Pay too little'], shown: 'Paid once.', status: 'review', coins: 0 },
  { title: 'paid-twice', pressed: ['Pay twice'], shown: 'Paid 2 times.', status: 'completed', coins: 1000 },
  { title: 'refunded', pressed: ['Pay', 'Refund'], shown: '19.99 USD refunded', status: 'refunded', coins: 0 },
  {
    ...{ title: 'partly-refunded', pressed: ['Pay', 'Refund half'] },
    ...{ shown: '9.99 USD refunded', status: 'completed', coins: 501 },
  },
  {
    ...{ title: 'refund-reversed', pressed: ['Pay', 'Refund', 'Reverse the last refund'] },
    ...{ shown: 'Refund of 19.99 USD reversed', status: 'completed', coins: 1000 },
  },
  {
    ...{ title: 'disputed', pressed: ['Pay', 'Open a dispute'] },
    ...{ shown: '19.99 USD in dispute', status: 'disputed', coins: 1000 },
  },
  {
    ...{ title: 'dispute-lost', pressed: ['Pay', 'Open a dispute', 'Dispute: the player wins'] },
    ...{ shown: 'Dispute of 19.99 USD: the player has won', status: 'refunded', coins: 0 },
  },
  {
    ...{ title: 'dispute-won', pressed: ['Pay', 'Open a dispute', 'Dispute: the studio wins'] },
    ...{ shown: 'Dispute of 19.99 USD: the studio has won', status: 'completed', coins: 1000 },
  },
  {
    ...{ title: 'refund-unheard', pressed: ['Pay', 'Refund, and lose the notice'] },
    ...{ shown: 'The server was told nothing.', status: 'completed', coins: 1000 },
  },
  {
    ...{ title: 'refund-told-again', pressed: ['Pay', 'Refund, and lose the notice', 'Send its notices again'] },
    ...{ shown: '19.99 USD refunded', status: 'refunded', coins: 0 },
  },
]

async function play({ page, app, screenshot }: OpenPage, story: Story): Promise<void> {
  const { token, uid } = await app.logIn(`sandbox-${story.title}`)
  const order = await createOrder(app, token)
  await page.goto(order.checkout.url)
  for (const name of story.pressed) await page.getByRole('button', { name, exact: true }).click()
  await page.getByText(story.shown).first().waitFor()
  await screenshot(`sandbox-story-${story.title}`)
  const status = (await orderRow(app, order.order_id))?.status
  assert.deepEqual([status, (await playerRow(app, uid)).coins], [story.status, story.coins], story.title)
}

test('every story of a payment is played by its buttons', async (t) => {
  if (!browserIsThere()) return
  const open = await openPage(t)
  for (const story of STORIES) await play(open, story)
  open.assertQuiet()
  await assertBooks(open.app)
})

test('the page of what was paid speaks Chinese too, and asks for nothing that is not there any more', async (t) => {
  if (!browserIsThere()) return
  const { page, app, assertQuiet, screenshot } = await openPage(t)
  await page.setExtraHTTPHeaders({ 'accept-language': 'zh-CN' })
  const { token } = await app.logIn('sandbox-chinese')
  await page.goto((await createOrder(app, token)).checkout.url)
  for (const name of ['支付', '退还一半', '发起争议', '争议：玩家胜诉']) {
    await page.getByRole('button', { name, exact: true }).click()
  }
  await page.getByText('争议金额 19.99 USD：玩家胜诉').waitFor()
  await page.getByText('已退款 9.99 USD').waitFor()
  await screenshot('sandbox-chinese')
  const paid = page.getByRole('region', { name: '第 1 笔支付' })
  const left = await paid.getByRole('button').allInnerTexts()
  assert.deepEqual(left, ['撤销最近一次退款', '丢失通知', '重新发送全部通知'])
  await page.setViewportSize({ width: 360, height: 740 })
  assert.ok(await page.evaluate('document.documentElement.scrollWidth <= 360'), 'a phone shows all of it')
  await screenshot('sandbox-phone')
  assertQuiet()
})
