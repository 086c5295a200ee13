import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PUBLISHER_TOKEN } from './appcharge.ts'

/** A call that was made to the API, as it came. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // biome-ignore lint/suspicious/noExplicitAny: tests read bodies of every shape; assertions are their types.
  readonly body: any
}

type Answering = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }

/** The API of Appcharge on loopback: it opens and cancels sessions, reports, and takes wishes for refunds. */
export interface AppchargeServer {
  readonly url: string
  readonly requests: ApiRequest[]
  /** What became of each order of the platform. */
  readonly states: Map<string, string>
  /** When they were all made. */
  madeAtMs: number
  /** What moved, oldest first. */
  readonly transactions: object[]
  /** How many of them a page has. */
  pageSize: number
  /** Answers in the place of what would be right, for as long as it is set; `hang up` breaks the call off. */
  answer: ((request: ApiRequest) => Answering | 'hang up' | null) | null
  close(): Promise<void>
}

const OPEN_SESSION = 'POST /checkout/v1/session'
const CANCEL_SESSION = 'POST /checkout/v3/cancel'
const ORDERS_REPORT = 'POST /reporting/reports/orders'
const TRANSACTIONS = 'GET /reporting/financial-data/transactions'
const REFUND = /^POST \/checkout\/api\/v1\/order\/([^/]+)\/refund$/

export async function startAppchargeServer(): Promise<AppchargeServer> {
  const server = createServer((request, response) => {
    void readRequest(request).then((read) => {
      api.requests.push(read)
      const answered = api.answer?.(read) ?? rightAnswer(api, read)
      if (answered === 'hang up') return void request.socket.destroy()
      const headers = { 'content-type': 'application/json', ...answered.headers }
      response.writeHead(answered.status, headers).end(answered.body === undefined ? '' : JSON.stringify(answered.body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const api: AppchargeServer = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    states: new Map(),
    madeAtMs: Date.now(),
    transactions: [],
    pageSize: 2,
    answer: null,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return api
}

async function readRequest(request: IncomingMessage): Promise<ApiRequest> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const { method = '', headers } = request
  return { method, path: url.pathname, query: url.searchParams, headers, body: text === '' ? null : JSON.parse(text) }
}

function rightAnswer(api: AppchargeServer, request: ApiRequest): Answering {
  const call = `${request.method} ${request.path}`
  if (call === CANCEL_SESSION) {
    assert.match(String(request.headers['authorization']), /^Bearer session-\d+$/)
    assert.equal(request.headers['x-publisher-token'], undefined, 'this call is proven by the session alone')
    return { status: 200, body: { isOrderCancelled: true } }
  }
  if (request.headers['x-publisher-token'] !== PUBLISHER_TOKEN) return { status: 401, body: { error: 'Unauthorized' } }
  if (call === OPEN_SESSION) return openSession(api, request)
  if (call === ORDERS_REPORT) return ordersPage(api, request)
  if (call === TRANSACTIONS) return transactionsPage(api, request)
  const [, orderId] = REFUND.exec(call) ?? []
  return orderId === undefined ? { status: 404, body: { message: 'no such call' } } : refund(api, { request, orderId })
}

let sessions = 0

function openSession({ url }: AppchargeServer, { body }: ApiRequest): Answering {
  for (const price of [body.priceDetails.price, ...body.items.map(({ quantity }: { quantity: number }) => quantity)]) {
    assert.ok(Number.isSafeInteger(price) && price > 0)
  }
  assert.match(body.priceDetails.currency, /^[A-Z]{3}$/)
  for (const text of [body.offer.name, body.offer.sku, body.customer.id])
    assert.ok(typeof text === 'string' && text !== '')
  sessions += 1
  const no = sessions
  const session = { checkoutSessionToken: `session-${no}`, purchaseId: `pr_session_${no}` }
  return { status: 201, body: { ...session, parsedUrl: `${url}/pay/${no}#boot=x`, url: 'https://old.example.com' } }
}

function ordersPage({ states, madeAtMs }: AppchargeServer, { body }: ApiRequest): Answering {
  const [from, until] = [body.startDate, body.endDate].map((text: string) => Date.parse(text)) as [number, number]
  assert.ok(from < until && until - from <= 31 * 24 * 60 * 60_000)
  const { offset, recordLimit, statuses } = body
  const isOfThen = from <= madeAtMs && madeAtMs < until
  const all = isOfThen ? [...states].filter(([, state]) => statuses.includes(state)) : []
  const results = all
    .slice(offset, offset + recordLimit)
    .map(([acOrderId, state]) => ({ acOrderId, state, playerId: '1' }))
  return { status: 200, body: { totalCount: all.length, results } }
}

function transactionsPage({ transactions, pageSize }: AppchargeServer, { query }: ApiRequest): Answering {
  assert.equal(query.get('sortDirection'), 'asc')
  assert.ok(Number(query.get('limit')) >= 1 && Number(query.get('limit')) <= 10_000)
  const [from, until] = ['startDate', 'endDate'].map((name) => Date.parse(query.get(name) ?? ''))
  assert.ok(Number(from) < Number(until))
  const at = Number(query.get('cursor') ?? 0)
  const next = at + pageSize
  const isMore = next < transactions.length
  return {
    status: 200,
    body: {
      totalCount: transactions.length,
      results: transactions.slice(at, next),
      ...(isMore ? { nextCursor: String(next) } : {}),
    },
  }
}

function refund(
  { states }: AppchargeServer,
  { request, orderId }: { request: ApiRequest; orderId: string },
): Answering {
  assert.notEqual(request.headers['x-user-id'] ?? '', '')
  const state = states.get(orderId)
  if (state === undefined) return { status: 404, body: { message: 'Order does not exist or cannot be found.' } }
  if (!['charge_succeed', 'charge_failed'].includes(state)) {
    return { status: 422, body: { message: 'Failed to initiate a refund request' } }
  }
  states.set(orderId, 'payment_refund_pending')
  return { status: 201, body: {} }
}

/** Money that moved, as the platform lists it. */
export function transactionOf(
  about: {
    readonly orderId: string
    readonly uid: string
    readonly type?: string
    readonly purchaseId?: string
    readonly sku?: string
    readonly offerType?: string
    readonly at?: string
  },
  money: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const { orderId, uid, type = 'paid', purchaseId = `pr_${orderId}`, sku = '1', offerType = 'Bundle' } = about
  return {
    orderId,
    purchaseId,
    timestamp: about.at ?? '2026-11-21T14:17:27.329Z',
    customerDetails: { id: uid, email: 'ana@example.com' },
    offerDetails: {
      offerId: sku,
      offerName: 'Starter Pack',
      type: offerType,
      products: [{ name: 'Coins', sku: 'coins', quantity: 1000 }],
    },
    transactionDetails: {
      id: `tx_${orderId}_${type}`,
      ...{ type, amount: 2349, amountUsd: 2349, totalTaxAmount: 350, currencyCode: 'USD', paymentMethod: 'card' },
      ...money,
    },
  }
}
