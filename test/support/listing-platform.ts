import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Channel,
  type Evidence,
  type MessagePage,
  vouchForFailure,
  vouchForNotice,
  vouchForPayment,
} from '../../src/channels/channel.ts'
import { equalTexts } from '../../src/kernel/equal-texts.ts'
import type { AppId, OrderId, PlayerId } from '../../src/kernel/ids.ts'
import { minorUnits, parseCurrency } from '../../src/kernel/money.ts'
import { accepted, type Outcome, refused } from '../../src/kernel/outcome.ts'
import type { PaymentEnvironment } from '../../src/kernel/payment-environment.ts'
import { APP_ID } from './test-app.ts'

/** What the platform tells, as it keeps it. */
export interface ListedMessage {
  /** Of the payment, on its refunds and disputes too. */
  readonly id: string
  readonly say: 'paid' | 'failed' | 'refunded' | 'disputed' | 'lost' | 'won' | 'riddle' | 'claimed'
  readonly order_id?: string
  readonly uid?: string
  readonly item?: number
  readonly minor?: number
  readonly currency?: string
  readonly test?: boolean
  /** When it happened, by the platform's clock. */
  readonly at?: number
}

/** How its list behaves. */
export type ListMood = 'well' | 'away' | 'busy' | 'hangs' | 'garbage' | 'forged' | 'goes_in_circles' | 'kills'

/** A platform on loopback that tells by callbacks and lists what it told, by pages. */
export interface ListingPlatform {
  readonly url: string
  /** Everything it keeps, in the order of its times. */
  readonly kept: ListedMessage[]
  readonly says: {
    mood: ListMood
    /** Whether each page begins with the last message of the one before. */
    repeats: boolean
    pageSize: number
    /** Of `kills`: after how many pages whoever asks is killed. */
    pagesBeforeDeath: number
    standing: 'stands' | 'gone' | 'unknown'
  }
  /** Called before a page is answered; may change what is kept. */
  onPage: (page: number) => void
  /** How often its list was asked, and for which spans. */
  readonly asked: { from: number; until: number }[]
  /** Keeps a message, and gives the callback that it would send. */
  tell(message: ListedMessage): { path: string; headers: Record<string, string>; body: string }
  /** How often it was asked about one payment. */
  standingsAsked: number
  /** Breaks off what it did not answer. */
  hangUp(): void
  open(): Promise<void>
  close(): Promise<void>
}

const KEY = 'the key of the platform that lists'
const PAGE_SIZE = 100
/** Of the channel's own calls: nothing that answers at all is that slow. */
const ANSWERS_WITHIN_MS = 20_000

export function listingPlatform({ instance, nowMs }: { instance: string; nowMs: () => number }): ListingPlatform {
  const kept: ListedMessage[] = []
  const hanging = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams
    const [from, until] = [Number(query.get('from')), Number(query.get('until'))]
    const page = Number(query.get('cursor') ?? 0)
    if (page === 0) platform.asked.push({ from, until })
    platform.onPage(page)
    const { mood, pageSize, repeats, pagesBeforeDeath } = platform.says
    if (mood === 'away') return void response.writeHead(500).end('gone for lunch')
    if (mood === 'busy') return void response.writeHead(429, { 'retry-after': '120' }).end()
    if (mood === 'garbage') return void response.end('{"messages": [')
    if (mood === 'hangs') return void hanging.add(response)
    if (mood === 'kills' && page >= pagesBeforeDeath) return void process.kill(Number(query.get('pid')), 'SIGKILL')
    const within = kept.filter(({ at = 0 }) => at >= from && at < until)
    const start = Math.max(0, page * pageSize - (repeats ? page : 0))
    const shown = within.slice(start, start + pageSize).map((message) => ({ message, signature: sign(message) }))
    if (mood === 'forged') for (const one of shown) one.signature = sign({ id: 'another', say: 'paid' })
    const hasMore = start + pageSize < within.length
    const next = mood === 'goes_in_circles' ? '7' : hasMore ? String(page + 1) : null
    response.end(JSON.stringify({ messages: shown, next }))
  })
  const platform: ListingPlatform = {
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    },
    kept,
    says: { mood: 'well', repeats: false, pageSize: PAGE_SIZE, pagesBeforeDeath: 1, standing: 'unknown' },
    onPage: () => undefined,
    asked: [],
    standingsAsked: 0,
    tell: (told) => {
      const message = { at: nowMs(), ...told }
      kept.push(message)
      const body = JSON.stringify(message)
      const headers = { 'x-listing-signature': sign(message), 'content-type': 'application/json' }
      return { path: `/webhooks/${instance}`, headers, body }
    },
    hangUp: () => {
      for (const response of hanging) response.destroy()
    },
    open: async () => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return platform
}

