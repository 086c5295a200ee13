import { once } from 'node:events'
import { connect } from 'node:net'

/** A bare line to a server, for what no well-behaved client does. */
export interface RawConnection {
  write(text: string): void
  /** Everything that came so far, once it holds a whole answer or the server has hung up. */
  answer(): Promise<string>
  /** Waits until the server hangs up. */
  hungUp(): Promise<void>
  /** Reads nothing any more: the server's answers pile up. */
  stopReading(): void
  destroy(): void
}

// Longer than any limit of the server for a slow sender.
const ANSWER_WITHIN_MS = 45_000

export async function connectRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = ''
  let ended = false
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    received += text
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    ended = true
  })
  await once(socket, 'connect')
  return {
    write: (text) => void socket.write(text),
    answer: async () => {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
      while (!ended && !isWhole(received))
        await Promise.race([once(socket, 'data', { signal }), once(socket, 'close', { signal })])
      return received
    },
    hungUp: async () => {
      if (!ended) await once(socket, 'close', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    },
    stopReading: () => void socket.pause(),
    destroy: () => void socket.destroy(),
  }
}

function isWhole(received: string): boolean {
  const [head = '', ...rest] = received.split('\r\n\r\n')
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  return length !== undefined && rest.join('\r\n\r\n').length >= Number(length)
}
