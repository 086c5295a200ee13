import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { formOf } from './token-endpoint.ts'

type GraphPath = 'debug_token' | 'me' | 'oauth/access_token'

/** What the Graph knows of a token. */
interface KnownToken {
  readonly data: object
  readonly me: object
}

interface JsonAnswer {
  readonly status: number
  readonly body: string
}

interface CodeGrant {
  readonly token: string
  readonly redirectUri: string
}

/** How a path answers instead of what it knows; `hang` never does. */
export type GraphAnswer = 'hang' | (JsonAnswer & { readonly location?: string })

/** Facebook's Graph API on loopback, as far as logins need it, for one app of one secret. */
export interface GraphServer {
  readonly url: string
  /** Method and address of every call. */
  readonly calls: readonly string[]
  /** Makes a token known. `data` and `me` change what is said of it. */
  issue(token: string, said: { userId: string; data?: object; me?: object }): void
  /** An authorization code that is good once for this token. */
  giveCode(code: string, grant: CodeGrant): void
  /** Null: as it knows. */
  answerWith(path: GraphPath, answer: GraphAnswer | null): void
  stop(): Promise<void>
}

export function graphError(code: number, more: object = {}): JsonAnswer {
  const error = { message: `(#${code}) Words`, type: 'OAuthException', code, fbtrace_id: 'AbC', ...more }
  return { status: 400, body: JSON.stringify({ error }) }
}

export async function startGraphServer(app: { appId: string; appSecret: string }): Promise<GraphServer> {
  const calls: string[] = []
  const known = new Map<string, KnownToken>()
  const instead = new Map<string, GraphAnswer>()
  const codes = new Map<string, CodeGrant>()
  const server = createServer(async (request, response) => {
    calls.push(`${request.method} ${request.url}`)
    const url = new URL(request.url ?? '/', 'http://graph.test')
    const path = /^\/v23\.0\/(debug_token|me|oauth\/access_token)$/.exec(url.pathname)?.[1]
    const other = instead.get(path ?? '')
    if (other === 'hang') return
    if (other !== undefined) {
      const location = other.location === undefined ? {} : { location: other.location }
      return void response.writeHead(other.status, location).end(other.body)
    }
    const asker = { request, url, app, known, codes }
    const answers = { debug_token: debugToken, me, 'oauth/access_token': accessToken }
    const { status, body } = path === undefined ? graphError(2500) : await answers[path as GraphPath](asker)
    response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    issue: (token, { userId, data, me: said }) => {
      known.set(token, {
        data: {
          ...{ app_id: app.appId, type: 'USER', application: 'Game', is_valid: true, user_id: userId },
          ...{ expires_at: 0, scopes: ['public_profile'], ...data },
        },
        me: { id: userId, name: `Player ${userId}`, ...said },
      })
    },
    giveCode: (code, grant) => void codes.set(code, grant),
    answerWith: (path, next) => {
      if (next === null) instead.delete(path)
      else instead.set(path, next)
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Asker {
  readonly request: IncomingMessage
  readonly url: URL
  readonly app: { appId: string; appSecret: string }
  readonly known: ReadonlyMap<string, KnownToken>
  readonly codes: Map<string, CodeGrant>
}

function bearerOf({ headers }: IncomingMessage): string {
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
}

function debugToken({ request, url, app, known }: Asker): JsonAnswer {
  if (bearerOf(request) !== `${app.appId}|${app.appSecret}`) return graphError(190)
  const token = known.get(url.searchParams.get('input_token') ?? '')
  const unknown = { error: { code: 190, message: 'Invalid OAuth access token.' }, is_valid: false, scopes: [] }
  return { status: 200, body: JSON.stringify({ data: token?.data ?? unknown }) }
}

function me({ request, url, app, known }: Asker): JsonAnswer {
  const text = bearerOf(request)
  const token = known.get(text)
  if (token === undefined) return graphError(190)
  const proof = createHmac('sha256', app.appSecret).update(text).digest('hex')
  if (url.searchParams.get('appsecret_proof') !== proof) return graphError(100)
  return { status: 200, body: JSON.stringify(token.me) }
}

async function accessToken({ request, app, codes }: Asker): Promise<JsonAnswer> {
  const { client_id: appId, client_secret: secret, redirect_uri: redirectUri, code = '' } = await formOf(request)
  if (appId !== app.appId) return graphError(101)
  if (secret !== app.appSecret) return graphError(1)
  const grant = codes.get(code)
  if (grant === undefined) return graphError(100, { error_subcode: 36009 })
  if (grant.redirectUri !== redirectUri) return graphError(100, { error_subcode: 36008 })
  codes.delete(code)
  const body = { access_token: grant.token, token_type: 'bearer', expires_in: 5183944 }
  return { status: 200, body: JSON.stringify(body) }
}
