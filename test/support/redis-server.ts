import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { RedisSingleConfig } from '../../src/kv/redis-config.ts'

/** A Redis of the test's own: it may be killed, frozen and started again without hurting anybody. */
export interface OwnRedis {
  readonly port: number
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  start(): Promise<void>
}

export const redisServerInstalled = spawnSync('redis-server', ['--version']).status === 0

/** The Redis that `TEST_REDIS_URL` names, or null: then the tests say loudly that they leave Redis out. */
export function testRedisConfig(): RedisSingleConfig | null {
  const text = process.env['TEST_REDIS_URL']
  if (!text) return null
  const url = new URL(text)
  return {
    mode: 'single',
    host: url.hostname,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
  }
}

export async function startRedis(
  t: TestContext,
  options: { args?: readonly string[]; sentinelConf?: string } = {},
): Promise<OwnRedis> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'payment-api-redis-'))
  let child: ChildProcess | null = null
  const killNow = () => child?.kill('SIGKILL')
  process.once('exit', killNow)

  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  const start = async () => {
    child = spawn('redis-server', commandLine({ port, folder, ...options }), { stdio: 'ignore' })
    await until(() => listens(port))
  }
  t.after(async () => {
    await kill()
    process.off('exit', killNow)
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return { port, kill, start, freeze: () => child?.kill('SIGSTOP'), thaw: () => child?.kill('SIGCONT') }
}

function commandLine(how: { port: number; folder: string; args?: readonly string[]; sentinelConf?: string }): string[] {
  const { port, folder, args = [], sentinelConf } = how
  if (sentinelConf !== undefined) {
    // A sentinel rewrites its own file, so it needs one.
    const file = join(folder, 'sentinel.conf')
    writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${folder}\n${sentinelConf}\n`)
    return [file, '--sentinel']
  }
  return ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no', ...args]
}

/** A port that nobody listens on; low enough that a cluster's second port, 10000 above it, exists. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    server.close()
    await once(server, 'close')
    if (address !== null && typeof address === 'object' && address.port < 55_000) return address.port
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Waits for a fact, looking again and again, and fails when it does not come. */
export async function until(fact: () => Promise<boolean>, options: { withinMs?: number } = {}): Promise<void> {
  const { withinMs = 15_000 } = options
  const start = performance.now()
  while (!(await fact())) {
    if (performance.now() - start > withinMs) throw new Error(`it did not come true within ${withinMs} ms: ${fact}`)
    await pause(20)
  }
}

/** Speaks just enough of the protocol to be asked its version: an old server that nobody can install any more. */
export async function startRedisOfVersion(t: TestContext, version: string): Promise<{ port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      // One command is `*<n>` and then n pairs of `$<length>` and a word; its first word is enough here.
      for (const [, word = ''] of bytes.toString().matchAll(/\*\d+\r\n\$\d+\r\n([^\r]+)\r\n/g)) {
        socket.write(answerOfOldRedis(word.toUpperCase(), version))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port }
}

function answerOfOldRedis(command: string, version: string): string {
  if (command === 'HELLO') return '-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n'
  if (command !== 'INFO') return '+OK\r\n'
  const info = `# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\nloading:0\r\n`
  return `$${info.length}\r\n${info}\r\n`
}
