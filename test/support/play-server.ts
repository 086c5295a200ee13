import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { importSPKI, jwtVerify } from 'jose'
import type { Clock } from '../../src/kernel/clock.ts'

export const PACKAGE_NAME = 'com.example.slots'
const SCOPE = 'https://www.googleapis.com/auth/androidpublisher'
const TOKEN_AUDIENCE = 'https://oauth2.googleapis.com/token'

/** A purchase as Play keeps it; a test changes what it likes. */
export interface PlayPurchase {
  readonly token: string
  /** Null where nothing was paid. */
  readonly orderId: string | null
  readonly account: string | null
  readonly completedAt: string
  readonly isTest: boolean
  state: 'PURCHASED' | 'PENDING' | 'CANCELLED' | string
  isAcknowledged: boolean
  lines: {
    productId: string
    quantity: number
    refundable: number | undefined
    isConsumed: boolean
    total: object
  }[]
  /** Fields of the order that differ from those of an honest one. */
  order: Record<string, unknown>
}

/** How the next calls are answered that a test has asked about: a status, or not at all. */
export type Disturbance = number | 'hang' | 'drop'

/** Google Play on loopback: its API with the tokens that it asks for. */
export interface PlayServer {
  readonly url: string
  readonly tokenUrl: string
  readonly account: { readonly clientEmail: string; readonly privateKey: string }
  readonly purchases: Map<string, PlayPurchase>
  /** What is listed as voided. */
  readonly voided: Record<string, unknown>[]
  /** Every call that came: the method and the path without the package. */
  readonly calls: string[]
  tokensGiven: number
  /** Answers a call instead of Play, where it gives something. */
  disturb: (call: string) => Disturbance | null
  /** Makes every access token that was given out invalid. */
  revokeTokens(): void
  buy(fields?: Bought): PlayPurchase
  stop(): Promise<void>
}

export interface Bought {
  readonly account?: string | null
  readonly product?: string
  readonly quantity?: number
  readonly token?: string
  readonly orderId?: string | null
  readonly state?: string
  readonly isTest?: boolean
  readonly total?: object
  readonly lines?: PlayPurchase['lines']
}

/** A body as Play really sends it, invented. */
export function playFixture(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/google', `${name}.json`), 'utf8'))
}

/** An amount as Play writes it. */
export function playMoney(currencyCode: string, units: string, nanos?: number): object {
  return { currencyCode, units, ...(nanos === undefined ? {} : { nanos }) }
}

export function playLine(productId: string, fields: Partial<PlayPurchase['lines'][number]> = {}) {
  const quantity = fields.quantity ?? 1
  return { productId, quantity, refundable: quantity, isConsumed: false, total: DOLLARS, ...fields }
}

const DOLLARS = playMoney('USD', '19', 990_000_000)

