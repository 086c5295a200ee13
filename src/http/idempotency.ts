import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { IdempotencyKey } from '../kernel/idempotency.ts'
import { accepted, type Outcome, refusedField } from '../kernel/outcome.ts'

/** Where a changing call takes its key: the header `Idempotency-Key`, or also the body's `idempotency_key`. */
export type KeyPlace = 'header' | 'header_or_body'

const KEY_PATTERN = /^[!-~]{1,128}$/

/**
 * The key of a changing call, or null where its caller gave none. Header and body are one name space, so a call that has
 * two different ones names nothing: 422. The body must have been checked.
 */
export function idempotencyKeyOf(request: FastifyRequest, place: KeyPlace): Outcome<IdempotencyKey | null> {
  const header = request.headers['idempotency-key']
  const body = place === 'header_or_body' ? (request.body as { idempotency_key?: string }).idempotency_key : undefined
  if (header === undefined && body === undefined) return accepted(null)
  const key = header ?? body
  if (typeof key !== 'string' || !KEY_PATTERN.test(key)) return invalid('must be 1 to 128 visible ASCII characters')
  if (body !== undefined && body !== key) return invalid('differs from idempotency_key of the body')
  const scope = scopeOf(request)
  return scope === null ? accepted(null) : accepted({ scope, key, requestHash: requestHashOf(request) })
}

function scopeOf({ caller }: FastifyRequest): string | null {
  if (caller?.kind === 'server') return `app:${caller.appId}`
  return caller?.kind === 'client' && caller.playerId !== null ? `player:${caller.playerId}` : null
}

function requestHashOf({ method, url, rawBody }: FastifyRequest): string {
  const path = url.split('?', 1)[0]?.replace(/\/+$/, '')
  return createHash('sha256').update(`${method} ${path}\n`).update(rawBody).digest('hex')
}

function invalid(message: string): Outcome<IdempotencyKey | null> {
  return refusedField('Idempotency-Key', message)
}
