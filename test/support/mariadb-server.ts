import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { until } from './redis-server.ts'

/** A MariaDB of the test's own: it may be killed, frozen and started again on the same data without hurting anybody. */
export interface OwnMariadb {
  readonly port: number
  readonly pid: number
  readonly dataDirectory: string
  /** An empty schema, with a user who may do everything in it and nothing else. */
  readonly url: string
  /** What an operator does as root, in that schema, on a connection of its own. */
  ask(sql: string, values?: readonly (string | number)[]): Promise<RowDataPacket[]>
  kill9(): Promise<void>
  /** Shuts it down in good order. */
  stop(): Promise<void>
  /** Starts it again on the same data; with other options when they are given. */
  start(options?: readonly string[]): Promise<void>
  /** Freezes the process: connections are taken by the system, and nobody answers. */
  pause(): void
  resume(): void
}

// Debian puts servers where an ordinary user's path does not look.
const ENVIRONMENT = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }
const START_WITHIN_MS = 60_000
const SCHEMA = 'payments'
const SMALL = ['--innodb-buffer-pool-size=64M', '--performance-schema=OFF', '--skip-log-bin']
// From the first start on, so that each of many servers takes little room.
const SMALL_FILES = ['--innodb-log-file-size=8M', '--innodb-data-file-path=ibdata1:10M:autoextend']

export const mariadbInstalled = spawnSync('mariadbd', ['--version'], { env: ENVIRONMENT }).status === 0

/** False with one loud line where a server is missing; with `REQUIRE_ALL=1` that is a failure. */
export function serversInstalled(servers: Readonly<Record<string, boolean>>): boolean {
  const missing = Object.keys(servers).filter((name) => !servers[name])
  if (missing.length === 0) return true
  assert.ok(process.env['REQUIRE_ALL'] !== '1', `REQUIRE_ALL=1 and ${missing.join(' and ')} is not installed`)
  process.stderr.write(`LEFT OUT: faults of real servers, as ${missing.join(' and ')} is not installed\n`)
  return false
}

/** Makes a data directory, starts `mariadbd` on a free port of loopback, and removes both after the test. */
export async function startMariadb(t: TestContext, options: readonly string[] = []): Promise<OwnMariadb> {
  const folder = mkdtempSync(join(tmpdir(), 'payment-api-mariadb-'))
  const data = join(folder, 'data')
  const port = await freePort()
  const password = randomBytes(12).toString('hex')
  let child: ChildProcess | null = null
  const killNow = (): void => void child?.kill('SIGKILL')
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  const ask = (sql: string, values: readonly (string | number)[] = []) => askAsRoot(port, { sql, values })
  const start = async (again: readonly string[] = options): Promise<void> => {
    const log = join(folder, 'log')
    child = spawn('mariadbd', commandLine({ data, port, log, options: again }), { stdio: 'ignore', env: ENVIRONMENT })
    const started = child
    await until(
      async () => {
        if (started.exitCode !== null) throw new Error(`mariadbd ended:\n${readFileSync(log, 'utf8').slice(-2000)}`)
        return await answers(port)
      },
      { withinMs: START_WITHIN_MS },
    )
  }
  process.once('exit', killNow)
  t.after(async () => {
    await end('SIGKILL')
    process.off('exit', killNow)
    rmSync(folder, { recursive: true, force: true })
  })
  installData({ folder, data })
  await start()
  await ask(`create user payments@'127.0.0.1' identified by '${password}'`)
  await ask(`grant all on ${SCHEMA}.* to payments@'127.0.0.1'`)
  return {
    port,
    get pid() {
      return child?.pid ?? 0
    },
    dataDirectory: data,
    url: `mysql://payments:${password}@127.0.0.1:${port}/${SCHEMA}`,
    ask,
    kill9: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  }
}

/** It refuses to run as root, and its package has made a user for it. */
function serverUser(): string {
  const { username } = userInfo()
  return username === 'root' ? 'mysql' : username
}

function installData({ folder, data }: { folder: string; data: string }): void {
  chmodSync(folder, 0o755)
  mkdirSync(data)
  const user = serverUser()
  run('chown', [user, folder, data])
  const who = [`--user=${user}`, `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db']
  run('mariadb-install-db', ['--no-defaults', ...who, `--tmpdir=${folder}`, ...SMALL_FILES])
}

function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env: ENVIRONMENT })
  assert.equal(status, 0, `${command}: ${error?.message ?? ''}\n${stdout}\n${stderr}`)
}

function commandLine(how: { data: string; port: number; log: string; options: readonly string[] }): string[] {
  const { data, port, log, options } = how
  // A server that starts deletes the temporary tables that it finds, and in /tmp those are another server's.
  const temporary = `--tmpdir=${dirname(data)}`
  const place = [
    temporary,
    `--datadir=${data}`,
    `--socket=${join(data, 'server.sock')}`,
    `--pid-file=${join(data, 'server.pid')}`,
  ]
  const network = ['--bind-address=127.0.0.1', `--port=${port}`, `--log-error=${log}`]
  return ['--no-defaults', `--user=${serverUser()}`, ...place, ...network, ...SMALL, ...SMALL_FILES, ...options]
}

async function askAsRoot(
  port: number,
  { sql, values }: { sql: string; values: readonly (string | number)[] },
): Promise<RowDataPacket[]> {
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'root', connectTimeout: 5_000 })
  // A server that is killed under it is what some tests are about.
  connection.on('error', () => {})
  try {
    await connection.query(`create database if not exists ${SCHEMA}`)
    await connection.query(`use ${SCHEMA}`)
    const [rows] = await connection.query(sql, [...values])
    return rows as RowDataPacket[]
  } finally {
    connection.destroy()
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    await askAsRoot(port, { sql: 'select 1', values: [] })
    return true
  } catch {
    return false
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
