import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import type { Caller, SignerCaller } from '../kernel/caller.ts'
import { ERROR_CODES, type ErrorCode } from '../kernel/error-codes.ts'
import type { IdempotencyKey } from '../kernel/idempotency.ts'
import { accepted, type Refusal } from '../kernel/outcome.ts'
import type { Origin } from '../kernel/security-event.ts'
import { failureBody, retryAfterSeconds, successBody } from './answers.ts'
import { countedAddress } from './client-address.ts'
import { type Gate, type Gatekeepers, openGate, type Verdict } from './gate.ts'
import { idempotencyKeyOf } from './idempotency.ts'
import { preferredLanguage } from './language.ts'
import { rateLimitHeaders } from './rate-limit.ts'
import { RawAnswer } from './raw-answer.ts'
import type { Route, RouteEntry } from './route.ts'
import { compiledSchema } from './route-schema.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route as it was defined, for its documentation. */
    route?: Route
  }
  interface FastifyRequest {
    caller: Caller | SignerCaller | null
    rawBody: Uint8Array
  }
}

const READABLE_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+ *(?:;.*)?$/
const RAW_TYPE = 'application/octet-stream'

/** A platform's callback may be this large; another body of the API 64 KiB. */
const WEBHOOK_BYTES_MAX = 1024 * 1024

/** Puts every route of the list on the server, each with its check of the caller, its schemas and its envelope. */
export async function mountRoutes(
  server: FastifyInstance,
  { routes, ...gatekeepers }: { routes: readonly RouteEntry[] } & Gatekeepers,
): Promise<void> {
  const gate = openGate(gatekeepers)
  server.decorateRequest('caller', null)
  const isWebhook = ([, , route]: RouteEntry) => route.access === 'webhook'
  for (const entry of routes) if (!isWebhook(entry)) mountRoute(server, entry, gate)
  // In a room of their own, where a body of any type is kept as it came: what it says is believed once it is proven.
  await server.register((room, _, ready) => {
    room.removeAllContentTypeParsers()
    // A type that nobody can read is judged before any parser: the body counts, not what it is called.
    room.addHook('onRequest', async (request) => {
      if (!READABLE_TYPE.test(request.headers['content-type'] ?? '')) request.headers['content-type'] = RAW_TYPE
    })
    room.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
      request.rawBody = body as Buffer
      done(null)
    })
    for (const entry of routes.filter(isWebhook)) mountRoute(room, entry, gate)
    ready()
  })
}

function mountRoute(server: FastifyInstance, [method, url, route]: RouteEntry, gate: Gate): void {
  const about = { route: `${method} ${url}`, limit: route.limit ?? null }
  const limited = ({ ip }: FastifyRequest) => ({ address: countedAddress(ip), ...about })
  server.route({
    method,
    url,
    schema: compiledSchema(route),
    config: { route },
    ...(route.access === 'webhook' ? { bodyLimit: WEBHOOK_BYTES_MAX } : {}),
    // Before the body is read: a stranger costs one look at a header.
    onRequest: async (request, reply) => {
      const verdict = await gate.admit({
        ...limited(request),
        access: route.access,
        authorization: request.headers.authorization,
        signed: isSigned(request),
      })
      return carryOut(verdict, { request, reply })
    },
    // Before the fields are judged: a forger learns nothing of them.
    preValidation: async (request, reply) => {
      if (route.access === 'payer' && request.caller === null) {
        const verdict = gate.admitSigner(limited(request), signedMessage(request))
        const refusal = carryOut(verdict, { request, reply })
        if (refusal) return refusal
      }
      prepareInput(route, request)
    },
    // A body that could not be read leaves its signature unjudged.
    onError: async (request, _, error) => {
      // A name that no channel can have is for a channel that is not there.
      if (route.access === 'webhook' && error.validation) gate.chargeForgery(limited(request))
      const unjudged = route.access === 'payer' && isSigned(request) && request.caller === null
      if (unjudged) gate.chargeUnread(limited(request))
    },
    attachValidation: route.onInvalid !== undefined,
    handler: async (request, reply) => {
      if (request.validationError) {
        await route.onInvalid?.(inputOf(request, null) as never)
        throw request.validationError
      }
      const key = route.idempotencyKey ? idempotencyKeyOf(request, route.idempotencyKey) : NO_KEY
      if (!key.ok) return sendRefusal({ request, reply }, key.refusal)
      const outcome = await route.handle(inputOf(request, key.value) as never)
      const refusal = outcome.ok ? refusalOf(outcome.value) : outcome.refusal.code
      if (route.access === 'webhook' && refusal !== null && IS_NO_PLATFORMS.has(refusal)) {
        gate.chargeForgery(limited(request))
      }
      if (!outcome.ok) return sendRefusal({ request, reply }, outcome.refusal)
      const { value } = outcome
      return value instanceof RawAnswer ? sendRaw(reply, value) : reply.send(successBody(value as object))
    },
  })
}

