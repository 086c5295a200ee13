import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { type Answer, APP_ID, APP_SECRET, type CallOptions, request } from './test-app.ts'

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process that has run to its end, with everything that it said. */
export interface FinishedProcess extends Exit {
  readonly stdout: string
  readonly stderr: string
}

/** A server in a process of its own: what a test may kill, signal and start again on the same files. */
export interface ChildServer {
  /** Another one after each start: every start takes a free port. */
  readonly url: string
  readonly pid: number
  /** The folder of its database; gone after the test. */
  readonly directory: string
  readonly variables: Readonly<Record<string, string>>
  /** From the start of the process to its line "is running at". */
  readonly startedInMs: number
  stdout(): string
  stderr(): string
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** A token of the game's own server: it needs no session. */
  serverToken(): Promise<string>
  logIn(loginId: string): Promise<{ token: string; uid: string }>
  signal(signal: NodeJS.Signals): void
  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Exit>
  /** Waits for the end, however it comes. */
  exited(): Promise<Exit>
  start(): Promise<void>
}

const ROOT = resolve(import.meta.dirname, '../..')
// A cold start on a busy machine; the design's own figure is far below.
const START_WITHIN_MS = 30_000
const END_WITHIN_MS = 60_000
const RUNNING_LINE = / is running at (http:\/\/\S*\d)/

/** Whatever undoes things when it ends: a test, or a suite. */
export interface Cleanup {
  after(work: () => unknown): void
}

/** A folder that is gone after the test. */
export function temporaryDirectory(t: Cleanup): string {
  const directory = mkdtempSync(join(tmpdir(), 'payment-api-child-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Starts `src/main.ts` on a free port with a database of its own, and stops it after the test. */
export async function startChildServer(
  t: TestContext,
  options: { variables?: Readonly<Record<string, string>> } = {},
): Promise<ChildServer> {
  const directory = mkdtempSync(join(tmpdir(), 'payment-api-child-'))
  const variables: Record<string, string> = {
    PORT: '0',
    DATABASE_URL: `sqlite:///${join(directory, 'payment.db')}`,
    LOG_REQUESTS: '0',
    ...options.variables,
  }
  let running: Running | null = null
  const current = (): Running => {
    if (running === null) throw new Error('the server was never started')
    return running
  }
  const signal = (name: NodeJS.Signals): void => void current().child.kill(name)
  const call = (method: string, path: string, callOptions?: CallOptions): Promise<Answer> =>
    request(current().url + path, { method, ...callOptions })
  const tokenFor = async (body: object): Promise<string> => {
    const answer = await call('POST', '/api/v1/token', { body })
    if (answer.status !== 200) throw new Error(`no token: ${JSON.stringify(answer.body)}`)
    return answer.body.token
  }
  const start = async (): Promise<void> => {
    running = await startProcess(variables)
  }
  // Before the first start: one that fails half-way is cleaned up too.
  t.after(async () => {
    if (running && !hasEnded(running.child)) {
      running.child.kill('SIGKILL')
      await running.ended
    }
    rmSync(directory, { recursive: true, force: true })
  })
  await start()
  return {
    get url() {
      return current().url
    },
    get pid() {
      return pidOf(current().child)
    },
    get startedInMs() {
      return current().startedInMs
    },
    directory,
    variables,
    stdout: () => current().said.stdout,
    stderr: () => current().said.stderr,
    call,
    serverToken: () => tokenFor({ appId: APP_ID, appSecret: APP_SECRET }),
    logIn: async (loginId) => {
      const token = await tokenFor({ appId: APP_ID })
      const answer = await call('POST', '/api/v1/login', { token, body: { loginType: 1, loginId } })
      if (answer.status !== 200) throw new Error(`login failed: ${JSON.stringify(answer.body)}`)
      return { token, uid: answer.body.uid }
    },
    signal,
    kill: (name) => {
      signal(name)
      return current().ended
    },
    exited: () => current().ended,
    start,
  }
}

/** Runs one of our own programs to its end, with nothing in its environment but what is named. */
export async function runProgram(
  file: string,
  options: { args?: readonly string[]; variables?: Readonly<Record<string, string>>; cwd?: string } = {},
): Promise<FinishedProcess> {
  const { args = [], variables = {}, cwd } = options
  const child = spawnProgram([join(ROOT, file), ...args], variables, cwd)
  return await finished(child)
}

/** Runs one of our own programs to its end, with nobody who reads what it prints. */
export async function runProgramUnread(
  file: string,
  { variables, args = [] }: { variables: Readonly<Record<string, string>>; args?: readonly string[] },
): Promise<{ code: number | null; stderr: string }> {
  const child = spawnProgram([join(ROOT, file), ...args], variables)
  child.stdout?.destroy()
  const { code, stderr } = await finished(child)
  return { code, stderr }
}

/** Runs a command to its end, killing it when it takes too long. */
export async function runCommand(
  command: string,
  options: { args: readonly string[]; variables?: Readonly<Record<string, string>> },
): Promise<FinishedProcess> {
  const child = spawn(command, options.args, {
    cwd: ROOT,
    env: cleanEnvironment(options.variables ?? {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return await finished(child)
}

interface Running {
  readonly child: ChildProcess
  readonly url: string
  readonly startedInMs: number
  readonly said: { stdout: string; stderr: string }
  readonly ended: Promise<Exit>
}

async function startProcess(variables: Readonly<Record<string, string>>): Promise<Running> {
  const startedMs = performance.now()
  const child = spawnProgram([join(ROOT, 'src/main.ts')], variables)
  const said = listen(child)
  const ended = endOf(child)
  const { promise, resolve: tell } = Promise.withResolvers<string | null>()
  child.stdout?.on('data', () => {
    const url = RUNNING_LINE.exec(said.stdout)?.[1]
    if (url !== undefined) tell(url)
  })
  const timer = setTimeout(() => tell(null), START_WITHIN_MS)
  const url = await Promise.race([promise, ended.then(() => null)])
  clearTimeout(timer)
  if (url === null) {
    child.kill('SIGKILL')
    const { code, signal } = await ended
    throw new Error(`the server did not start (code ${code}, signal ${signal}):\n${said.stdout}\n${said.stderr}`)
  }
  return { child, url, said, ended, startedInMs: performance.now() - startedMs }
}

function spawnProgram(args: readonly string[], variables: Readonly<Record<string, string>>, cwd = ROOT): ChildProcess {
  const child = spawn(process.execPath, args, {
    cwd,
    env: cleanEnvironment(variables),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // A test run that is broken off leaves nothing behind.
  const killNow = (): void => void child.kill('SIGKILL')
  process.once('exit', killNow)
  child.once('exit', () => process.off('exit', killNow))
  return child
}

/** What the machine has set for its own purposes must not configure the server under test. */
function cleanEnvironment(variables: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: tmpdir(), ...variables }
}

function listen(child: ChildProcess): { stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  return said
}

async function endOf(child: ChildProcess): Promise<Exit> {
  // `close` comes once the last of its words have been read too.
  await once(child, 'close')
  return { code: child.exitCode, signal: child.signalCode }
}

async function finished(child: ChildProcess): Promise<FinishedProcess> {
  const said = listen(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS)
  const exit = await endOf(child)
  clearTimeout(timer)
  return { ...exit, ...said }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the process has no number')
  return child.pid
}
