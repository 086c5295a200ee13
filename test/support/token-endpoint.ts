import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What an authorization code is good for. */
interface Grant {
  readonly clientId: string
  readonly redirectUri: string
  readonly idToken: string
}

export interface TokenAnswer {
  readonly status: number
  readonly body: string
  readonly location?: string
}

/** A token endpoint of OAuth 2.0 on loopback: each code is good once, for its client and its address to come back to. */
export interface TokenEndpoint {
  readonly url: string
  /** The fields of every call, in order. */
  readonly calls: readonly Readonly<Record<string, string>>[]
  giveCode(code: string, grant: Grant): void
  /** Null: as it should. `hang`: never. */
  answerWith(answer: TokenAnswer | 'hang' | null): void
  stop(): Promise<void>
}

export async function startTokenEndpoint(of: {
  isSecretOf(clientId: string, secret: string): boolean | Promise<boolean>
}): Promise<TokenEndpoint> {
  const calls: Record<string, string>[] = []
  const grants = new Map<string, Grant>()
  let instead: TokenAnswer | 'hang' | null = null
  const answerTo = async (form: Readonly<Record<string, string>>): Promise<object> => {
    const { client_id: clientId = '', client_secret: secret = '', code = '', grant_type, redirect_uri } = form
    if (grant_type !== 'authorization_code') return { error: 'unsupported_grant_type' }
    if (!(await of.isSecretOf(clientId, secret))) return { error: 'invalid_client' }
    const grant = grants.get(code)
    if (grant === undefined || grant.clientId !== clientId) return { error: 'invalid_grant' }
    if (grant.redirectUri !== redirect_uri) return { error: 'redirect_uri_mismatch' }
    grants.delete(code)
    return { access_token: 'ya29.access', token_type: 'Bearer', expires_in: 3599, id_token: grant.idToken }
  }
  const server = createServer(async (request, response) => {
    const form = await formOf(request)
    calls.push({ ...form })
    if (instead === 'hang') return
    if (instead !== null) {
      const location = instead.location === undefined ? {} : { location: instead.location }
      return void response.writeHead(instead.status, location).end(instead.body)
    }
    const answer = await answerTo(form)
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    const isTold = request.method === 'POST' && isForm === true
    const said = isTold ? answer : { error: 'invalid_request' }
    response.writeHead('error' in said ? 400 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(said))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    calls,
    giveCode: (code, grant) => void grants.set(code, grant),
    answerWith: (answer) => {
      instead = answer
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The fields of a form that was posted. */
export async function formOf(request: IncomingMessage): Promise<Readonly<Record<string, string>>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
}
