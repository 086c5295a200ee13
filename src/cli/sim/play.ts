import { randomBytes } from 'node:crypto'
import type { AppConfig } from '../../config/config.ts'
import type { Clock } from '../../kernel/clock.ts'
import { parseCurrency, parseMajor } from '../../kernel/money.ts'
import { CommandRefused } from '../command.ts'
import type { Account } from './account.ts'
import type { ReversalType, SimMessage, SimOrder, SimPlatform } from './platform.ts'
import type { Answered, SimServer } from './server.ts'

export interface PlayDeps {
  readonly server: SimServer
  readonly platform: SimPlatform
  readonly app: Pick<AppConfig, 'appId' | 'secrets' | 'refundPolicy'>
  readonly account: Account
  /** The machine's own: the server's may be ahead of it. */
  readonly clock: Clock
}

/** A story under way: a throw-away player and their one order. */
export interface Play extends PlayDeps {
  readonly order: SimOrder
  readonly token: string
  readonly transactionId: string
  /** What the server takes for now: signatures are judged by it. */
  nowMs(): Promise<number>
}

const ITEM_ID = 1
// What is told of has happened by then, also where clocks differ a little.
const PAID_AGO_MS = 2 * 60_000
const REVERSED_AGO_MS = 60_000
// Of an answer in a platform's own form.
const SHOWN_LENGTH_MAX = 200

/** Makes a player whom nobody meets again, and their order. */
export async function beginPlay(deps: PlayDeps): Promise<Play> {
  const { server, platform, app, account } = deps
  const name = `sim-${randomBytes(8).toString('hex')}`
  const token = textOf(await done(server, '/api/v1/token', { body: { appId: app.appId } }), 'token')
  const login = await done(server, '/api/v1/login', { token, body: { loginType: 1, loginId: name } })
  const uid = textOf(login, 'uid')
  account.tell(`A player of ${app.appId} is made: ${uid}`)
  const body = { item_id: ITEM_ID, payment_channel: platform.instance }
  const made = await done(server, '/api/v1/orders', { token, body })
  const checkout = made['checkout'] as { url?: unknown } | undefined
  const order: SimOrder = {
    ...{ orderId: textOf(made, 'order_id'), uid, itemId: ITEM_ID, itemName: textOf(made, 'item_name') },
    ...priceOf(made),
    ...{ coins: Number(made['coins']), tokens: Number(made['tokens']) },
    checkoutPath: typeof checkout?.url === 'string' ? new URL(checkout.url).pathname : null,
  }
  const { orderId, price, currency, coins, tokens } = order
  account.tell(`They order item ${ITEM_ID}: ${orderId}, ${price} ${currency} for ${coins} coins and ${tokens} tokens`)
  return { ...deps, order, token, transactionId: `${name}-1`, nowMs: () => serverTime(deps) }
}

/** What the order costs: the number as it was told, and exactly. */
function priceOf(made: Answered['body']): Pick<SimOrder, 'price' | 'priceMinor' | 'currency'> {
  const currency = parseCurrency(textOf(made, 'currency'))
  const price = Number(made['price'])
  const money = currency === null ? null : parseMajor(price, currency)
  if (money === null) throw new CommandRefused("the server's answer has no price")
  return { price, priceMinor: money.minor, currency: money.currency }
}

/** Delivers a message as its platform signs it, and checks how it is answered. */
export async function deliver(
  play: Play,
  message: SimMessage,
  expected: { orderStatus: string | null },
): Promise<void> {
  const { signature, answers } = play.platform
  const headers = signature.sign(message, { nowMs: await play.nowMs() })
  const answered = await send(play, { message, headers })
  const { words, isSo } = answers.taken(expected)
  play.account.check(words, { right: isSo(answered), found: inShort(answered) })
}

/** Delivers a message that is not genuine: it must be refused, whatever it says. */
export async function deliverForged(
  play: Play,
  { how, message, headers }: { how: string; message: SimMessage; headers: Readonly<Record<string, string>> },
): Promise<void> {
  const answered = await send(play, { message, headers, how })
  const { forgedStatus } = play.platform.answers
  const right = answered.status === forgedStatus
  play.account.check(`refused by ${forgedStatus}`, { right, found: inShort(answered) })
}

async function send(
  { server, account }: Play,
  { message, headers, how }: { message: SimMessage; headers: Readonly<Record<string, string>>; how?: string },
): Promise<Answered> {
  account.tell(`The platform tells${how === undefined ? '' : `, ${how}`}: ${message.says} (POST ${message.path})`)
  return server.call('POST', message.path, { headers, body: message.body })
}

export async function paid(play: Play): Promise<SimMessage> {
  const { platform, order, transactionId } = play
  const atMs = (await play.nowMs()) - PAID_AGO_MS
  return platform.message(order, { telling: { type: 'payment.succeeded', atMs }, transactionId })
}

/** One refund and one dispute a story, each later notice of it a moment after the one before. */
export async function reversal(play: Play, type: ReversalType, laterMs = 0): Promise<SimMessage> {
  const { platform, order, transactionId } = play
  const [kind] = type.split('.')
  const atMs = (await play.nowMs()) - REVERSED_AGO_MS + laterMs
  return platform.message(order, { telling: { type, id: `${transactionId}-${kind}`, atMs }, transactionId })
}

/** Checks what the player sees: the order's state, and their balance. */
export async function expectSeen(
  play: Play,
  expected: { status: string; coins: number; waiting: number },
): Promise<void> {
  const { server, order, token, account } = play
  const shown = await server.call('GET', `/api/v1/orders/${order.orderId}`, { token })
  const { coins } = (await server.call('POST', '/api/v1/refresh', { token, body: {} })).body
  const inbox = await server.call('GET', '/api/v1/inbox', { token })
  const messages = (inbox.body['messages'] ?? []) as { tokens: number; state: string }[]
  const waiting = messages.filter(({ state }) => state === 'unclaimed').reduce((sum, one) => sum + one.tokens, 0)
  const found = { status: shown.body['order_status'], coins, waiting }
  const words = ({ status, coins, waiting }: Readonly<Record<keyof typeof found, unknown>>): string =>
    `order ${status}, ${coins} coins, ${waiting} tokens waiting`
  account.check(`the player sees ${words(expected)}`, { right: words(found) === words(expected), found: words(found) })
}

/** Makes a call that must be answered 200; a server that does not lets nothing be played. */
export async function done(
  server: SimServer,
  path: string,
  call: Parameters<SimServer['call']>[2],
): Promise<Answered['body']> {
  const answered = await server.call('POST', path, call)
  if (answered.status === 200) return answered.body
  throw new CommandRefused(`the story cannot be played: POST ${path} was answered ${inShort(answered)}`)
}

export function inShort({ status, body, text }: Answered): string {
  const { error, msg, order_status: orderStatus } = body
  if (typeof error === 'string') return `${status} ${error}: ${msg}`
  if (orderStatus !== undefined) return `${status}, order ${orderStatus}`
  return text === '' ? `${status}` : `${status} ${text.slice(0, SHOWN_LENGTH_MAX)}`
}

export function textOf(body: Answered['body'], name: string): string {
  const value = body[name]
  if (typeof value !== 'string') throw new CommandRefused(`the server's answer has no ${name}`)
  return value
}

async function serverTime({ server, clock }: PlayDeps): Promise<number> {
  const { body } = await server.call('GET', '/test/simple')
  const timeMs = typeof body['time'] === 'string' ? Date.parse(body['time']) : Number.NaN
  return Number.isNaN(timeMs) ? clock.nowMs() : timeMs
}