/** The channel of that platform: it proves each message, wherever it comes from. */
export function listingChannel(
  instance: string,
  platform: { readonly url: string; readonly says?: ListingPlatform['says']; standingsAsked?: number },
  { answersWithinMs = ANSWERS_WITHIN_MS }: { answersWithinMs?: number } = {},
): Channel {
  const appId = APP_ID as AppId
  return {
    ...{ instance, appId },
    openCheckout: async () => accepted({ kind: 'external' }),
    receive: ({ headers, rawBody, nowMs, requestId }) => {
      const signature = headers['x-listing-signature']
      const message = JSON.parse(Buffer.from(rawBody).toString()) as ListedMessage
      if (typeof signature !== 'string' || !equalTexts(signature, sign(message))) return refused('invalid_signature')
      return accepted(
        translate({ appId, instance }, message, { rawBody, receivedAtMs: nowMs, requestId, kind: 'callback' }),
      )
    },
    lookUpStanding: async () => {
      platform.standingsAsked = (platform.standingsAsked ?? 0) + 1
      return accepted(platform.says?.standing ?? 'unknown')
    },
    listMessages: async ({ fromMs, untilMs, cursor, nowMs, requestId }) => {
      const query = `from=${fromMs}&until=${untilMs}&pid=${process.pid}${cursor === null ? '' : `&cursor=${cursor}`}`
      const answer = await ask(`${platform.url}/list?${query}`, answersWithinMs)
      if (!answer.ok) return answer
      const messages: MessagePage['messages'][number][] = []
      for (const { message, signature } of answer.value.messages) {
        if (!equalTexts(signature, sign(message))) return refused('channel_unavailable')
        const rawBody = Buffer.from(JSON.stringify(message))
        messages.push(
          translate({ appId, instance }, message, { rawBody, receivedAtMs: nowMs, requestId, kind: 'look_up' }),
        )
      }
      return accepted({ messages, nextCursor: answer.value.next })
    },
  }
}

interface ListAnswer {
  readonly messages: readonly { message: ListedMessage; signature: string }[]
  readonly next: string | null
}

async function ask(url: string, withinMs: number): Promise<Outcome<ListAnswer>> {
  let response: Response
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(withinMs) })
  } catch {
    return refused('channel_unavailable')
  }
  if (response.status === 429) {
    return refused('channel_unavailable', { retryAfterSeconds: Number(response.headers.get('retry-after')) })
  }
  if (response.status !== 200) return refused('channel_unavailable')
  return accepted((await response.json()) as ListAnswer)
}

function sign(message: ListedMessage): string {
  return createHmac('sha256', KEY).update(JSON.stringify(message)).digest('hex')
}

function translate(
  { appId, instance }: { appId: AppId; instance: string },
  message: ListedMessage,
  told: Pick<Evidence, 'rawBody' | 'receivedAtMs' | 'requestId'> & { kind: 'callback' | 'look_up' },
): MessagePage['messages'][number] {
  const environment: PaymentEnvironment = message.test ? 'test' : 'live'
  const evidence = (kind: Evidence['kind']): Evidence => ({
    ...{ ...told, headers: {}, kind: told.kind === 'look_up' ? 'look_up' : kind },
  })
  const source = { appId, instance, environment }
  const { id, uid, order_id: orderId = '', item = 1, minor, currency: code = 'USD', at = 0 } = message
  const currency = parseCurrency(code)
  if (!currency) throw new Error(`no currency: ${code}`)
  const payer = { playerId: Number(uid) as PlayerId, shown: { channel: instance, method: null } }
  const lines = [
    {
      lineNo: 1,
      orderId: orderId as OrderId,
      itemId: item,
      quantity: 1,
      price: { minor: minorUnits(minor ?? 1999), currency },
    },
  ]
  const names = { transactionId: id, factsAreIdentity: false }
  switch (message.say) {
    case 'paid':
      return {
        kind: 'payment',
        payment: vouchForPayment({ ...source, ...payer, ...names, lines, evidence: evidence('payment') }),
      }
    case 'claimed':
      return {
        kind: 'claim',
        claim: {
          source: { ...source, evidence: evidence('callback') },
          orderId: orderId === '' ? null : (orderId as OrderId),
          paymentOf: ({ playerId }) =>
            vouchForPayment({ ...source, ...payer, playerId, ...names, lines, evidence: evidence('payment') }),
        },
      }
    case 'failed':
      return {
        kind: 'failure',
        failure: vouchForFailure({
          ...{ ...source, ...payer, orderId: orderId as OrderId, itemId: item, errorCode: 'CARD_DECLINED' },
          evidence: evidence('failure'),
        }),
      }
    case 'riddle':
      return { kind: 'not_understood', source: { ...source, evidence: evidence('callback') }, details: [] }
    default: {
      const cause = message.say === 'refunded' ? 'refund' : 'dispute'
      const states = { refunded: 'taken', disputed: 'open', lost: 'taken', won: 'undone' } as const
      const amount = minor === undefined ? null : { minor: minorUnits(minor), currency }
      return {
        kind: 'notice',
        notice: vouchForNotice({
          ...{ ...source, paymentIds: [id], cause, causeId: `${cause} of ${id}`, state: states[message.say] },
          ...{ lineNo: null, amount, occurredAtMs: at, evidence: evidence('notice') },
        }),
      }
    }
  }
}
