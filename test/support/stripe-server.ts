import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { STRIPE_KEY } from './stripe-events.ts'

type Json = Record<string, unknown>

/** A call that the API was asked, its form as it was sent. */
export interface StripeCall {
  readonly method: string
  readonly path: string
  readonly form: Readonly<Record<string, string>>
  readonly idempotencyKey: string | null
}

/** Stripe's API on loopback, as far as we ask it; it knows only what was made there or put there. */
export interface StripeServer {
  readonly url: string
  /** Every call that was answered or left hanging, in sequence. */
  readonly calls: StripeCall[]
  readonly sessions: Map<string, Json>
  readonly intents: Map<string, Json>
  readonly refunds: Map<string, Json>
  readonly disputes: Json[]
  /** Newest first. */
  readonly events: Json[]
  /** What it does with the next calls instead of what they ask; taken from the front. `null`: what they ask. */
  readonly mishaps: (Mishap | null)[]
  /** What a new refund begins as. */
  refundStatus: string
  /** After a day: its idempotency keys are forgotten. */
  forgetKeys(): void
  close(): Promise<void>
}

/** `lost`: it does what it is asked, and its answer never arrives. */
export type Mishap = 'hang' | 'lost' | { readonly status: number; readonly error: Json }

interface Answer {
  readonly status: number
  readonly body: Json
}

