import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** What becomes of the next COMMIT on its way through. Afterwards everything passes again. */
export type CommitFate = 'pass' | 'lose_request' | 'lose_answer' | 'delay_request'

/** A wire between a client and a database that a test may cut at the worst moment. */
export interface TcpProxy {
  readonly port: number
  nextCommit: CommitFate
  /** While true, nothing gets through and nobody is told: a network that has gone silent. */
  isSilent: boolean
  /** Connections taken since the start. */
  readonly connections: number
  /** Cuts every wire that is up; new ones are taken. */
  cut(): void
  /** Leaves the wires that are up and takes no new ones. */
  refuseNew(): void
  /** Cuts every wire and takes no new ones. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** Stands on a free port of loopback before the server, until the test ends. */
export async function startTcpProxy(t: TestContext, target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let server: Server | null = null
  const proxy = {
    port: 0,
    nextCommit: 'pass' as CommitFate,
    isSilent: false,
    connections: 0,
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    refuseNew: () => {
      server?.close()
      server = null
    },
    stop: async () => {
      const stopped = server && once(server, 'close')
      proxy.refuseNew()
      proxy.cut()
      await stopped
    },
    start: async () => {
      server = createServer((client) => {
        proxy.connections += 1
        join(proxy, { client, upstream: connect(target), sockets })
      })
      server.listen(proxy.port, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('no port')
      proxy.port = address.port
    },
  }
  await proxy.start()
  t.after(() => proxy.stop())
  return proxy
}

const DELAY_MS = 500

function join(
  proxy: { nextCommit: CommitFate; isSilent: boolean },
  { client, upstream, sockets }: { client: Socket; upstream: Socket; sockets: Set<Socket> },
): void {
  let losesAnswer = false
  const cut = (): void => {
    client.destroy()
    upstream.destroy()
  }
  for (const socket of [client, upstream]) {
    sockets.add(socket)
    socket.on('error', cut)
    socket.on('close', () => {
      sockets.delete(socket)
      cut()
    })
  }
  client.on('data', (bytes: Buffer) => {
    if (proxy.isSilent) return
    if (bytes.subarray(-6).toString() === 'commit' && proxy.nextCommit !== 'pass') {
      const fate = proxy.nextCommit
      proxy.nextCommit = 'pass'
      if (fate === 'lose_request') return cut()
      losesAnswer = true
      if (fate === 'delay_request') {
        // The client gives up at once, while its COMMIT is still on the road.
        client.removeAllListeners('close')
        client.destroy()
        setTimeout(() => upstream.write(bytes), DELAY_MS)
        return
      }
    }
    upstream.write(bytes)
  })
  upstream.on('data', (bytes) => {
    // The server has answered, so it has committed; the client will never know from this wire.
    if (losesAnswer) return cut()
    if (!proxy.isSilent) client.write(bytes)
  })
}
