import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openChannels } from '../src/channels/registry.ts'
import { describeFaults, loadConfig } from '../src/config/load.ts'
import type { Voice, VoiceMessage } from '../test/support/voices/voice.ts'
import { VOICES, type VoiceType } from '../test/support/voices/voices.ts'
import { cpuSeconds } from './cpu-seconds.ts'
import { RawConnection, requestText } from './raw-client.ts'

/**
 * What a platform's callback costs: its proof and translation alone, in this process, and the whole of it over HTTP, settled
 * and answered, with the same again beside it. The game server that is to be told of every order hangs: it takes connections
 * and never answers. `npm run bench:callbacks -- --database mysql://... --redis redis://... --channels stripe,xsolla`
 */
const { values: options } = parseArgs({
  options: {
    database: { type: 'string' },
    redis: { type: 'string' },
    channels: { type: 'string', default: Object.keys(VOICES).join(',') },
    connections: { type: 'string', default: '16' },
    callbacks: { type: 'string', default: '3000' },
    players: { type: 'string', default: '200' },
    /** Callbacks a second, spread evenly; 0 sends as fast as answers come. */
    rate: { type: 'string', default: '0' },
  },
})
const APP = { appId: 'com.funtriolimited.slots.casino.free', appSecret: 'local-app-secret' }
const SECRET = 'a-secret-of-the-benchmark-that-is-worth-nothing'
const [connections, callbacks, rate] = [options.connections, options.callbacks, options.rate].map(Number) as [
  number,
  number,
  number,
]
const PROOFS = 3000

const types = options.channels.split(',').filter((type): type is VoiceType => Object.hasOwn(VOICES, type))
// Of a run, so that a database that is there already is not told the same orders again.
const START_NO = Date.now() % 1_000_000
const hanging = new Set<Socket>()
const gameServer = createServer((socket) => hanging.add(socket)).listen(0, '127.0.0.1')
await new Promise((resolve) => gameServer.once('listening', resolve))
const { port: gamePort } = gameServer.address() as { port: number }
const apps = [
  {
    ...APP,
    testPurchases: true,
    webhooks: { url: `http://127.0.0.1:${gamePort}/`, secrets: [`whsec_${Buffer.alloc(32, 7).toString('base64')}`] },
  },
]
console.log(`${options.database ? 'MySQL/MariaDB' : 'SQLite'}, ${connections} connections, the game server hangs`)
for (const type of types) await measure(type, VOICES[type])
gameServer.close()
for (const socket of hanging) socket.destroy()

function variables(voice: Voice): Record<string, string> {
  return {
    ...{ ENV: 'local', PORT: '0', LOG_LEVEL: 'fatal', LOG_REQUESTS: 'false', APPS: JSON.stringify(apps) },
    ...{ RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_LOGIN_PER_MINUTE: '0', RATE_LIMIT_PLAYER_PER_MINUTE: '0' },
    CHANNELS: JSON.stringify(voice.channels(SECRET)),
  }
}

async function measure(type: VoiceType, voice: Voice): Promise<void> {
  if (!voice.readSecret) await measureProof(type, voice)
  const directory = await mkdtemp(join(tmpdir(), 'payment-api-bench-'))
  const database = options.database ?? `sqlite:///${join(directory, 'bench.db')}`
  const redis = options.redis ? { REDIS_URL: options.redis, REDIS_PREFIX: `bench_${process.pid}_${type}:` } : {}
  const server = spawn(process.execPath, [join(import.meta.dirname, '..', 'src', 'main.ts')], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...variables(voice), DATABASE_URL: database, ...redis },
  })
  try {
    const url = await listening(server.stdout)
    const uids = await makePlayers(url, type)
    const secret = voice.readSecret ? await secretOf(voice, { ...variables(voice), ...redis, directory }) : SECRET
    const messages = (from: number, count: number): VoiceMessage[] =>
      Array.from({ length: count }, (_, index) => paymentOf(voice, { no: from + index, uids })).flat()
    const drive = (name: string, sent: readonly VoiceMessage[]) =>
      driveAll(url, { name: `${type} ${name}`, voice, secret, sent, pid: server.pid ?? 0 })
    await drive('warm-up', messages(1_000_000, Math.ceil(callbacks / 4)))
    const paid = messages(2_000_000, callbacks)
    await drive('payments', paid)
    await drive('the same again', paid)
  } finally {
    server.kill('SIGTERM')
    await new Promise((resolve) => server.once('exit', resolve))
    await rm(directory, { recursive: true, force: true })
  }
}

function paymentOf(voice: Voice, { no, uids }: { no: number; uids: readonly string[] }): readonly VoiceMessage[] {
  const orderNo = START_NO * 10_000_000 + no
  const orderId = voice.orderId(orderNo)
  const transactionId = voice.transactionId({ orderNo, chargeNo: 0 })
  return voice.payment({ orderId, transactionId, uid: uids[no % uids.length] ?? '', itemId: 1, amountMinor: 1999 })
}