/** Starts it; the clock is the one by which it says when something was bought. */
export async function startPlayServer(clock: Clock): Promise<PlayServer> {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const server = createServer((request, response) => {
    answer(play, { request, response, publicPem, valid }).catch(() => response.destroy())
  })
  const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const valid = new Set<string>()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const play: PlayServer = {
    ...{ url, tokenUrl: `${url}/token`, purchases: new Map(), voided: [], calls: [], tokensGiven: 0 },
    account: {
      clientEmail: 'play-api@example-project.iam.gserviceaccount.com',
      privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
    disturb: () => null,
    revokeTokens: () => valid.clear(),
    buy: (fields = {}) => {
      const bought = newPurchase(fields, clock)
      play.purchases.set(bought.token, bought)
      return bought
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return play
}

function newPurchase(fields: Bought, clock: Clock): PlayPurchase {
  const { product = 'coins.starter', quantity = 1, total = DOLLARS, account = null, isTest = false } = fields
  const digits = () => String(1000 + Number(randomBytes(2).readUInt16BE() % 9000))
  return {
    token: fields.token ?? `${randomBytes(12).toString('hex')}.AO-J1O${randomBytes(60).toString('base64url')}`,
    orderId: fields.orderId === undefined ? `GPA.${digits()}-${digits()}-${digits()}-${digits()}1` : fields.orderId,
    ...{ account, isTest, state: fields.state ?? 'PURCHASED', isAcknowledged: false, order: {} },
    completedAt: new Date(clock.nowMs()).toISOString(),
    lines: fields.lines ?? [playLine(product, { quantity, total })],
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly publicPem: string
  readonly valid: Set<string>
}

async function answer(play: PlayServer, exchange: Exchange): Promise<void> {
  const { request, response, valid } = exchange
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const url = new URL(request.url ?? '/', play.url)
  const path = decodeURIComponent(url.pathname).replace(`/androidpublisher/v3/applications/${PACKAGE_NAME}`, '')
  const call = `${request.method} ${path}${url.search}`
  play.calls.push(call)
  const disturbance = play.disturb(call)
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(body === null ? '' : JSON.stringify(body))
  }
  const fail = (status: number): void => send(status, { error: { code: status, message: 'invented', errors: [] } })
  if (disturbance === 'hang') return
  if (disturbance === 'drop') return void response.destroy()
  if (disturbance !== null) return fail(disturbance)
  if (path === '/token') return await giveToken(play, { exchange, form: Buffer.concat(chunks).toString(), send })
  const [, bearer = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
  if (!valid.has(bearer)) return fail(401)
  const answered = answerCall(play, { method: request.method ?? '', path, query: url.searchParams })
  if (typeof answered === 'number') fail(answered)
  else send(200, answered.body)
}

async function giveToken(
  play: PlayServer,
  asked: { exchange: Exchange; form: string; send: (status: number, body: unknown) => void },
): Promise<void> {
  const { exchange, form, send } = asked
  const fields = new URLSearchParams(form)
  try {
    if (fields.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') throw new Error('grant_type')
    const key = await importSPKI(exchange.publicPem, 'RS256')
    const rules = { algorithms: ['RS256'], audience: TOKEN_AUDIENCE, issuer: play.account.clientEmail }
    const { payload } = await jwtVerify(fields.get('assertion') ?? '', key, rules)
    if (payload['scope'] !== SCOPE) throw new Error('scope')
  } catch {
    return send(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' })
  }
  const token = `ya29.${randomBytes(24).toString('base64url')}`
  exchange.valid.add(token)
  play.tokensGiven += 1
  send(200, { access_token: token, expires_in: 3599, token_type: 'Bearer' })
}

function answerCall(
  play: PlayServer,
  { method, path, query }: { method: string; path: string; query: URLSearchParams },
): number | { body: unknown } {
  const [, token] = /^\/purchases\/productsv2\/tokens\/(.+)$/.exec(path) ?? []
  if (method === 'GET' && token) {
    const bought = play.purchases.get(token)
    return bought ? { body: purchaseBody(bought) } : 404
  }
  const [, productId, finished, way] =
    /^\/purchases\/products\/([^/]+)\/tokens\/(.+):(consume|acknowledge)$/.exec(path) ?? []
  if (method === 'POST' && finished) return finish(play.purchases.get(finished), { productId, way })
  const [, orderId, refund] = /^\/orders\/([^/:]+)(:refund)?$/.exec(path) ?? []
  const ordered = [...play.purchases.values()].find((one) => one.orderId !== null && one.orderId === orderId)
  if (method === 'GET' && orderId && !refund) return ordered ? { body: orderBody(ordered) } : 404
  if (method === 'POST' && orderId && refund) return ordered ? refundOrder(ordered, query) : 404
  if (method === 'GET' && path === '/purchases/voidedpurchases') return listVoided(play, query)
  return 404
}

function purchaseBody(bought: PlayPurchase): object {
  return {
    ...playFixture('purchase'),
    orderId: bought.orderId ?? '',
    purchaseStateContext: { purchaseState: bought.state },
    purchaseCompletionTime: bought.state === 'PENDING' ? undefined : bought.completedAt,
    acknowledgementState: `ACKNOWLEDGEMENT_STATE_${bought.isAcknowledged ? 'ACKNOWLEDGED' : 'PENDING'}`,
    obfuscatedExternalAccountId: bought.account ?? undefined,
    ...(bought.isTest ? { testPurchaseContext: { fopType: 'TEST' } } : {}),
    productLineItem: bought.lines.map(({ productId, quantity, refundable, isConsumed }) => ({
      productId,
      productOfferDetails: {
        ...{ purchaseOptionId: 'base', quantity, refundableQuantity: refundable },
        consumptionState: `CONSUMPTION_STATE_${isConsumed ? 'CONSUMED' : 'YET_TO_BE_CONSUMED'}`,
      },
    })),
  }
}

function orderBody(bought: PlayPurchase): object {
  const [first] = bought.lines
  return {
    ...playFixture('order'),
    ...{ orderId: bought.orderId, purchaseToken: bought.token, total: first?.total, tax: undefined },
    lineItems: bought.lines.map(({ productId, total }) => ({ productTitle: productId, productId, total })),
    ...bought.order,
  }
}

function finish(
  bought: PlayPurchase | undefined,
  { productId, way }: { productId: string | undefined; way: string | undefined },
): number | { body: unknown } {
  if (!bought) return 404
  const lines = bought.lines.filter((line) => line.productId === productId)
  if (lines.length === 0 || bought.state !== 'PURCHASED') return 400
  if (way === 'consume') {
    if (lines.every((line) => line.isConsumed)) return 400
    for (const line of lines) line.isConsumed = true
  } else if (bought.isAcknowledged) return 400
  bought.isAcknowledged = true
  return { body: null }
}

function refundOrder(bought: PlayPurchase, query: URLSearchParams): number | { body: unknown } {
  if (query.get('revoke') !== 'true' || bought.order['state'] === 'REFUNDED') return 400
  bought.state = 'CANCELLED'
  bought.order = { state: 'REFUNDED', orderHistory: { refundEvent: { eventTime: new Date().toISOString() } } }
  return { body: null }
}

/** Two a page, so that a test of three sees the next one. */
function listVoided(play: PlayServer, query: URLSearchParams): number | { body: unknown } {
  const [fromMs, untilMs] = [Number(query.get('startTime')), Number(query.get('endTime'))]
  if (query.get('type') !== '0' || query.get('includeQuantityBasedPartialRefund') !== 'true') return 400
  const month = 30 * 24 * 60 * 60 * 1000
  if (!(fromMs < untilMs) || fromMs < Date.now() - month - 60_000) return 400
  const all = play.voided.filter(({ voidedTimeMillis: at }) => Number(at) >= fromMs && Number(at) < untilMs)
  const from = Number(query.get('token') ?? 0)
  const next = from + 2 < all.length ? { tokenPagination: { nextPageToken: String(from + 2) } } : {}
  return { body: { voidedPurchases: all.slice(from, from + 2), ...next } }
}
