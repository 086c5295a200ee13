import { connect, type Socket } from 'node:net'

/** What one request is answered with, as far as a benchmark looks. */
export interface RawAnswer {
  readonly status: number
  readonly body: string
}

/**
 * One keep-alive connection that sends a request and waits for its answer. Plain sockets and no parsing beyond
 * `Content-Length`, so that the client costs a fraction of what it measures.
 */
export class RawConnection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #waiting: PromiseWithResolvers<RawAnswer> | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#take(chunk as Buffer))
    const fail = (error?: Error): void => this.#waiting?.reject(error ?? new Error('the connection was closed'))
    socket.on('error', fail)
    socket.on('close', () => fail())
  }

  static async open(url: URL): Promise<RawConnection> {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.once('connect', resolve)
    socket.once('error', reject)
    await promise
    return new RawConnection(socket)
  }

  send(request: string): Promise<RawAnswer> {
    this.#waiting = Promise.withResolvers<RawAnswer>()
    this.#socket.write(request)
    return this.#waiting.promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = this.#received.toString('latin1', 0, headEnd)
    const length = Number(/\r\ncontent-length: ([0-9]+)/i.exec(head)?.[1] ?? 0)
    const end = headEnd + 4 + length
    if (this.#received.length < end) return
    const body = this.#received.toString('utf8', headEnd + 4, end)
    this.#received = this.#received.subarray(end)
    this.#waiting?.resolve({ status: Number(head.slice(9, 12)), body })
  }
}

/** The text of a request, ready to be written. */
export function requestText(
  url: URL,
  request: {
    method: 'GET' | 'POST'
    path: string
    token?: string
    /** Text is sent as it is: what was signed. */
    body?: unknown
    headers?: Readonly<Record<string, string>>
  },
): string {
  const { body: given, headers = {} } = request
  const body = given === undefined ? '' : typeof given === 'string' ? given : JSON.stringify(given)
  const lines = [`${request.method} ${request.path} HTTP/1.1`, `host: ${url.host}`]
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  if (request.token) lines.push(`authorization: Bearer ${request.token}`)
  if (body) lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(body)}`)
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}
