import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cpuSeconds } from './cpu-seconds.ts'
import { RawConnection, requestText } from './raw-client.ts'

/**
 * Starts the service and drives it in a closed loop: requests a second, latencies, and the CPU microseconds that one
 * request costs the server and the database. `npm run bench -- --database mysql://... --redis redis://... --workers 2`
 */
const { values: options } = parseArgs({
  options: {
    database: { type: 'string' },
    redis: { type: 'string' },
    workers: { type: 'string', default: '1' },
    connections: { type: 'string', default: '64' },
    requests: { type: 'string', default: '6000' },
    players: { type: 'string', default: '200' },
  },
})
const APP = { appId: 'com.funtriolimited.slots.casino.free', appSecret: 'local-app-secret' }
const connections = Number(options.connections)
const requests = Number(options.requests)

const directory = await mkdtemp(join(tmpdir(), 'payment-api-bench-'))
const server = spawn(process.execPath, [join(import.meta.dirname, '..', 'src', 'main.ts')], {
  cwd: directory,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    ENV: 'local',
    PORT: '0',
    LOG_LEVEL: 'warn',
    LOG_REQUESTS: 'false',
    WORKERS: options.workers,
    DATABASE_URL: options.database ?? `sqlite:///${join(directory, 'bench.db')}`,
    ...(options.redis ? { REDIS_URL: options.redis, REDIS_PREFIX: `bench_${process.pid}:` } : {}),
  },
})
try {
  const url = await listening()
  const token = JSON.parse(
    await once(url, requestText(url, { method: 'POST', path: '/api/v1/token', body: APP })),
  ).token
  const uids = await makePlayers(url)
  const run = `${Date.now()}-${process.pid}`
  const pay = (index: number) =>
    requestText(url, {
      method: 'POST',
      path: '/api/v1/payment/success',
      token,
      body: {
        order_id: `bench-${run}-${index}`,
        uid: uids[index % uids.length],
        item_id: 1,
        price: 19.99,
        currency: 'USD',
        transaction_id: `txn-${run}-${index}`,
        payment_channel: 'bench',
      },
    })
  const store = (index: number) =>
    requestText(url, { method: 'GET', path: `/api/v1/store/items?uid=${uids[index % uids.length]}`, token })
  const history = (index: number) =>
    requestText(url, { method: 'GET', path: `/api/v1/orders/history?limit=20&uid=${uids[index % uids.length]}`, token })
  const health = () => requestText(url, { method: 'GET', path: '/health' })
  console.log(
    `${options.database ? 'MySQL/MariaDB' : 'SQLite'}, ${options.workers} worker(s), ${connections} connections`,
  )
  await measure(url, { name: 'warm-up: payments', requestOf: (index) => pay(index + 10_000_000), count: requests / 4 })
  await measure(url, { name: 'warm-up: store', requestOf: store, count: requests / 4 })
  await measure(url, { name: 'health', requestOf: health, count: requests })
  await measure(url, { name: 'store/items', requestOf: store, count: requests })
  await measure(url, { name: 'payment/success', requestOf: pay, count: requests })
  await measure(url, { name: 'payment/success again', requestOf: pay, count: requests })
  await measure(url, { name: 'orders/history 20', requestOf: history, count: requests })
} finally {
  server.kill('SIGTERM')
  await new Promise((resolve) => server.once('exit', resolve))
  await rm(directory, { recursive: true, force: true })
}

async function listening(): Promise<URL> {
  let output = ''
  for await (const chunk of server.stdout) {
    output += String(chunk)
    const match = /is running at (\S+)/.exec(output)
    if (match?.[1]) {
      server.stdout.resume()
      return new URL(match[1])
    }
  }
  throw new Error('the server did not start')
}

async function once(url: URL, text: string): Promise<string> {
  const connection = await RawConnection.open(url)
  const answer = await connection.send(text)
  connection.close()
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`)
  return answer.body
}

async function makePlayers(url: URL): Promise<string[]> {
  const uids: string[] = []
  for (let index = 0; index < Number(options.players); index++) {
    const session = await once(
      url,
      requestText(url, { method: 'POST', path: '/api/v1/token', body: { appId: APP.appId } }),
    )
    const login = requestText(url, {
      method: 'POST',
      path: '/api/v1/login',
      token: JSON.parse(session).token,
      body: { loginType: 1, loginId: `bench-${process.pid}-${index}` },
    })
    uids.push(JSON.parse(await once(url, login)).uid)
  }
  return uids
}

async function measure(
  url: URL,
  scenario: { name: string; requestOf: (index: number) => string; count: number },
): Promise<void> {
  const opened = await Promise.all(Array.from({ length: connections }, () => RawConnection.open(url)))
  const latencies: number[] = []
  const errors: string[] = []
  let next = 0
  const cpuBefore = cpuSeconds(server.pid ?? 0)
  const started = performance.now()
  await Promise.all(
    opened.map(async (connection) => {
      while (next < scenario.count) {
        const text = scenario.requestOf(next++)
        const sent = performance.now()
        const answer = await connection.send(text)
        latencies.push(performance.now() - sent)
        if (answer.status !== 200) errors.push(`${answer.status} ${answer.body.slice(0, 200)}`)
      }
    }),
  )
  const seconds = (performance.now() - started) / 1000
  const cpuAfter = cpuSeconds(server.pid ?? 0)
  for (const connection of opened) connection.close()
  latencies.sort((a, b) => a - b)
  const at = (share: number) => (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1)
  const perRequest = (before: number, after: number) => (((after - before) / scenario.count) * 1e6).toFixed(0)
  console.log(
    `${scenario.name.padEnd(24)} ${(scenario.count / seconds).toFixed(0).padStart(6)} req/s   ` +
      `p50 ${at(0.5)} p95 ${at(0.95)} p99 ${at(0.99)} ms   ` +
      `CPU us/request: server ${perRequest(cpuBefore.server, cpuAfter.server)}, ` +
      `database ${perRequest(cpuBefore.database, cpuAfter.database)}   errors ${errors.length}`,
  )
  if (errors[0]) console.log(`  first error: ${errors[0]}`)
}
