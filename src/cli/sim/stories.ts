import { randomBytes } from 'node:crypto'
import type { ReversalType, SimMessage, SimPlatform } from './platform.ts'
import { deliver, deliverForged, done, expectSeen, inShort, type Play, paid, reversal, textOf } from './play.ts'

/** A story of a payment: what a platform does, and what must come of it. */
export interface Story {
  readonly about: string
  readonly play: (play: Play) => Promise<void>
  /** The refunds and disputes that its platform must tell of. */
  readonly needs: readonly ReversalType[]
}

const HALF_HOUR_MS = 30 * 60 * 1000
const MINUTE_MS = 60 * 1000

/** What can happen to a payment, by name. */
export const STORIES: Readonly<Record<string, Story>> = {
  paid: { about: 'paid once, and granted', needs: [], play: pay },
  duplicated: { about: 'the same message three times, granted once', needs: [], play: payThrice },
  late: { about: 'paid after the order has expired, and granted as it was promised', needs: [], play: payLate },
  reordered: {
    about: 'the refund is told of before the payment: nothing is granted',
    needs: ['refund.succeeded'],
    play: refundFirst,
  },
  'badly-signed': {
    about: 'forged, stale, early, altered and unsigned messages change nothing',
    needs: [],
    play: forge,
  },
  'refunded-after-spending': {
    about: 'refunded when the coins are spent: a debt, or a write-off',
    needs: ['refund.succeeded'],
    play: spendAndRefund,
  },
  'dispute-lost': {
    about: 'disputed and lost: held, then taken back',
    needs: ['dispute.opened', 'dispute.lost'],
    play: loseDispute,
  },
  'dispute-won': {
    about: 'disputed and won: held, then as before',
    needs: ['dispute.opened', 'dispute.won'],
    play: winDispute,
  },
  'notice-lost': { about: 'paid and never told: the player asks', needs: [], play: loseNotice },
}

/** Which stories a platform can be played in, and which not, with what it does not tell of. */
export function storiesOf(tells: readonly ReversalType[]): {
  readonly played: readonly string[]
  readonly leftOut: ReadonlyMap<string, readonly ReversalType[]>
} {
  const lacks = ({ needs }: Story) => needs.filter((type) => !tells.includes(type))
  const entries = Object.entries(STORIES)
  return {
    played: entries.flatMap(([name, story]) => (lacks(story).length === 0 ? [name] : [])),
    leftOut: new Map(
      entries.flatMap(([name, story]) => (lacks(story).length > 0 ? [[name, lacks(story)] as const] : [])),
    ),
  }
}

async function pay(play: Play): Promise<void> {
  await deliver(play, await paid(play), { orderStatus: 'completed' })
  await expectSeen(play, granted(play))
}

function granted({ order }: Play) {
  return { status: 'completed', coins: order.coins, waiting: order.tokens }
}

async function payThrice(play: Play): Promise<void> {
  const message = await paid(play)
  for (let n = 1; n <= 3; n++) await deliver(play, message, { orderStatus: 'completed' })
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
  await deliver(play, await paid(play), { orderStatus: 'refunded' })
  await expectSeen(play, { status: 'refunded', coins: 0, waiting: 0 })
}

async function forge(play: Play): Promise<void> {
  const message = await paid(play)
  for (const forgery of forgeries(play.platform, { message, nowMs: await play.nowMs() })) {
    await deliverForged(play, forgery)
  }
  await expectSeen(play, { status: 'pending', coins: 0, waiting: 0 })
}

/** What is not genuine, as far as a platform's way of signing can be wrong. */
function forgeries(
  { signature }: SimPlatform,
  { message, nowMs }: { message: SimMessage; nowMs: number },
): Parameters<typeof deliverForged>[1][] {
  const signed = signature.sign(message, { nowMs })
  const unsigned = Object.fromEntries(Object.entries(signed).filter(([name]) => !signature.headers.includes(name)))
  const secret = randomBytes(32).toString('hex')
  const aged = {
    stale: { how: 'signed ten minutes ago', atMs: nowMs - 10 * MINUTE_MS },
    early: { how: 'signed ten minutes ahead', atMs: nowMs + 10 * MINUTE_MS },
  }
  return [
    { how: 'signed with another secret', message, headers: signature.sign(message, { nowMs, secret }) },
    ...signature.tellsAge.map((age) => {
      const { how, atMs } = aged[age]
      return { how, message, headers: signature.sign(message, { nowMs: atMs }) }
    }),
    { how: 'altered after it was signed', message: { ...message, body: `${message.body} ` }, headers: signed },
    { how: 'not signed at all', message, headers: unsigned },
  ]
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
