import type { FastifyInstance } from 'fastify'
import { stopwatch } from '../kernel/clock.ts'

/** A part that the service cannot do without; `ping` rejects when it does not answer. */
export interface Dependency {
  readonly name: string
  ping(): Promise<void>
}

// Whoever asks decides within seconds whether to send traffic here; a part that is slower than this is not ready.
const PING_TIMEOUT_MS = 1_000

const DESCRIBED = { tags: ['Health'], security: [] }

const HEALTHY = { status: 'healthy', message: 'Payment API is running' }
const HEALTH = {
  description: 'Done',
  type: 'object',
  properties: { status: { type: 'string' }, message: { type: 'string' } },
  examples: [HEALTHY],
}

const READINESS = {
  type: 'object',
  properties: {
    status: { type: 'string', description: '`ready` or `not_ready`' },
    checks: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        properties: {
          status: { type: 'string', description: '`ok` or `down`' },
          latency_ms: { type: 'number', description: 'Milliseconds' },
        },
      },
    },
  },
}
const SESSIONS_ANSWER = { status: 'ok', latency_ms: 0.1 }
const READY = { status: 'ready', checks: { database: { status: 'ok', latency_ms: 0.2 }, sessions: SESSIONS_ANSWER } }
const NOT_READY = {
  status: 'not_ready',
  checks: { database: { status: 'down', latency_ms: 1000 }, sessions: SESSIONS_ANSWER },
}

/** `/health`: the process answers. `/ready`: so do the database and the sessions, each with its latency. */
export function mountHealth(server: FastifyInstance, dependencies: readonly Dependency[]): void {
  server.get(
    '/health',
    { schema: { ...DESCRIBED, summary: 'The process answers', response: { 200: HEALTH } } },
    async () => HEALTHY,
  )

  server.get(
    '/ready',
    {
      schema: {
        ...DESCRIBED,
        summary: 'Its parts answer too',
        description: 'The database and the store of sessions, each with its latency. For load balancers.',
        response: {
          200: { ...READINESS, description: 'Ready for traffic', examples: [READY] },
          503: { ...READINESS, description: 'A part does not answer; with `Retry-After`', examples: [NOT_READY] },
        },
      },
    },
    async (_, reply) => {
      const results = await Promise.all(dependencies.map(check))
      const ready = results.every((result) => result.ok)
      if (!ready) reply.code(503).header('retry-after', '5')
      return {
        status: ready ? 'ready' : 'not_ready',
        checks: Object.fromEntries(
          results.map(({ name, ok, latencyMs }) => [name, { status: ok ? 'ok' : 'down', latency_ms: latencyMs }]),
        ),
      }
    },
  )
}

async function check({ name, ping }: Dependency): Promise<{ name: string; ok: boolean; latencyMs: number }> {
  const elapsedMs = stopwatch()
  const latency = (): number => Math.round(elapsedMs() * 1000) / 1000
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('timed out')), PING_TIMEOUT_MS)
  try {
    await Promise.race([ping(), tooLate])
    return { name, ok: true, latencyMs: latency() }
  } catch {
    return { name, ok: false, latencyMs: latency() }
  } finally {
    clearTimeout(timer)
  }
}
