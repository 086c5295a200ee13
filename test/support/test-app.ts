import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compose, type Overrides, type Service } from '../../src/compose.ts'
import { describeFaults, loadConfig } from '../../src/config/load.ts'
import { type Engine, engines } from './engines.ts'
import { testRedis } from './test-redis.ts'

export { engines }

/** The app that every test plays with, and its secret. */
export const APP_ID = 'com.funtriolimited.slots.casino.free'
export const APP_SECRET = 'local-app-secret'
/** A second game, for what must never reach across. */
export const OTHER_APP_ID = 'com.example.other'
export const OTHER_APP_SECRET = 'other-app-secret'
/** The secret of the `signed` instance `signed`, and of `partner`, which belongs to the other app. */
export const SIGNED_SECRET = 'test-signing-secret-of-the-signed-instance'
export const PARTNER_SECRET = 'test-signing-secret-of-the-partner-instance'

/** Where the first app sends its players back to. */
export const RETURN_URL = 'https://shop.example.com/paid'

const LOCAL_APPS = [
  { appId: APP_ID, appSecret: APP_SECRET, returnUrls: [RETURN_URL, 'mygame://paid'] },
  { appId: OTHER_APP_ID, appSecret: OTHER_APP_SECRET },
]

/** The apps of a local server, the first with further settings: the variable APPS. */
export function localApps(settings: Readonly<Record<string, unknown>>): string {
  const [first, ...others] = LOCAL_APPS
  return JSON.stringify([{ ...first, ...settings }, ...others])
}

const ONLINE_APPS = [
  { appId: APP_ID, appSecret: 'u3Jx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeXa' },
  { appId: OTHER_APP_ID, appSecret: 'q8Zt4Vn2Xr6Bk1Mw9Cy3Fp7Jd5Hg0LaTe' },
]
export const OTHER_ONLINE_APP_SECRET = 'q8Zt4Vn2Xr6Bk1Mw9Cy3Fp7Jd5Hg0LaTe'
export const ONLINE_APP_SECRET = 'u3Jx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeXa'

/** What a call answered: the status, the headers, and the body as JSON. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape; assertions are their types.
  readonly body: any
}

export interface CallOptions {
  readonly body?: unknown
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A running server on a database of its own. */
export interface TestApp {
  readonly url: string
  readonly service: Service
  /** The environment variables that it was started with; another process may share its stores by them. */
  readonly variables: Readonly<Record<string, string>>
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** An anonymous client session. */
  clientToken(appId?: string): Promise<string>
  serverToken(): Promise<string>
  /** A logged-in player of the app: its token and its number. */
  logIn(loginId: string, appId?: string): Promise<{ token: string; uid: string }>
  close(): Promise<void>
}

export interface TestAppOptions extends Overrides {
  readonly engine?: Engine
  readonly env?: 'local' | 'online'
  readonly variables?: Readonly<Record<string, string>>
  /** The `logins` of an app, by its id. */
  readonly logins?: Readonly<Record<string, object>>
}

function appsWith(logins: TestAppOptions['logins'], apps: readonly { appId: string }[]): readonly object[] {
  return apps.map((app) => {
    const own = logins?.[app.appId]
    return own === undefined ? app : { ...app, logins: own }
  })
}

/** Starts the real app in this process, on a free port of 127.0.0.1, with a database of its own. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const [firstEngine] = engines()
  const engine = options.engine ?? firstEngine
  if (!engine) throw new Error('there is always SQLite')
  const store = await engine.create()
  const directory = await mkdtemp(join(tmpdir(), 'payment-api-test-'))
  // Each database with the store that goes with it in production.
  const redis = engine.name === 'mysql' ? testRedis() : null
  const online = options.env === 'online'
  const variables: Record<string, string> = {
    ENV: online ? 'online' : 'local',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: store.url,
    MIGRATE_AT_START: 'true',
    LOG_LEVEL: 'silent',
    APPS: JSON.stringify(appsWith(options.logins, online ? ONLINE_APPS : LOCAL_APPS)),
    CHANNELS: JSON.stringify({
      ...(online ? {} : { sandbox: { appId: APP_ID } }),
      signed: { appId: APP_ID, secrets: [SIGNED_SECRET] },
      partner: { type: 'signed', appId: OTHER_APP_ID, secrets: [PARTNER_SECRET, 'test-signing-secret-that-is-older'] },
    }),
    ...(online ? { JWT_SECRET: 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0GfUo', LOG_FILE: join(directory, 'log') } : {}),
    // Every test of a suite comes from one address.
    RATE_LIMIT_PER_MINUTE: '0',
    RATE_LIMIT_LOGIN_PER_MINUTE: '0',
    RATE_LIMIT_PLAYER_PER_MINUTE: '0',
    RATE_LIMIT_ROUTES: '{}',
    ...redis?.variables,
    ...options.variables,
  }
  const loaded = loadConfig(variables)
  if (!loaded.ok) throw new Error(describeFaults(loaded.faults))
  // A clock that is held must not meet work that is begun by the real one.
  const service = await compose(loaded.config, options.clock ? { ...options, jobs: 'by_hand' } : options)
  const url = await service.server.listen({ host: '127.0.0.1', port: 0 })
  const call = (method: string, path: string, callOptions?: CallOptions) =>
    request(url + path, { method, ...callOptions })
  const tokenFor = async (body: object): Promise<string> => (await call('POST', '/api/v1/token', { body })).body.token
  const clientToken = (appId: string = APP_ID) => tokenFor({ appId })
  return {
    url,
    service,
    variables,
    call,
    clientToken,
    serverToken: () => tokenFor({ appId: APP_ID, appSecret: online ? ONLINE_APP_SECRET : APP_SECRET }),
    logIn: async (loginId, appId) => {
      const token = await clientToken(appId)
      const answer = await call('POST', '/api/v1/login', { token, body: { loginType: 1, loginId } })
      if (answer.status !== 200) throw new Error(`login failed: ${JSON.stringify(answer.body)}`)
      return { token, uid: answer.body.uid }
    },
    close: async () => {
      await service.close()
      await store.drop()
      await redis?.drop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** One HTTP request over a real socket; a body that is not text is sent as JSON. */
export async function request(url: string, options: CallOptions & { method: string }): Promise<Answer> {
  const headers: Record<string, string> = { ...options.headers }
  if (options.token !== undefined) headers['authorization'] = `Bearer ${options.token}`
  const init: RequestInit = { method: options.method, headers }
  if (options.body !== undefined) {
    headers['content-type'] ??= 'application/json'
    init.body = typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
  }
  const response = await fetch(url, init)
  const text = await response.text()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = text
  }
  return { status: response.status, headers: response.headers, body }
}

/** A correct payment of item 1; what a test cares about it says itself. */
export function payment(fields: { order_id: string; uid: string } & Readonly<Record<string, unknown>>) {
  return { item_id: 1, price: 19.99, currency: 'USD', payment_channel: 'stripe', ...fields }
}
