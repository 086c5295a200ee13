import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { IdentityProviderName } from '../src/identity-providers/identity-provider.ts'
import { openIdentityProviders } from '../src/identity-providers/registry.ts'
import { systemClock } from '../src/kernel/clock.ts'
import type { AppId } from '../src/kernel/ids.ts'
import { startGraphServer } from '../test/support/graph-server.ts'
import { openMemoryStore } from '../test/support/memory-store.ts'
import { type OidcIssuer, startOidcIssuer } from '../test/support/oidc-issuer.ts'
import { RawConnection, requestText } from './raw-client.ts'

/**
 * What it costs to know who a player is: one check of a proof in this process, in microseconds, and logins a second by
 * each platform over HTTP, with SQLite. The platforms are played on loopback by this process, which also plays the clients.
 * `npm run bench:identity -- --logins 2000 --connections 32`
 */
const { values: options } = parseArgs({
  options: {
    checks: { type: 'string', default: '3000' },
    logins: { type: 'string', default: '1500' },
    connections: { type: 'string', default: '32' },
  },
})
const checks = Number(options.checks)
const logins = Number(options.logins)
const connections = Number(options.connections)

const APP = 'com.funtriolimited.slots.casino.free'
const FACEBOOK_APP = { appId: '123456789012345', appSecret: 'the-secret-of-the-facebook-app' }
const clock = systemClock
const google = await startOidcIssuer({ clock, issuer: 'https://accounts.google.com', audience: 'google-client' })
const apple = await startOidcIssuer({ clock, issuer: 'https://appleid.apple.com', audience: 'apple-client' })
const limited = await startOidcIssuer({ clock, issuer: 'https://www.facebook.com', audience: FACEBOOK_APP.appId })
const graph = await startGraphServer(FACEBOOK_APP)
const cache = await openMemoryStore(clock)

/** Credentials of as many users of one platform, made before anything is measured. */
type MakeCredentials = (count: number) => Promise<string[]>

const tokensOf =
  (issuer: OidcIssuer): MakeCredentials =>
  (count) =>
    Promise.all(Array.from({ length: count }, (_, index) => issuer.token({ sub: `user-${index}` })))

let issued = 0
const accessTokens: MakeCredentials = async (count) =>
  Array.from({ length: count }, (_, index) => {
    issued += 1
    const token = `EAA${'x'.repeat(180)}${issued}`
    graph.issue(token, { userId: `${1_000_000 + index}` })
    return token
  })

interface Check {
  readonly named: string
  readonly count: number
  /** Prepares `count` checks and gives the one of a number. */
  prepare(count: number): Promise<(index: number) => Promise<unknown>>
}

const providers = openIdentityProviders([{ appId: APP as AppId, logins: settings() }], {
  ...{ clock, cache },
  report: (about, words) => console.log(words, about),
})

function proofs(name: IdentityProviderName, make: MakeCredentials): Check['prepare'] {
  const provider = providers.find(APP as AppId, name)
  if (provider === null) throw new Error(`${name} is set up above`)
  return async (count) => {
    const credentials = await make(count)
    return async (index) => {
      const proven = await provider.prove({ credential: credentials[index % count] ?? '', nonce: null })
      if (!proven.ok) throw new Error(proven.refusal.code)
    }
  }
}

const CHECKS: readonly Check[] = [
  { named: 'Google identity token', count: checks, prepare: proofs('google', tokensOf(google)) },
  { named: 'Apple identity token', count: checks, prepare: proofs('apple', tokensOf(apple)) },
  { named: 'Limited Login token', count: checks, prepare: proofs('facebook', tokensOf(limited)) },
  { named: 'access token, asked (2 calls)', count: checks / 3, prepare: proofs('facebook', accessTokens) },
  {
    named: 'access token, kept',
    count: checks,
    prepare: proofs('facebook', async () => Array(checks).fill((await accessTokens(1))[0])),
  },
]

interface LoginWay {
  readonly named: string
  readonly loginType: number
  readonly make: MakeCredentials
}

const WAYS: readonly LoginWay[] = [
  { named: 'Google', loginType: 2, make: tokensOf(google) },
  { named: 'Apple', loginType: 3, make: tokensOf(apple) },
  { named: 'Facebook, Limited Login', loginType: 1, make: tokensOf(limited) },
  { named: 'Facebook, access token', loginType: 1, make: accessTokens },
]

for (const check of CHECKS) await measureCheck(check)
await measureLogins()
for (const server of [google, apple, limited, graph]) await server.stop()
await cache.close()

