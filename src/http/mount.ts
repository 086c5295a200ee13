import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import type { Caller, SignerCaller } from '../kernel/caller.ts'
import { ERROR_CODES } from '../kernel/error-codes.ts'
import type { IdempotencyKey } from '../kernel/idempotency.ts'
import { accepted, type Refusal } from '../kernel/outcome.ts'
import { failureBody, retryAfterSeconds, successBody } from './answers.ts'
import { type Authenticate, admit, type VerifySigner } from './auth.ts'
import { idempotencyKeyOf } from './idempotency.ts'
import { preferredLanguage } from './language.ts'
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

/** Who is asked about a caller. */
export interface Gatekeepers {
  readonly authenticate: Authenticate
  readonly verifySigner: VerifySigner
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
  server.decorateRequest('caller', null)
  const isWebhook = ([, , route]: RouteEntry) => route.access === 'webhook'
  for (const entry of routes) if (!isWebhook(entry)) mountRoute(server, entry, gatekeepers)
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
    for (const entry of routes.filter(isWebhook)) mountRoute(room, entry, gatekeepers)
    ready()
  })
}

function mountRoute(
  server: FastifyInstance,
  [method, url, route]: RouteEntry,
  { authenticate, verifySigner }: Gatekeepers,
): void {
  server.route({
    method,
    url,
    schema: compiledSchema(route),
    config: { route },
    ...(route.access === 'webhook' ? { bodyLimit: WEBHOOK_BYTES_MAX } : {}),
    // Before the body is read: a stranger costs one look at a header.
    onRequest: async (request, reply) => {
      const admitted = await admit(authenticate, {
        access: route.access,
        authorization: request.headers.authorization,
        signed: request.headers['x-signature'] !== undefined,
      })
      if (!admitted.ok) return sendRefusal({ request, reply }, admitted.refusal)
      request.caller = admitted.value
    },
    // Before the fields are judged: a forger learns nothing of them.
    preValidation: async (request, reply) => {
      if (route.access === 'payer' && request.caller === null) {
        const signer = verifySigner(signedMessage(request))
        if (!signer.ok) return sendRefusal({ request, reply }, signer.refusal)
        request.caller = signer.value
      }
      prepareInput(route, request)
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
      if (!outcome.ok) return sendRefusal({ request, reply }, outcome.refusal)
      return reply.send(successBody(outcome.value as object))
    },
  })
}

const NO_KEY = accepted(null)

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

/** A POST without a body is one with none of its fields; numbers of a query are read as numbers, nothing else is. */
function prepareInput(route: Route, request: FastifyRequest): void {
  if (route.body && request.body === undefined) request.body = {}
  const properties = (route.query as { properties?: Record<string, { type?: unknown }> } | undefined)?.properties
  if (!properties) return
  const query = request.query as Record<string, unknown>
  for (const [name, schema] of Object.entries(properties)) {
    const value = query[name]
    if (schema.type === 'integer' && typeof value === 'string' && /^-?[0-9]{1,15}$/.test(value)) {
      query[name] = Number(value)
    }
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
    rawBody: request.rawBody,
    idempotencyKey,
  }
}