/** Its proof and translation alone; the first third only warms up. */
async function measureProof(type: VoiceType, voice: Voice): Promise<void> {
  const loaded = loadConfig({ ...variables(voice), DATABASE_URL: 'sqlite:///./never-opened.db' })
  if (!loaded.ok) throw new Error(describeFaults(loaded.faults))
  const channels = openChannels(loaded.config.channels, { means: { sandbox: null }, standIn: false })
  const calls = Array.from({ length: PROOFS }, (_, no) => paymentOf(voice, { no, uids: ['10001'] })).flat()
  const each: number[] = []
  let cpuBefore = process.cpuUsage()
  for (const [index, message] of calls.entries()) {
    if (index === Math.floor(calls.length / 3)) cpuBefore = process.cpuUsage()
    const [, , instance = '', callback = null] = message.path.split('/')
    const nowMs = Date.now()
    const headers = voice.sign(SECRET, { message, nowMs })
    const call = { callback, headers, rawBody: Buffer.from(message.body), nowMs, requestId: 'bench' }
    const started = performance.now()
    const read = await channels.byInstance(instance)?.receive?.(call)
    each.push((performance.now() - started) * 1000)
    if (!read?.ok) throw new Error(`${type}: ${JSON.stringify(read)}`)
  }
  const cpu = process.cpuUsage(cpuBefore)
  const warm = each.slice(Math.floor(each.length / 3)).sort((a, b) => a - b)
  const at = (share: number) => (warm[Math.floor(warm.length * share)] ?? 0).toFixed(0)
  const cpuEach = ((cpu.user + cpu.system) / warm.length).toFixed(0)
  console.log(
    `${`${type} proof alone`.padEnd(28)} p50 ${at(0.5)} p99 ${at(0.99)} us   (with signing it: ${cpuEach} us CPU)`,
  )
}

async function secretOf(
  voice: Voice,
  { directory, ...given }: Record<string, string> & { directory: string },
): Promise<string> {
  const loaded = loadConfig({ ...given, DATABASE_URL: `sqlite:///${join(directory, 'bench.db')}` })
  if (!loaded.ok || !voice.readSecret) throw new Error('the server runs on this configuration')
  return await voice.readSecret(loaded.config)
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

async function makePlayers(url: URL, type: string): Promise<string[]> {
  const connection = await RawConnection.open(url)
  const ask = async (path: string, body: object, token = '') => {
    const request = { method: 'POST', path: `/api/v1/${path}`, body, ...(token ? { token } : {}) } as const
    return JSON.parse((await connection.send(requestText(url, request))).body)
  }
  const uids: string[] = []
  for (let index = 0; index < Number(options.players); index++) {
    const { token } = await ask('token', { appId: APP.appId })
    uids.push((await ask('login', { loginType: 1, loginId: `bench-${type}-${index}` }, token)).uid)
  }
  connection.close()
  return uids
}

async function driveAll(
  url: URL,
  run: { name: string; voice: Voice; secret: string; sent: readonly VoiceMessage[]; pid: number },
): Promise<void> {
  const { name, voice, secret, sent, pid } = run
  const opened = await Promise.all(Array.from({ length: connections }, () => RawConnection.open(url)))
  const latencies: number[] = []
  const errors: string[] = []
  let next = 0
  const cpuBefore = cpuSeconds(pid)
  const started = performance.now()
  await Promise.all(
    opened.map(async (connection) => {
      for (let no = next++; no < sent.length; no = next++) {
        const message = sent[no]
        if (!message) break
        const dueMs = rate > 0 ? started + (no / rate) * 1000 : 0
        if (dueMs > performance.now()) await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()))
        const { path, body } = message
        const headers = voice.sign(secret, { message, nowMs: Date.now() })
        const text = requestText(url, { method: 'POST', path, body, headers })
        // By the plan, not by when a connection was free: who waits in the queue waits too.
        const sentAt = rate > 0 ? dueMs : performance.now()
        const answer = await connection.send(text)
        latencies.push(performance.now() - sentAt)
        if (answer.status >= 300) errors.push(`${answer.status} ${answer.body.slice(0, 200)}`)
      }
    }),
  )
  const seconds = (performance.now() - started) / 1000
  const cpuAfter = cpuSeconds(pid)
  for (const connection of opened) connection.close()
  latencies.sort((a, b) => a - b)
  const at = (share: number) => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1)
  const perCallback = (before: number, after: number) => (((after - before) / sent.length) * 1e6).toFixed(0)
  console.log(
    `${name.padEnd(28)} ${(sent.length / seconds).toFixed(0).padStart(6)} callbacks/s   ` +
      `p50 ${at(0.5)} p95 ${at(0.95)} p99 ${at(0.99)} ms   CPU us: server ${perCallback(cpuBefore.server, cpuAfter.server)}, ` +
      `database ${perCallback(cpuBefore.database, cpuAfter.database)}   errors ${errors.length}`,
  )
  if (errors[0]) console.log(`  first error: ${errors[0]}`)
}