export async function startStripeServer(): Promise<StripeServer> {
  const kept = new Map<string, { form: string; answer: Answer }>()
  const server = createServer(async (request, response) => {
    const call = await readCall(request)
    stripe.calls.push(call)
    const mishap = stripe.mishaps.shift() ?? null
    if (mishap === 'hang') return
    if (typeof mishap === 'object' && mishap !== null)
      return send(response, { status: mishap.status, body: { error: mishap.error } })
    if (request.headers.authorization !== `Bearer ${STRIPE_KEY}`) {
      return send(response, failure(401, { type: 'invalid_request_error', message: 'Invalid API Key' }))
    }
    const form = `${call.path} ${JSON.stringify(call.form)}`
    const known = call.idempotencyKey === null ? undefined : kept.get(call.idempotencyKey)
    if (known && known.form !== form) {
      return send(response, failure(400, { type: 'idempotency_error', message: 'Keys are for the same parameters' }))
    }
    const answer = known?.answer ?? answerTo(stripe, call)
    if (call.idempotencyKey !== null) kept.set(call.idempotencyKey, { form, answer: structuredClone(answer) })
    if (mishap === 'lost') return void response.socket?.destroy()
    send(response, answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stripe: StripeServer = {
    ...{
      calls: [],
      sessions: new Map(),
      intents: new Map(),
      refunds: new Map(),
      disputes: [],
      events: [],
      mishaps: [],
    },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refundStatus: 'succeeded',
    forgetKeys: () => kept.clear(),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return stripe
}

async function readCall(request: IncomingMessage): Promise<StripeCall> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  let body = ''
  for await (const chunk of request) body += chunk
  const sent = request.method === 'GET' ? url.searchParams : new URLSearchParams(body)
  const { 'idempotency-key': key } = request.headers
  return {
    method: request.method ?? '',
    path: url.pathname,
    form: Object.fromEntries(sent),
    idempotencyKey: typeof key === 'string' ? key : null,
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_test' })
  response.end(JSON.stringify(body))
}

function failure(status: number, error: Json): Answer {
  return { status, body: { error } }
}

function missing(what: string): Answer {
  return failure(404, { type: 'invalid_request_error', code: 'resource_missing', message: `No such ${what}` })
}

function answerTo(stripe: StripeServer, call: StripeCall): Answer {
  const { method, path, form } = call
  const [, resource = '', id = '', action = ''] =
    /^\/v1\/(checkout\/sessions|payment_intents|refunds|disputes|events)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? []
  const found = (of: Map<string, Json>): Answer => {
    const object = of.get(id)
    return object ? { status: 200, body: object } : missing(resource)
  }
  switch (`${method} ${resource}${action === '' ? '' : ` ${action}`}`) {
    case 'POST checkout/sessions':
      return openSession(stripe, form)
    case 'POST checkout/sessions expire':
      return expireSession(stripe, id)
    case 'GET checkout/sessions':
      return found(stripe.sessions)
    case 'GET payment_intents':
      return found(stripe.intents)
    case 'POST refunds':
      return makeRefund(stripe, form)
    case 'GET refunds':
      return listed(
        [...stripe.refunds.values()].filter((refund) => refund['payment_intent'] === form['payment_intent']),
        form,
      )
    case 'GET disputes':
      return listed(
        stripe.disputes.filter((dispute) => dispute['payment_intent'] === form['payment_intent']),
        form,
      )
    case 'GET events':
      return listed(
        stripe.events.filter((event) => isWanted(event, form)),
        form,
      )
    default:
      return failure(404, { type: 'invalid_request_error', message: `Unrecognized request URL (${method}: ${path})` })
  }
}

function openSession(stripe: StripeServer, form: StripeCall['form']): Answer {
  const amount = Number(form['line_items[0][price_data][unit_amount]'])
  if (amount < 50) {
    return failure(400, {
      type: 'invalid_request_error',
      code: 'amount_too_small',
      message: 'Amount must be at least 50',
    })
  }
  const id = `cs_test_${randomBytes(12).toString('hex')}`
  const session: Json = {
    ...{
      id,
      object: 'checkout.session',
      mode: form['mode'],
      status: 'open',
      payment_status: 'unpaid',
      livemode: false,
    },
    ...{ amount_subtotal: amount, amount_total: amount, currency: form['line_items[0][price_data][currency]'] },
    ...{ client_reference_id: form['client_reference_id'], metadata: mapIn(form, 'metadata'), payment_intent: null },
    ...{ url: `https://checkout.stripe.example/c/pay/${id}`, expires_at: Number(form['expires_at']) },
  }
  stripe.sessions.set(id, session)
  return { status: 200, body: session }
}

function expireSession(stripe: StripeServer, id: string): Answer {
  const session = stripe.sessions.get(id)
  if (!session) return missing('checkout.session')
  if (session['status'] !== 'open') {
    return failure(400, { type: 'invalid_request_error', message: 'Only open sessions can be expired' })
  }
  session['status'] = 'expired'
  return { status: 200, body: session }
}

function makeRefund(stripe: StripeServer, form: StripeCall['form']): Answer {
  const intentId = form['payment_intent'] ?? ''
  const intent = stripe.intents.get(intentId)
  if (!intent) return missing('payment_intent')
  const gone = [...stripe.refunds.values()]
    .filter((refund) => refund['payment_intent'] === intentId)
    .reduce((sum, refund) => sum + Number(refund['amount']), 0)
  const left = Number(intent['amount_received']) - gone
  const amount = form['amount'] === undefined ? left : Number(form['amount'])
  if (left === 0) {
    return failure(400, { type: 'invalid_request_error', code: 'charge_already_refunded', message: 'It was refunded' })
  }
  if (amount > left)
    return failure(400, { type: 'invalid_request_error', param: 'amount', message: 'More than is left' })
  const id = `re_${randomBytes(12).toString('hex')}`
  const refund: Json = {
    ...{ id, object: 'refund', amount, currency: intent['currency'], payment_intent: intentId, charge: null },
    ...{ status: stripe.refundStatus, created: 1_767_500_000, metadata: mapIn(form, 'metadata') },
  }
  stripe.refunds.set(id, refund)
  return { status: 200, body: refund }
}

function isWanted(event: Json, form: StripeCall['form']): boolean {
  const types = Object.entries(form).flatMap(([name, value]) => (name.startsWith('types[') ? [value] : []))
  const created = Number(event['created'])
  const [from, until] = [Number(form['created[gte]']), Number(form['created[lte]'])]
  return types.includes(String(event['type'])) && created >= from && created <= until
}

/** A page of a list, as Stripe cuts it: after an id, and no longer than was asked for. */
function listed(all: readonly Json[], form: StripeCall['form']): Answer {
  const after = form['starting_after']
  const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
  const data = all.slice(from, from + Number(form['limit'] ?? '10'))
  return { status: 200, body: { object: 'list', data, has_more: from + data.length < all.length, url: '/v1' } }
}

function mapIn(form: StripeCall['form'], name: string): Json {
  const own = Object.entries(form).flatMap(([key, value]) => {
    const field = new RegExp(`^${name}\\[([^\\]]+)\\]$`).exec(key)?.[1]
    return field === undefined ? [] : [[field, value] as const]
  })
  return Object.fromEntries(own)
}
