import type { FastifyInstance } from 'fastify'
import { stopwatch } from '../kernel/clock.ts'

/** A part that the service cannot do without; `ping` rejects when it does not answer. */
export interface Dependency {
  readonly name: string
  ping(): Promise<void>
}

// Whoever asks decides within seconds whether to send traffic here; a part that is slower than this is not ready.
const PING_TIMEOUT_MS = 1_000

/** `/health`: the process answers. `/ready`: so do the database and the sessions, each with its latency. */
export function mountHealth(server: FastifyInstance, dependencies: readonly Dependency[]): void {
  const health = { status: 'healthy', message: 'Payment API is running' }
  server.get(
    '/health',
    { schema: { summary: 'The process answers', tags: ['Health'], security: [] } },
    async () => health,
  )

  server.get(
    '/ready',
    { schema: { summary: 'Its parts answer too', tags: ['Health'], security: [] } },
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
