import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import { ERROR_CODES } from '../kernel/error-codes.ts'
import type { Refusal } from '../kernel/outcome.ts'
import { failureBody, retryAfterSeconds, successBody } from './answers.ts'
import { type Authenticate, admit } from './auth.ts'
import { preferredLanguage } from './language.ts'
import type { Caller, Route, RouteEntry } from './route.ts'
import { compiledSchema } from './route-schema.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route as it was defined, for its documentation. */
    route?: Route
  }
  interface FastifyRequest {
    caller: Caller | null
    rawBody: Uint8Array
  }
}

/** Puts every route of the list on the server, each with its check of the caller, its schemas and its envelope. */
export function mountRoutes(
  server: FastifyInstance,
  { routes, authenticate }: { routes: readonly RouteEntry[]; authenticate: Authenticate },
): void {
  server.decorateRequest('caller', null)
  for (const [method, url, route] of routes) {
    server.route({
      method,
      url,
      schema: compiledSchema(route),
      config: { route },
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
      preValidation: async (request) => prepareInput(route, request),
      handler: async (request, reply) => {
        const outcome = await route.handle(inputOf(request) as never)
        if (!outcome.ok) return sendRefusal({ request, reply }, outcome.refusal)
        return reply.send(successBody(outcome.value as object))
      },
    })
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

function inputOf(request: FastifyRequest) {
  return {
    caller: request.caller,
    body: request.body,
    query: request.query,
    params: request.params,
    language: preferredLanguage(request.headers['accept-language']),
    requestId: request.id,
    headers: request.headers,
    rawBody: request.rawBody,
  }
}
