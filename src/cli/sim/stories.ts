import { randomBytes } from 'node:crypto'
import { deliver, deliverForged, done, expectSeen, inShort, type Play, paid, reversal, textOf } from './play.ts'

/** A story of a payment: what a platform does, and what must come of it. */
export interface Story {
  readonly about: string
  readonly play: (play: Play) => Promise<void>
}

const HALF_HOUR_MS = 30 * 60 * 1000
const MINUTE_MS = 60 * 1000

/** What can happen to a payment, by name. */
export const STORIES: Readonly<Record<string, Story>> = {
  paid: { about: 'paid once, and granted', play: pay },
  duplicated: { about: 'the same message three times, granted once', play: payThrice },
  late: { about: 'paid after the order has expired, and granted as it was promised', play: payLate },
  reordered: { about: 'the refund is told of before the payment: nothing is granted', play: refundFirst },
  'badly-signed': { about: 'forged, stale, early, altered and unsigned messages change nothing', play: forge },
  'refunded-after-spending': {
    about: 'refunded when the coins are spent: a debt, or a write-off',
    play: spendAndRefund,
  },
  'dispute-lost': { about: 'disputed and lost: held, then taken back', play: loseDispute },
  'dispute-won': { about: 'disputed and won: held, then as before', play: winDispute },
  'notice-lost': { about: 'paid and never told: the player asks', play: loseNotice },
}

async function pay(play: Play): Promise<void> {
  await deliver(play, paid(play), { orderStatus: 'completed' })
  await expectSeen(play, granted(play))
}

function granted({ order }: Play) {
  return { status: 'completed', coins: order.coins, waiting: order.tokens }
}

async function payThrice(play: Play): Promise<void> {
  for (let n = 1; n <= 3; n++) await deliver(play, paid(play), { orderStatus: 'completed' })
  await expectSeen(play, granted(play))
}

async function payLate(play: Play): Promise<void> {
  await done(play.server, '/test/clock', { body: { advance_ms: HALF_HOUR_MS + MINUTE_MS } })
  play.account.tell('The clock of the server is moved on by 31 minutes')
  await expectSeen(play, { status: 'expired', coins: 0, waiting: 0 })
  await pay(play)
}

async function refundFirst(play: Play): Promise<void> {
  await deliver(play, await reversal(play, 'refund.succeeded'), { orderStatus: null })
  await expectSeen(play, { status: 'pending', coins: 0, waiting: 0 })
  await deliver(play, paid(play), { orderStatus: 'refunded' })
  await expectSeen(play, { status: 'refunded', coins: 0, waiting: 0 })
}

async function forge(play: Play): Promise<void> {
  const { platform } = play
  const message = paid(play)
  const nowMs = await play.nowMs()
  const sign = (atMs: number, secret?: string) => platform.sign(message.body, atMs, secret)
  const forgeries = [
    { how: 'signed with another secret', message, headers: sign(nowMs, randomBytes(32).toString('hex')) },
    { how: 'signed ten minutes ago', message, headers: sign(nowMs - 10 * MINUTE_MS) },
    { how: 'signed ten minutes ahead', message, headers: sign(nowMs + 10 * MINUTE_MS) },
    { how: 'altered after it was signed', message: { ...message, body: `${message.body} ` }, headers: sign(nowMs) },
    { how: 'not signed at all', message, headers: {} },
  ]
  for (const forgery of forgeries) await deliverForged(play, forgery)
  await expectSeen(play, { status: 'pending', coins: 0, waiting: 0 })
}

async function spendAndRefund(play: Play): Promise<void> {
  await pay(play)
  const { server, app, account, order, transactionId } = play
  const [appSecret] = app.secrets
  const token = textOf(await done(server, '/api/v1/token', { body: { appId: app.appId, appSecret } }), 'token')
  const spend = { currency: 'coins', amount: -order.coins, reason: 'Spent in a story', idempotency_key: transactionId }
  await done(server, `/api/v1/server/users/${order.uid}/wallet`, { token, body: spend })
  account.tell(`The player spends all ${order.coins} coins`)
  await deliver(play, await reversal(play, 'refund.succeeded'), { orderStatus: 'refunded' })
  const coins = app.refundPolicy === 'debt' ? -order.coins : 0
  account.tell(`The app's refund policy is \`${app.refundPolicy}\`: the balance must be ${coins}`)
  await expectSeen(play, { status: 'refunded', coins, waiting: 0 })
}

async function dispute(play: Play): Promise<void> {
  await pay(play)
  await deliver(play, await reversal(play, 'dispute.opened'), { orderStatus: 'disputed' })
  await expectSeen(play, { ...granted(play), status: 'disputed' })
  await expectNewOrder(play, { status: 403 })
}

/** A player is sold nothing while a dispute is open. */
async function expectNewOrder({ server, token, platform, account }: Play, expected: { status: number }): Promise<void> {
  account.tell('The player orders something else')
  const body = { item_id: 1, payment_channel: platform.instance }
  const answered = await server.call('POST', '/api/v1/orders', { token, body })
  const right = answered.status === expected.status
  account.check(`answered ${expected.status}`, { right, found: inShort(answered) })
}

async function loseDispute(play: Play): Promise<void> {
  await dispute(play)
  await deliver(play, await reversal(play, 'dispute.lost', 1_000), { orderStatus: 'refunded' })
  await expectSeen(play, { status: 'refunded', coins: 0, waiting: 0 })
  await expectNewOrder(play, { status: 200 })
}

async function winDispute(play: Play): Promise<void> {
  await dispute(play)
  await deliver(play, await reversal(play, 'dispute.won', 1_000), { orderStatus: 'completed' })
  await expectSeen(play, granted(play))
  await expectNewOrder(play, { status: 200 })
}

async function loseNotice(play: Play): Promise<void> {
  const { server, platform, order, token, account } = play
  const check = `/api/v1/orders/${order.orderId}/check`
  if (platform.silentPayment) {
    await server.call('POST', platform.silentPayment(order), {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '',
    })
    account.tell('The player pays on the page, and the notice of it is lost')
    await expectSeen(play, { status: 'pending', coins: 0, waiting: 0 })
    const answered = await server.call('POST', check, { token, body: {} })
    account.tell('The player asks: I paid and got nothing')
    const right = answered.status === 200 && answered.body['order_status'] === 'completed'
    account.check('answered 200, the order is completed', { right, found: inShort(answered) })
    await expectSeen(play, granted(play))
    return
  }
  account.tell('The player pays, and the notice of it is lost')
  const answered = await server.call('POST', check, { token, body: {} })
  account.tell('The player asks: I paid and got nothing; this platform cannot be asked, and sends its notice again')
  const right = answered.status === 200 && answered.body['order_status'] === 'pending'
  account.check('answered 200, the order is pending', { right, found: inShort(answered) })
  await pay(play)
}
