import { type TObject, type TSchema, Type } from 'typebox'
import { ACTIONS, ERROR_CODES, type ErrorCode } from '../kernel/error-codes.ts'
import { failureBody } from './answers.ts'
import { IdempotencyKeyField } from './fields.ts'
import type { Access, Route } from './route.ts'

/** The failure envelope, as documented and as compiled for serialising. */
const FailureSchema = Type.Object({
  return_code: Type.Literal(0),
  status_code: Type.Literal(0),
  err_code: Type.Integer({ description: 'The HTTP status, unless the call says otherwise' }),
  error: Type.String({ description: 'A stable code' }),
  action: Type.Union(
    ACTIONS.map((action) => Type.Literal(action)),
    { description: 'What a program does next' },
  ),
  msg: Type.String({ description: 'For people, in the language of Accept-Language (en, zh)' }),
  request_id: Type.String(),
  details: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
})

/** Only described: `idempotency.ts` reads it. */
const IdempotencyHeader = Type.Object({
  'idempotency-key': Type.Optional(IdempotencyKeyField),
})

const COMMON_ERRORS: readonly ErrorCode[] = [
  'bad_request',
  'too_many_requests',
  'internal_error',
  'storage_unavailable',
  'shutting_down',
]
const TOKEN_ERRORS: readonly ErrorCode[] = ['unauthorized', 'token_expired', 'session_revoked', 'sessions_unavailable']
const BODY_ERRORS: readonly ErrorCode[] = [
  'malformed_json',
  'body_too_large',
  'unsupported_media_type',
  'invalid_fields',
]

const ACCESS_ERRORS: Readonly<Record<Access, readonly ErrorCode[]>> = {
  open: [],
  session: [...TOKEN_ERRORS, 'wrong_scope'],
  player: [...TOKEN_ERRORS, 'login_required', 'wrong_scope'],
  player_or_server: [...TOKEN_ERRORS, 'login_required', 'not_your_account'],
  server: [...TOKEN_ERRORS, 'wrong_scope'],
  payer: [...TOKEN_ERRORS, 'not_your_account', 'channel_not_trusted', 'invalid_signature'],
  webhook: ['invalid_signature', 'body_too_large'],
}

/** Every code that a route can answer with. */
export function errorsOf(route: Route): ErrorCode[] {
  const ofInput: readonly ErrorCode[] = route.body ? BODY_ERRORS : route.query || route.params ? ['invalid_fields'] : []
  const ofKey: readonly ErrorCode[] = route.idempotencyKey ? ['idempotency_mismatch'] : []
  return [...new Set([...COMMON_ERRORS, ...ACCESS_ERRORS[route.access], ...ofInput, ...ofKey, ...route.errors])]
}

/** What Fastify compiles of a route: the checks of what comes in, and the serialiser of its success. */
export function compiledSchema(route: Route): Record<string, unknown> {
  return { ...inputSchemas(route), response: { 200: successSchema(route) } }
}

/**
 * What the OpenAPI document says of a route: the same schemas with words, examples and every refusal. Apart from the
 * compiled one, because a serialiser for each refusal of each call would take a third of the start.
 */
export function documentedSchema(route: Route): Record<string, unknown> {
  const schema: Record<string, unknown> = {
    ...inputSchemas(route),
    summary: route.summary,
    tags: [route.tag],
    // Who may make the call, for those who generate clients or tests.
    'x-access': route.access,
    security: route.access === 'open' || route.access === 'webhook' ? [] : [{ token: [] }],
    response: responses(route),
  }
  if (route.idempotencyKey) schema['headers'] = IdempotencyHeader
  if (route.description) schema['description'] = route.description
  return schema
}

function inputSchemas(route: Route): Record<string, unknown> {
  const schemas: Record<string, unknown> = {}
  if (route.body) schemas['body'] = withExample(route.body, route.examples.body)
  if (route.query) schemas['querystring'] = route.query
  if (route.params) schemas['params'] = route.params
  return schemas
}

function successSchema(route: Route): TObject {
  return Type.Object({ return_code: Type.Literal(1), status_code: Type.Literal(1), ...route.answer.properties })
}

function responses(route: Route): Record<string, unknown> {
  const example = { return_code: 1, status_code: 1, ...route.examples.answer }
  const answers: Record<string, unknown> = {
    200: {
      description: 'Done',
      content: { 'application/json': { schema: successSchema(route), examples: { done: { value: example } } } },
    },
  }
  for (const [status, codes] of Map.groupBy(errorsOf(route), (code) => ERROR_CODES[code].status)) {
    answers[status] = {
      description: codes.map((code) => `\`${code}\`: ${ERROR_CODES[code].en}`).join('\n\n'),
      content: { 'application/json': { schema: FailureSchema, examples: failureExamples(codes) } },
    }
  }
  return answers
}

function failureExamples(codes: readonly ErrorCode[]): Record<string, unknown> {
  return Object.fromEntries(
    codes.map((code) => [code, { value: failureBody({ code }, { language: 'en', requestId: '4f3c2b1a09' }) }]),
  )
}

function withExample(schema: TSchema, example: unknown): TSchema {
  return example === undefined ? schema : ({ ...(schema as TObject), examples: [example] } as TSchema)
}