const NO_KEY = accepted(null)

function refusalOf(answer: unknown): ErrorCode | null {
  return answer instanceof RawAnswer ? answer.refusal : null
}

/** As bytes, which no serialiser of ours touches. */
function sendRaw(reply: FastifyReply, { status, headers, body }: RawAnswer): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .send(body === null ? undefined : Buffer.from(body))
}

/** How a callback is refused that no platform of ours sends: forged, or for what is not set up here. */
const IS_NO_PLATFORMS: ReadonlySet<ErrorCode> = new Set([
  ...(['invalid_signature', 'channel_not_found'] as const),
  ...(['invalid_proof', 'not_found'] as const),
])

/** Tells the caller how it stands with its limit, and lets it in or sends the refusal. */
function carryOut(
  { caller, standing }: Verdict<Caller | SignerCaller | null>,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): FastifyReply | undefined {
  if (standing) reply.headers(rateLimitHeaders(standing))
  if (!caller.ok) return sendRefusal({ request, reply }, caller.refusal)
  request.caller = caller.value
  return undefined
}

function isSigned({ headers }: FastifyRequest): boolean {
  return headers['x-signature'] !== undefined
}

function signedMessage(request: FastifyRequest) {
  const body = request.body as { payment_channel?: unknown } | null | undefined
  const named = body?.payment_channel
  return {
    signature: request.headers['x-signature'],
    channelHeader: request.headers['x-channel'],
    paymentChannel: typeof named === 'string' ? named : undefined,
    rawBody: request.rawBody,
  }
}

/** Answers a refusal in the failure envelope, in the caller's language. */
export function sendRefusal(
  { request, reply }: { request: FastifyRequest<RouteGenericInterface>; reply: FastifyReply },
  refusal: Refusal,
): FastifyReply {
  const retryAfter = retryAfterSeconds(refusal)
  if (retryAfter !== null) reply.header('retry-after', String(retryAfter))
  return reply
    .code(ERROR_CODES[refusal.code].status)
    .header('content-type', 'application/json; charset=utf-8')
    .send(
      failureBody(refusal, {
        language: preferredLanguage(request.headers['accept-language']),
        requestId: request.id,
      }),
    )
}

/**
 * A POST without a body is one with none of its fields; numbers of a query are read as numbers, nothing else is. A field
 * that a call does not list is left out of its query: no handler meets one that nobody has checked.
 */
function prepareInput(route: Route, request: FastifyRequest): void {
  if (route.body && request.body === undefined) request.body = {}
  const listed = (route.query as { properties?: Record<string, { type?: unknown }> } | undefined)?.properties ?? {}
  const given = request.query as Readonly<Record<string, unknown>>
  const query: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(listed)) {
    if (!Object.hasOwn(given, name)) continue
    const value = given[name]
    const isNumber = schema.type === 'integer' && typeof value === 'string' && /^-?[0-9]{1,15}$/.test(value)
    query[name] = isNumber ? Number(value) : value
  }
  request.query = query
}

// What a client calls its device is nobody's business to read; what is longer or stranger is no such name.
const DEVICE_ID = /^[\x21-\x7e]{1,128}$/

function originOf({ ip, headers, id }: FastifyRequest): Origin {
  const deviceId = headers['x-device-id']
  return {
    address: countedAddress(ip),
    userAgent: headers['user-agent'],
    deviceId: typeof deviceId === 'string' && DEVICE_ID.test(deviceId) ? deviceId : null,
    requestId: id,
  }
}

function inputOf(request: FastifyRequest, idempotencyKey: IdempotencyKey | null) {
  return {
    caller: request.caller,
    body: request.body,
    query: request.query,
    params: request.params,
    language: preferredLanguage(request.headers['accept-language']),
    requestId: request.id,
    headers: request.headers,
    origin: originOf(request),
    rawBody: request.rawBody,
    idempotencyKey,
  }
}
