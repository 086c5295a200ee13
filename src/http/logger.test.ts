import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openLogger } from './logger.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logger-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const LOGGER = new URL('./logger.ts', import.meta.url).href

/** Runs a script in a process of its own, because the logger writes to that process's own console. */
async function run(
  env: string,
  settings: { level: string; file: string | null },
  script: string,
  stderr: 'read' | 'unread' | number = 'read',
) {
  const source = `
    const { openLogger } = await import(${JSON.stringify(LOGGER)})
    const { logger, close } = await openLogger(${JSON.stringify({ env, logging: settings })})
    ${script}
    await close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', typeof stderr === 'number' ? stderr : 'pipe'],
  })
  if (stderr === 'unread') child.stderr?.destroy()
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  const [code] = await once(child, 'close')
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
}

const REQUEST = `{ method: 'GET', url: '/login?loginCode=123456', headers: { authorization: 'Bearer abcdef' } }`

test('local writes lines for people, without colour where nobody watches, and without secrets', async () => {
  const { code, out, err } = await run(
    'local',
    { level: 'info', file: null },
    `logger.info({ req: ${REQUEST}, reqId: 'r-1' }, 'incoming from ann@mail.example')
     logger.debug('too quiet to be heard')`,
  )
  assert.equal(code, 0, err)
  assert.match(out, /INFO.*: incoming from \[mail\].*"reqId":"r-1"/)
  assert.match(out, /"url":"\/login"/)
  assert.doesNotMatch(out, /123456|abcdef|ann@|too quiet/)
  assert.ok(!out.includes('\u001b'))
})

test('online writes JSON with ISO time to standard error and the same lines to the file', async () => {
  const { code, out, err } = await run(
    'online',
    { level: 'warn', file: join(folder, 'logs', 'pay.log') },
    `logger.info('not at warn')
     logger.child({ reqId: 'r-2', token: 'zz-top' }).warn({ res: { statusCode: 503 }, deep: { appSecrets: ['s1'] } }, 'slow')
     const cause = new Error('inner')
     logger.error(Object.assign(new Error('boom', { cause }), { code: 'ECONN', sql: 'select 1', parameters: ['pii'] }))`,
  )
  assert.equal(code, 0, err)
  assert.equal(out, '')
  const lines = err
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map((line) => line.level),
    ['warn', 'error'],
  )
  assert.match(lines[0].time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.deepEqual([lines[0].reqId, lines[0].token, lines[0].deep], ['r-2', '[redacted]', { appSecrets: '[redacted]' }])
  assert.deepEqual([lines[1].err.code, lines[1].err.cause.message, lines[1].err.sql], ['ECONN', 'inner', undefined])
  assert.deepEqual(await readdir(join(folder, 'logs')), ['pay.1.log'])
  assert.equal(await readFile(join(folder, 'logs', 'pay.1.log'), 'utf8'), err)
})

test('a log file that cannot be written is refused in words, naming LOG_FILE', async () => {
  await writeFile(join(folder, 'taken'), '')
  const settings = { env: 'online', logging: { level: 'warn', file: join(folder, 'taken', 'pay.log') } } as const
  await assert.rejects(openLogger(settings), /LOG_FILE: .*taken.* cannot be written .* LOG_FILE=off/)
})

test('lines after the end are dropped, and closing twice harms nothing', async () => {
  const { code, err } = await run('online', { level: 'warn', file: null }, `await close(); logger.warn('late')`)
  assert.deepEqual([code, err], [0, ''])
})

const MANY_LINES = `for (let i = 0; i < 3000; i += 1) logger.warn({ i, text: 'x'.repeat(1000) }, 'lost')
  await new Promise((resolve) => setImmediate(resolve))
  process.stdout.write('alive')`

test('nobody reads standard error any more, and the process lives on', async () => {
  const { code, out } = await run('online', { level: 'warn', file: null }, MANY_LINES, 'unread')
  assert.deepEqual([code, out], [0, 'alive'])
})

test('the disk under standard error is full, and the process lives on', async (t) => {
  if (!existsSync('/dev/full')) return t.diagnostic('NOT RUN: this system has no /dev/full')
  const full = await open('/dev/full', 'w')
  try {
    const { code, out } = await run('online', { level: 'warn', file: null }, MANY_LINES, full.fd)
    assert.deepEqual([code, out], [0, 'alive'])
  } finally {
    await full.close()
  }
})
