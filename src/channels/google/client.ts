import type { Static, TSchema } from 'typebox'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { callPlatform } from '../platform-call.ts'
import type { AccessTokens } from './access-token.ts'
import {
  fitting,
  type Order,
  OrderSchema,
  type Purchase,
  PurchaseSchema,
  type VoidedPage,
  VoidedPageSchema,
} from './wire.ts'

/** What Play answered, and the answer as it came, for the evidence. */
export interface Answer<T> {
  readonly value: T
  readonly json: unknown
}

/** The calls of the Play Developer API that we make. Each is `channel_unavailable` where asking again can help. */
export interface PlayApi {
  /** Null: Play knows no such purchase of this app, or not any more. */
  purchase(token: string): Promise<Outcome<Answer<Purchase> | null>>
  order(orderId: string): Promise<Outcome<Answer<Order> | null>>
  voided(span: { fromMs: number; untilMs: number; cursor: string | null }): Promise<Outcome<VoidedPage>>
  /** `refused`: Play will not, which a repeat of what was done before also gets. */
  finish(what: { way: 'consume' | 'acknowledge'; productId: string; token: string }): Promise<Outcome<Told>>
  refund(orderId: string): Promise<Outcome<Told>>
}

export type Told = 'done' | 'refused'

/** A page of the list: each of its purchases is asked for. */
const VOIDED_PAGE = 100
/** Pub/Sub waits ten seconds for our answer, in which we ask twice. */
const TIMEOUT_MS = 4_000
/** A purchase or an order has a few kilobytes, a page of the list some fifty. */
const ANSWER_BYTES_MAX = 1024 * 1024

interface Wanted {
  readonly method: 'GET' | 'POST'
  readonly path: string
}

type Reply = { readonly status: number; readonly json: unknown }

/** Asks Play about one app, in the name of its service account. */
export function openPlayApi(
  tokens: AccessTokens,
  { packageName, apiUrl }: { packageName: string; apiUrl: string },
): PlayApi {
  const base = `${apiUrl}/androidpublisher/v3/applications/${encodeURIComponent(packageName)}`
  const ask = (wanted: Wanted): Promise<Outcome<Reply>> => askPlay(tokens, { ...wanted, path: base + wanted.path })
  const read = async <T extends TSchema>(path: string, schema: T) =>
    readAnswer(await ask({ method: 'GET', path }), schema)
  const tell = async (path: string): Promise<Outcome<Told>> => toldOf(await ask({ method: 'POST', path }))
  return {
    purchase: (token) => read(`/purchases/productsv2/tokens/${encodeURIComponent(token)}`, PurchaseSchema),
    order: (orderId) => read(`/orders/${encodeURIComponent(orderId)}`, OrderSchema),
    voided: async ({ fromMs, untilMs, cursor }) => {
      const query = new URLSearchParams({
        ...{ startTime: String(fromMs), endTime: String(untilMs), type: '0', maxResults: String(VOIDED_PAGE) },
        includeQuantityBasedPartialRefund: 'true',
        ...(cursor === null ? {} : { token: cursor }),
      })
      const page = await read(`/purchases/voidedpurchases?${query}`, VoidedPageSchema)
      if (!page.ok) return page
      return page.value === null ? unavailable('Google Play does not list what was voided') : accepted(page.value.value)
    },
    finish: ({ way, productId, token }) =>
      tell(`/purchases/products/${encodeURIComponent(productId)}/tokens/${encodeURIComponent(token)}:${way}`),
    refund: (orderId) => tell(`/orders/${encodeURIComponent(orderId)}:refund?revoke=true`),
  }
}

async function askPlay(tokens: AccessTokens, { method, path: url }: Wanted): Promise<Outcome<Reply>> {
  const token = await tokens.current()
  if (!token.ok) return token
  const reply = await callPlatform({
    method,
    url,
    headers: { authorization: `Bearer ${token.value}` },
    ...(method === 'POST' ? { body: {} } : {}),
    timeoutMs: TIMEOUT_MS,
    bodyBytesMax: ANSWER_BYTES_MAX,
  })
  if (!reply.answered) return unavailable(`Google Play did not answer: ${reply.reason}`)
  const { status } = reply
  if (status === 401) tokens.forget()
  if (status === 401 || status === 403) return unavailable(`Google Play refuses the service account: status ${status}`)
  // What collides with a change of the same purchase, comes too often or finds Google at fault is asked again later.
  if (status === 409 || status === 429 || status >= 500) return unavailable(`Google Play answered status ${status}`)
  return accepted(reply)
}

/** 400 is for a token of another app, 404 for an unknown one, 410 for one that is too old. */
const IS_NONE: ReadonlySet<number> = new Set([400, 404, 410])

function readAnswer<T extends TSchema>(reply: Outcome<Reply>, schema: T): Outcome<Answer<Static<T>> | null> {
  if (!reply.ok) return reply
  const { status, json } = reply.value
  if (IS_NONE.has(status)) return accepted(null)
  const value = status === 200 ? fitting(schema, json) : null
  if (value === null) return unavailable(`Google Play answered status ${status} in a form that we do not know`)
  return accepted({ value, json })
}

function toldOf(reply: Outcome<Reply>): Outcome<Told> {
  if (!reply.ok) return reply
  const { status } = reply.value
  return accepted(status >= 200 && status < 300 ? 'done' : 'refused')
}

/** For whoever sets the channel up: the game shows the words of the code, these are beside them. */
export function unavailable(message: string): ReturnType<typeof refused> {
  return refused('channel_unavailable', { details: [{ path: 'google', message }] })
}
