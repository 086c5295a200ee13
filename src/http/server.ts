import { TextDecoder } from 'node:util'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import { StorageUnavailable, TransactionConflict } from '../db/errors.ts'
import { newRequestId } from '../kernel/ids.ts'
import type { Refusal } from '../kernel/outcome.ts'
import { KeyValueUnavailable } from '../kv/kv.ts'
import { failureBody } from './answers.ts'
import { faultsOf } from './field-faults.ts'
import { hasForbiddenKey } from './forbidden-keys.ts'
import { sendRefusal } from './mount.ts'

export interface ServerSettings {
  readonly logger: Logger
  readonly trustedProxies: readonly string[]
  /** One line for each request at info. */
  readonly logRequests: boolean
  /** Tells browsers to insist on HTTPS; only where the service stands behind it. */
  readonly strictTransport: boolean
}

/** A body of the API; a platform's callback may be larger. */
export const BODY_BYTES_MAX = 64 * 1024
// Node's own defaults wait five minutes for a slow sender; a payment client that slow has long hung up.
const REQUEST_TIMEOUT_MS = 30_000
const HEADERS_BYTES_MAX = 16 * 1024
const PARAM_LENGTH_MAX = 256

/** The HTTP server before any route: limits, parsing, request ids, headers, and the one place where errors are answered. */
export function createServer(settings: ServerSettings): FastifyInstance {
  const server: FastifyInstance = Fastify({
    loggerInstance: settings.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { maxHeaderSize: HEADERS_BYTES_MAX },
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX, ignoreTrailingSlash: true },
    requestIdHeader: false,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    trustProxy: settings.trustedProxies.length > 0 ? [...settings.trustedProxies] : false,
    forceCloseConnections: 'idle',
    // A request that reaches a closing server is refused in our own form.
    return503OnClosing: false,
    ajv: {
      // Types are checked, never bent; every fault is told at once (bodies and fields are bounded).
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: true,
        allErrors: true,
        allowUnionTypes: true,
      },
    },
    // A path that cannot be decoded meets no hook and no error handler.
    frameworkErrors: (error, request, reply) => {
      setHeaders({ request, reply }, settings)
      return sendRefusal({ request, reply }, refusalOf(error))
    },
    clientErrorHandler: answerBadHttp,
  })
  acceptOnlyJson(server)
  addHeaders(server, settings)
  refuseOnceStopping(server)
  server.setNotFoundHandler((request, reply) => sendRefusal({ request, reply }, { code: 'not_found' }))
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    const refusal = refusalOf(error)
    if (refusal.code === 'internal_error') request.log.error({ err: error }, 'request failed')
    else if (refusal.code === 'storage_unavailable' || refusal.code === 'sessions_unavailable') {
      request.log.warn({ err: error }, 'storage out of reach')
    }
    return sendRefusal({ request, reply }, refusal)
  })
  if (settings.logRequests) logRequests(server)
  return server
}

function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(header) ? header : newRequestId()
}

/** JSON in UTF-8 and nothing else; keys that could reach a prototype are refused, and the raw bytes are kept. */
function acceptOnlyJson(server: FastifyInstance): void {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  const parseJson = server.getDefaultJsonParser('error', 'error')
  const notJson = (why: string): FastifyError =>
    Object.assign(new Error(why), { code: 'FST_ERR_CTP_INVALID_JSON_BODY' }) as FastifyError
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer
    request.rawBody = bytes
    // Many clients name the type of every body, also of none.
    if (bytes.length === 0) return done(null)
    try {
      const text = utf8.decode(bytes)
      void parseJson(request, text, (error, value) => {
        if (error === null && hasForbiddenKey(value, text)) return done(notJson('the body has a forbidden key'))
        done(error, value)
      })
    } catch {
      done(notJson('the body is not UTF-8'))
    }
  })
  server.decorateRequest('rawBody')
  server.addHook('onRequest', async (request) => {
    request.rawBody = NO_BODY
  })
}

const NO_BODY = new Uint8Array(0)

function addHeaders(server: FastifyInstance, settings: ServerSettings): void {
  server.addHook('onRequest', async (request, reply) => setHeaders({ request, reply }, settings))
}

function setHeaders(
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  { strictTransport }: ServerSettings,
): void {
  reply.raw.setHeader('x-request-id', request.id)
  reply.raw.setHeader('x-content-type-options', 'nosniff')
  reply.raw.setHeader('referrer-policy', 'no-referrer')
  reply.raw.setHeader('cache-control', 'no-store')
  reply.raw.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  if (strictTransport) reply.raw.setHeader('strict-transport-security', 'max-age=31536000')
}

/** What an error that reached the edge is to the caller. Nothing of it is shown: the log has it. */
function refusalOf(error: FastifyError): Refusal {
  if (error.validation) return { code: 'invalid_fields', details: faultsOf(error.validation, error.validationContext) }
  // A conflict is retried where it arises; one that comes this far changed nothing, and a later try can win.
  if (error instanceof StorageUnavailable || error instanceof TransactionConflict)
    return { code: 'storage_unavailable' }
  if (error instanceof KeyValueUnavailable) return { code: 'sessions_unavailable' }
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return { code: 'malformed_json' }
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return { code: 'body_too_large' }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return { code: 'unsupported_media_type' }
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_ASYNC_CONSTRAINT':
      return { code: 'bad_request' }
    default:
      if (error instanceof SyntaxError) return { code: 'malformed_json' }
      return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
        ? { code: 'bad_request' }
        : { code: 'internal_error' }
  }
}

/** What is not HTTP at all, or has too long a head, gets a short answer in our form, and the line is closed. */
function answerBadHttp(error: Error & { code?: string }, socket: import('node:net').Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy()
  const requestId = newRequestId()
  const body = JSON.stringify(failureBody({ code: 'bad_request' }, { language: 'en', requestId }))
  const head = [
    'HTTP/1.1 400 Bad Request',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** One line a request; the query string is never part of it. */
function logRequests(server: FastifyInstance): void {
  server.addHook('onResponse', async (request, reply) => {
    const path = request.url.split('?', 1)[0]
    request.log.info(`${request.method} ${path} ${reply.statusCode} ${reply.elapsedTime.toFixed(1)} ms`)
  })
}

/**
 * Once the server stops, a request on a line that is still open is refused, and every answer is the last one on its
 * line: kept open, it would hold up the end.
 */
function refuseOnceStopping(server: FastifyInstance): void {
  let stopping = false
  server.addHook('preClose', async () => {
    stopping = true
  })
  server.addHook('onRequest', async (request, reply) => {
    if (stopping) return sendRefusal({ request, reply }, { code: 'shutting_down' })
  })
  server.addHook('onSend', async (_, reply) => {
    if (stopping) reply.raw.setHeader('connection', 'close')
  })
}
