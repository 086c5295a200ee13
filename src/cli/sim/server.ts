import { CommandRefused } from '../command.ts'

/** What a call was answered. */
export interface Answered {
  readonly status: number
  /** As it came. */
  readonly text: string
  /** Empty where it is no JSON object. */
  readonly body: Readonly<Record<string, unknown>>
}

export interface SimCall {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is when it is text, else as JSON. */
  readonly body?: string | object
}

/** The running server that a platform is played against. */
export interface SimServer {
  readonly url: string
  call(method: 'GET' | 'POST', path: string, call?: SimCall): Promise<Answered>
}

// Settling takes milliseconds; a server that does not answer by then is not going to.
const TIMEOUT_MS = 15_000

export function openServer(url: string): SimServer {
  const origin = URL.parse(url)?.origin
  if (origin === undefined || origin === 'null') throw new CommandRefused(`--url: ${url} is not an address`)
  return {
    url: origin,
    call: async (method, path, { token, headers = {}, body } = {}) => {
      const sent: RequestInit = {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }
      if (body !== undefined) sent.body = typeof body === 'string' ? body : JSON.stringify(body)
      try {
        const response = await fetch(origin + path, sent)
        const text = await response.text()
        return { status: response.status, text, body: parsed(text) }
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        throw new CommandRefused(`no server answers at ${origin} (${why}): start it with \`npm run dev\`, or say --url`)
      }
    },
  }
}

function parsed(text: string): Answered['body'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Answered['body']) : {}
  } catch {
    // A page of the played platform, or an answer without a body.
    return {}
  }
}
