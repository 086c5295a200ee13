import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Channel } from '../../src/channels/channel.ts'
import { accepted, refused } from '../../src/kernel/outcome.ts'

/** A platform on loopback that gives money back once for each key, and can be told to kill whoever asks it. */
export interface RefundServer {
  readonly url: string
  /** The refund that each key brought about. */
  readonly refunds: ReadonlyMap<string, string>
  killAsker: 'never' | 'before_refund' | 'after_refund'
}

export async function startRefundServer(t: TestContext): Promise<RefundServer> {
  const refunds = new Map<string, string>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const key = url.searchParams.get('key') ?? ''
    const asker = Number(url.searchParams.get('pid'))
    if (platform.killAsker === 'before_refund') return void process.kill(asker, 'SIGKILL')
    refunds.set(key, refunds.get(key) ?? `re_${refunds.size + 1}_${key}`)
    if (platform.killAsker === 'after_refund') return void process.kill(asker, 'SIGKILL')
    response.end(JSON.stringify({ refundId: refunds.get(key), occurredAtMs: 5 }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const platform: RefundServer = { url: `http://127.0.0.1:${port}`, refunds, killAsker: 'never' }
  return platform
}

/** The channel of that platform. */
export function refundChannel(
  url: string,
  on: { asking?: () => void; answered?: () => void } = {},
): Required<Pick<Channel, 'refundPayment'>> {
  return {
    refundPayment: async ({ idempotencyKey }) => {
      on.asking?.()
      try {
        const response = await fetch(`${url}/?key=${idempotencyKey}&pid=${process.pid}`)
        const answer = (await response.json()) as { refundId: string; occurredAtMs: number }
        on.answered?.()
        return accepted(answer)
      } catch {
        return refused('channel_unavailable')
      }
    },
  }
}
