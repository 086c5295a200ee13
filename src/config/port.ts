import { createServer } from 'node:net'
import type { ConfigFault } from './faults.ts'

/** Where the server is going to listen, as far as the configuration could be read. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Tries the port, so that a taken one is told together with every other fault. Port 0 takes any free one. */
export async function portFaults(address: ListenAddress | null): Promise<ConfigFault[]> {
  if (!address || address.port === 0) return []
  const probe = createServer()
  const { promise, resolve } = Promise.withResolvers<string | null>()
  probe.once('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message))
  probe.listen({ host: address.host, port: address.port }, () => probe.close(() => resolve(null)))
  const code = await promise
  if (code === null) return []
  switch (code) {
    case 'EADDRINUSE':
      return [
        {
          variable: 'PORT',
          fault: `port ${address.port} on ${address.host} is taken by another program`,
          remedy: 'stop that program, or set PORT to a free port (0 takes any)',
        },
      ]
    case 'EACCES':
      return [
        {
          variable: 'PORT',
          fault: `port ${address.port} may not be opened by this user`,
          remedy: 'set PORT to 1024 or higher, and let a proxy listen on the low port',
        },
      ]
    default:
      return [
        {
          variable: 'HOST',
          fault: `${address.host} cannot be listened on (${code})`,
          remedy: 'set HOST to an address of this machine, or 0.0.0.0 for all',
        },
      ]
  }
}
