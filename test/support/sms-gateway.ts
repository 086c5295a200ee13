import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request that the gateway got. */
export interface SmsRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** What it answers; `hang` never does, `drip` never ends its body. */
export type SmsAnswer =
  | { readonly status: number; readonly body?: string; readonly location?: string }
  | 'hang'
  | 'drip'

/** An SMS gateway on loopback, which takes everything until it is told otherwise. */
export interface SmsGateway {
  readonly url: string
  readonly requests: readonly SmsRequest[]
  answerWith(answer: SmsAnswer): void
  stop(): Promise<void>
}

export async function startSmsGateway(usual: SmsAnswer): Promise<SmsGateway> {
  const requests: SmsRequest[] = []
  let answer = usual
  const server = createServer(async (request, response) => {
    const body = await text(request)
    requests.push({ path: `${request.method} ${request.url}`, headers: request.headers, body })
    if (answer === 'hang') return
    if (answer === 'drip') return void response.writeHead(500).write('{"code":')
    const { status, location } = answer
    response.writeHead(status, location === undefined ? {} : { location }).end(answer.body ?? '')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answerWith(next) {
      answer = next
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
