import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, jwtVerify } from 'jose'
import type { Clock } from '../../src/kernel/clock.ts'
import { BUNDLE_ID } from './apple-store.ts'

const ISSUER_ID = '57246542-96fe-1a63-e053-0824d011072a'
const KEY_ID = '2X9R4HXF34'

/** What was asked of the store, once it knew who asked. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: tests read bodies of every shape; assertions are their types.
  readonly body: any
}

/** What it does instead of answering: an error of Apple's by its status and code, nothing at all, or an answer that is none. */
export type Trouble = { readonly status: number; readonly errorCode: number } | 'hang' | 'page' | 'elsewhere'

/** The App Store Server API on loopback, of one environment: it looks at who asks, as Apple does. */
export interface AppleServer {
  readonly url: string
  readonly asked: readonly Asked[]
  /** By transaction: what it signs of it. */
  readonly transactions: Map<string, string>
  /** What it told, oldest first. */
  readonly told: string[]
  /** How many of them a page has. */
  pageSize: number
  trouble: Trouble | null
  /** How long it remembers what it told. */
  keptDays: number
  stop(): Promise<void>
}

/** The key of App Store Connect that the tests have, and what the API knows of it. */
export interface ConnectKey {
  readonly settings: { readonly issuerId: string; readonly keyId: string; readonly privateKey: string }
  readonly publicKey: KeyObject
}

export function newConnectKey(): ConnectKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return { settings: { issuerId: ISSUER_ID, keyId: KEY_ID, privateKey: pem }, publicKey }
}

// So that a test of three sees the next one; Apple's own pages have twenty.
const PAGE_SIZE = 2
const DAY_MS = 86_400_000

/** As Apple wants it: with consent, and with a prorated preference only where something is used. */
function isProperConsumption(body: Asked['body']): boolean {
  const { customerConsented, sampleContentProvided, deliveryStatus, consumptionPercentage = 0, refundPreference } = body
  const isPart = refundPreference !== 'GRANT_PRORATED' || consumptionPercentage > 0
  return (
    customerConsented === true && typeof sampleContentProvided === 'boolean' && deliveryStatus === 'DELIVERED' && isPart
  )
}

export async function startAppleServer(key: ConnectKey, clock: Clock): Promise<AppleServer> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object | null): void => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(body === null ? '' : JSON.stringify(body))
    }
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const body = await bodyOf(request)
    if (!(await isOurs(request, { key, clock }))) {
      answer(401, null)
      return
    }
    const { method = '' } = request
    asked.push({ method, path: url.pathname, query: Object.fromEntries(url.searchParams), body })
    const { trouble } = store
    if (trouble === 'hang') return
    if (trouble === 'page') response.end('<html>Service is busy</html>')
    else if (trouble === 'elsewhere') response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()
    else if (trouble !== null) answer(trouble.status, { errorCode: trouble.errorCode, errorMessage: 'Trouble.' })
    else answer(...answerTo(store, { method, url, body }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const store: AppleServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ asked, transactions: new Map(), told: [], pageSize: PAGE_SIZE, trouble: null, keptDays: 180 },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return store
}

function answerTo(
  store: AppleServer,
  { method, url, body }: { method: string; url: URL; body: Asked['body'] },
): [number, object | null] {
  const { transactions, pageSize } = store
  const looked = /^\/inApps\/v1\/transactions\/([^/]+)$/.exec(url.pathname)
  if (method === 'GET' && looked) {
    const signedTransactionInfo = transactions.get(looked[1] ?? '')
    return signedTransactionInfo === undefined
      ? [404, { errorCode: 4040010, errorMessage: 'Not found.' }]
      : [200, { signedTransactionInfo }]
  }
  if (method === 'PUT' && !isProperConsumption(body)) return [400, { errorCode: 4000000, errorMessage: 'Bad request.' }]
  if (method === 'PUT' && /^\/inApps\/v2\/transactions\/consumption\/[^/]+$/.test(url.pathname)) return [202, null]
  if (method !== 'POST' || url.pathname !== '/inApps/v1/notifications/history') {
    return [404, { errorCode: 4040000, errorMessage: 'No such call.' }]
  }
  if (body.startDate < Date.now() - store.keptDays * DAY_MS)
    return [400, { errorCode: 4000012, errorMessage: 'Too far.' }]
  if (body.startDate >= body.endDate) return [400, { errorCode: 4000013, errorMessage: 'No span.' }]
  const from = Number(url.searchParams.get('paginationToken') ?? 0)
  const told = store.told.filter((signedPayload) => isOf(signedPayload, body))
  const notificationHistory = told
    .slice(from, from + pageSize)
    .map((signedPayload) => ({ signedPayload, sendAttempts: [] }))
  const hasMore = from + pageSize < told.length
  return [200, { notificationHistory, hasMore, ...(hasMore ? { paginationToken: String(from + pageSize) } : {}) }]
}

/** Whether a notification was signed in the span that is asked for. */
function isOf(signedPayload: string, { startDate, endDate }: { startDate: number; endDate: number }): boolean {
  const { signedDate } = decodeJwt<{ signedDate: number }>(signedPayload)
  return signedDate >= startDate && signedDate <= endDate
}

/**
 * By the token that Apple asks for: its key, who issued it, for which app, and for an hour at most. A server of a test may be
 * ahead of the machine's clock, by which its commands go.
 */
async function isOurs(
  request: IncomingMessage,
  { key: { publicKey }, clock }: { key: ConnectKey; clock: Clock },
): Promise<boolean> {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  for (const nowMs of [clock.nowMs(), Date.now()]) {
    try {
      const who = { issuer: ISSUER_ID, audience: 'appstoreconnect-v1', algorithms: ['ES256'], maxTokenAge: '1h' }
      const { payload, protectedHeader } = await jwtVerify(token, publicKey, { ...who, currentDate: new Date(nowMs) })
      const lifeSeconds = (payload.exp ?? Number.POSITIVE_INFINITY) - (payload.iat ?? 0)
      return protectedHeader.kid === KEY_ID && String(payload['bid']).startsWith(BUNDLE_ID) && lifeSeconds <= 3600
    } catch {
      // Perhaps by the other clock.
    }
  }
  return false
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return text === '' ? null : JSON.parse(text)
}