function settings() {
  const oidc = (issuer: OidcIssuer) => ({ issuers: [issuer.issuer], keysUrls: [issuer.keysUrl], nonceRequired: false })
  const pages = { tokenUrl: '', clients: [] }
  return {
    guest: true,
    google: { ...oidc(google), clientIds: ['google-client'], pages },
    apple: { ...oidc(apple), clientIds: ['apple-client'], pages },
    facebook: {
      ...FACEBOOK_APP,
      graphUrl: graph.url,
      graphVersion: 'v23.0',
      limited: oidc(limited),
      pageRedirectUri: null,
    },
  }
}

/** One after another, as the wait of one player is; the first third only warms up. */
async function measureCheck({ named, count, prepare }: Check): Promise<void> {
  const run = await prepare(count)
  const each: number[] = []
  const cpuBefore = process.cpuUsage()
  for (let index = 0; index < count; index += 1) {
    const started = performance.now()
    await run(index)
    if (index >= count / 3) each.push((performance.now() - started) * 1000)
  }
  const cpu = process.cpuUsage(cpuBefore)
  each.sort((a, b) => a - b)
  const at = (share: number) => (each[Math.floor(each.length * share)] ?? 0).toFixed(0).padStart(6)
  const cpuEach = ((cpu.user + cpu.system) / count).toFixed(0).padStart(6)
  console.log(`${named.padEnd(32)} p50 ${at(0.5)}  p99 ${at(0.99)} us   CPU ${cpuEach} us`)
}

async function measureLogins(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'payment-api-bench-'))
  const server = spawn(process.execPath, [join(import.meta.dirname, '..', 'src', 'main.ts')], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...variables(directory) },
  })
  try {
    const url = await listening(server.stdout)
    for (const way of WAYS) {
      await logInAll(url, { ...way, named: `${way.named}: new players` })
      await logInAll(url, { ...way, named: `${way.named}: known players` })
    }
  } finally {
    server.kill('SIGTERM')
    await new Promise((resolve) => server.once('exit', resolve))
    await rm(directory, { recursive: true, force: true })
  }
}

function variables(directory: string): Record<string, string> {
  const keys = { google: google.keysUrl, apple: apple.keysUrl, limited: limited.keysUrl }
  const app = {
    ...{ appId: APP, appSecret: 'local-app-secret' },
    logins: {
      google: { clientIds: ['google-client'], keysUrl: keys.google },
      apple: { clientIds: ['apple-client'], keysUrl: keys.apple },
      facebook: { ...FACEBOOK_APP, graphUrl: graph.url, keysUrl: keys.limited },
    },
  }
  return {
    ...{ ENV: 'local', PORT: '0', LOG_LEVEL: 'warn', LOG_REQUESTS: 'false', APPS: JSON.stringify([app]) },
    ...{ DATABASE_URL: `sqlite:///${join(directory, 'bench.db')}` },
    ...{ RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_LOGIN_PER_MINUTE: '0' },
  }
}

async function listening(output: AsyncIterable<unknown> & { resume(): unknown }): Promise<URL> {
  let text = ''
  for await (const chunk of output) {
    text += String(chunk)
    const match = /is running at (\S+)/.exec(text)
    if (!match?.[1]) continue
    output.resume()
    return new URL(match[1])
  }
  throw new Error('the server did not start')
}

async function logInAll(url: URL, { named, loginType, make }: LoginWay): Promise<void> {
  const credentials = await make(logins)
  const opened = await Promise.all(Array.from({ length: connections }, () => RawConnection.open(url)))
  const sessions: string[] = []
  const ask = requestText(url, { method: 'POST', path: '/api/v1/token', body: { appId: APP } })
  await inTurns(opened, async (connection) => {
    sessions.push(JSON.parse((await connection.send(ask)).body).token)
  })
  const requests = credentials.map((credential, index) => {
    const body = { loginType, credential }
    return requestText(url, { method: 'POST', path: '/api/v1/login', token: sessions[index] ?? '', body })
  })
  const each: number[] = []
  const started = performance.now()
  await inTurns(opened, async (connection, index) => {
    const sent = performance.now()
    const answer = await connection.send(requests[index] ?? '')
    each.push(performance.now() - sent)
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`)
  })
  const seconds = (performance.now() - started) / 1000
  for (const connection of opened) connection.close()
  each.sort((a, b) => a - b)
  const at = (share: number) => (each[Math.floor(each.length * share)] ?? 0).toFixed(1)
  const rate = (logins / seconds).toFixed(0).padStart(6)
  console.log(`${named.padEnd(40)} ${rate} logins/s   p50 ${at(0.5)} p99 ${at(0.99)} ms`)
}

/** As many at once as there are connections, until all are done. */
async function inTurns(
  opened: readonly RawConnection[],
  work: (connection: RawConnection, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  await Promise.all(
    opened.map(async (connection) => {
      while (next < logins) await work(connection, next++)
    }),
  )
}
