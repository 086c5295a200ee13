import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PROJECT } from './xsolla.ts'

/** How the platform behaves: as it should, not at all, never to an end, or as somebody else. */
export type Mood = 'well' | 'down' | 'hang' | 'no_token' | 'page' | 'elsewhere' | 'denies' | 'no_item'

/** A call that it got, as far as it was in order. */
export interface XsollaCall {
  readonly method: string
  readonly path: string
  readonly userIp: string | null
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any shape; the tests say which.
  readonly body: any
}

/** The platform's APIs on loopback: they check who asks, and answer as they were told to. */
export interface XsollaServer {
  readonly apiKey: string
  /** For the settings of an instance. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly calls: XsollaCall[]
  mood: Mood
  /** What it answers to a wish for a refund. */
  refund: { status: number; message?: string }
  /** What its list says of an order that it made, beside its number; null: it knows none. */
  listed: Readonly<Record<string, unknown>> | null
  /** Of every transaction, in its report; null: it knows none. */
  status: string | null
  stop(): Promise<void>
}

export async function startXsollaServer(): Promise<XsollaServer> {
  const apiKey = randomBytes(16).toString('hex')
  let orders = 700
  const http = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (server.mood === 'hang') return
    if (server.mood === 'down') return void request.socket.destroy()
    if (server.mood === 'page') return void response.end('<html>We are back soon</html>')
    if (server.mood === 'elsewhere') return answer(response, 302, {}, { location: 'http://127.0.0.1:1/' })
    const isStore = url.pathname.startsWith('/store/')
    const name = isStore ? PROJECT.project_id : PROJECT.merchant_id
    const expected = `Basic ${Buffer.from(`${name}:${apiKey}`).toString('base64')}`
    if (request.headers.authorization !== expected || server.mood === 'denies') {
      return answer(response, 401, { message: 'Unauthorized' })
    }
    const { method = '' } = request
    const path = `${url.pathname}${url.search}`
    server.calls.push({ method, path, userIp: (request.headers['x-user-ip'] as string | undefined) ?? null, body })
    if (method === 'POST' && url.pathname === `/store/v3/project/${PROJECT.project_id}/admin/payment/token`) {
      // Without a country or an address it cannot know what money to ask for.
      if (!body?.user?.country?.value && !request.headers['x-user-ip']) {
        return answer(response, 422, { errorCode: 1102 })
      }
      if (server.mood === 'no_item') {
        return answer(response, 422, { statusCode: 422, errorCode: 4001, errorMessage: 'Item is not found' })
      }
      orders += 1
      return answer(response, 201, server.mood === 'no_token' ? {} : { token: `token-${orders}`, order_id: orders })
    }
    if (method === 'POST' && url.pathname === `/store/v3/project/${PROJECT.project_id}/admin/order/search`) {
      const pages = [1, 2].map((page) => Array.from({ length: 10 }, (_, no) => ({ order_id: page * 100 + no })))
      const last = server.listed === null ? [] : [{ order_id: orders, ...server.listed }]
      const page = [...pages, last][body.offset / 10] ?? []
      return answer(response, 200, { has_more: body.offset < 20, orders: body.limit === 10 ? page : [] })
    }
    const merchant = `/merchant/merchants/${PROJECT.merchant_id}/reports/transactions`
    if (method === 'PUT' && url.pathname.startsWith(`${merchant}/`) && url.pathname.endsWith('/refund')) {
      const { status, message } = server.refund
      return answer(response, status, message === undefined ? null : { message })
    }
    if (method === 'GET' && url.pathname === `${merchant}/search.json`) {
      const id = Number(url.searchParams.get('transaction_id'))
      const other = { transaction: { id: id + 1, status: 'refunded' } }
      const own = server.status === null ? [] : [{ transaction: { id, status: server.status, dry_run: 0 } }]
      return answer(response, 200, [other, ...own])
    }
    return answer(response, 404, { message: 'Not found' })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  const at = `http://127.0.0.1:${port}`
  const server: XsollaServer = {
    ...{ apiKey, calls: [], mood: 'well', refund: { status: 204 }, status: 'done', listed: null },
    settings: {
      ...{ apiKey, storeApiUrl: `${at}/store/`, merchantApiUrl: `${at}/merchant` },
      payStationUrl: 'https://pay.example.com/station',
    },
    stop: async () => {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
  return server
}

async function bodyOf(request: IncomingMessage): Promise<XsollaCall['body']> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? null : JSON.parse(text)
}

function answer(response: ServerResponse, status: number, body: unknown, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body === null || status === 204 ? undefined : JSON.stringify(body))
}
