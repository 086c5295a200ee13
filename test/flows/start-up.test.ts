import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import BetterSqlite from 'better-sqlite3'
import { type FinishedProcess, runProgram, startChildServer, temporaryDirectory } from '../support/child-server.ts'

const ONLINE = {
  ENV: 'online',
  HOST: '127.0.0.1',
  PORT: '0',
  LOG_FILE: 'off',
  JWT_SECRET: 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0Gf7Qe',
  APPS: '[{"appId":"com.example.game","appSecret":"u3Jx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeXa"}]',
}

const startServer = (variables: Readonly<Record<string, string>>): Promise<FinishedProcess> =>
  runProgram('src/main.ts', { variables })

/** A refusal is for the operator: exit code 1, words on standard error, and never a stack. */
function assertRefused({ code, signal, stdout, stderr }: FinishedProcess): void {
  assert.equal(code, 1, `code ${code}, signal ${signal}:\n${stdout}\n${stderr}`)
  assert.doesNotMatch(stdout, /is running at/)
  assert.doesNotMatch(stderr, /^\s+at /m, 'no stack')
}

/** The one line of a refusal for a single reason. */
function assertOneLine(finished: FinishedProcess): string {
  assertRefused(finished)
  const lines = finished.stderr.trimEnd().split('\n')
  assert.equal(lines.length, 1, finished.stderr)
  return lines[0] ?? ''
}

async function occupiedPort(t: TestContext): Promise<string> {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const address = other.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return String(address.port)
}

function assertFaults(stderr: string, variables: readonly string[]): void {
  const named = [...stderr.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, variable]) => variable)
  assert.deepEqual([...new Set(named)].sort(), [...variables].sort(), stderr)
  assert.equal(stderr.match(/^ {4}Remedy: \S/gm)?.length, named.length, `each fault has its remedy:\n${stderr}`)
}

test('a bad configuration is refused with every fault at once, each with its remedy', async () => {
  const finished = await startServer({
    PORT: '99999',
    WORKERS: 'many',
    DATABASE_URL: 'postgres://localhost/shop',
    APPS: '[{"appId": ',
    LOG_LEVEL: 'loud',
    CORS_ORIGINS: 'https://shop.example.com/path',
  })
  assertRefused(finished)
  assertFaults(finished.stderr, ['PORT', 'WORKERS', 'DATABASE_URL', 'APPS', 'LOG_LEVEL', 'CORS_ORIGINS'])
})

test('a taken port is named together with the other faults', async (t) => {
  const port = await occupiedPort(t)
  const finished = await startServer({ PORT: port, WORKERS: 'many', LOG_LEVEL: 'loud' })
  assertRefused(finished)
  assertFaults(finished.stderr, ['PORT', 'WORKERS', 'LOG_LEVEL'])
  assert.match(finished.stderr, new RegExp(`port ${port} .* is taken`))
})

test('a taken port alone is refused before anything is made', async (t) => {
  const directory = temporaryDirectory(t)
  const database = join(directory, 'never.db')
  const finished = await startServer({ PORT: await occupiedPort(t), DATABASE_URL: `sqlite:///${database}` })
  assertRefused(finished)
  assertFaults(finished.stderr, ['PORT'])
  assert.throws(() => new BetterSqlite(database, { fileMustExist: true }))
})

test('online without secrets is refused, naming each', async (t) => {
  const directory = temporaryDirectory(t)
  const finished = await startServer({
    ENV: 'online',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: `sqlite:///${join(directory, 'payment.db')}`,
  })
  assertRefused(finished)
  assertFaults(finished.stderr, ['JWT_SECRET', 'APPS'])
})

test('online refuses the secrets, the origins and the channel of local', async (t) => {
  const secret = 'local-app-secret'
  const finished = await startServer({
    ...ONLINE,
    DATABASE_URL: `sqlite:///${join(temporaryDirectory(t), 'payment.db')}`,
    JWT_SECRET: 'short-secret',
    APPS: `[{"appId":"com.example.game","appSecret":"${secret}"}]`,
    CHANNELS: '{"sandbox":{}}',
    CORS_ORIGINS: '*',
    WORKERS: '2',
  })
  assertRefused(finished)
  assertFaults(finished.stderr, ['JWT_SECRET', 'APPS', 'CHANNELS', 'CORS_ORIGINS', 'WORKERS'])
  assert.ok(!finished.stderr.includes(secret) && !finished.stderr.includes('short-secret'), 'a secret is never quoted')
})

test('online with an empty database says `npm run migrate`', async (t) => {
  const url = `sqlite:///${join(temporaryDirectory(t), 'payment.db')}`
  assert.match(assertOneLine(await startServer({ ...ONLINE, DATABASE_URL: url })), /`npm run migrate`/)
})

test('online with an older schema says `npm run migrate`', async (t) => {
  const server = await startChildServer(t)
  await server.kill('SIGTERM')
  changeDatabase(
    server.directory,
    'delete from schema_migrations where name = (select max(name) from schema_migrations)',
  )
  const line = assertOneLine(await startServer({ ...ONLINE, DATABASE_URL: urlOf(server.variables) }))
  assert.match(line, /lacks 1 schema steps?: run `npm run migrate`/)
})

test('a database from a newer release is refused in one line, in local and in online', async (t) => {
  const server = await startChildServer(t)
  await server.kill('SIGTERM')
  changeDatabase(
    server.directory,
    "insert into schema_migrations (name, timestamp) values ('9000-from-the-future.01', '')",
  )
  for (const variables of [{ PORT: '0' }, ONLINE]) {
    const line = assertOneLine(await startServer({ ...variables, DATABASE_URL: urlOf(server.variables) }))
    assert.match(line, /from a newer release .*9000-from-the-future/)
  }
})

test('a database folder that cannot be made is one clear line', async (t) => {
  const file = join(temporaryDirectory(t), 'a-file')
  writeFileSync(file, '')
  const line = assertOneLine(await startServer({ PORT: '0', DATABASE_URL: `sqlite:///${join(file, 'payment.db')}` }))
  assert.ok(line.includes(join(file, 'payment.db')), line)
})

// The superuser may write everywhere, so the refusal cannot be provoked by permissions there.
const isSuperuser = process.getuid?.() === 0
if (isSuperuser)
  process.stderr.write('LEFT OUT as superuser: a folder without the right to write (the next test stands in)\n')
else {
  test('a database folder without the right to write is one clear line', async (t) => {
    const directory = temporaryDirectory(t)
    chmodSync(directory, 0o555)
    t.after(() => chmodSync(directory, 0o755))
    const file = join(directory, 'payment.db')
    const line = assertOneLine(await startServer({ PORT: '0', DATABASE_URL: `sqlite:///${file}` }))
    assert.ok(line.includes(file), line)
  })
}

test('a database file that is none is one clear line', async (t) => {
  const file = join(temporaryDirectory(t), 'payment.db')
  writeFileSync(file, 'these are notes, not a database\n'.repeat(100))
  const line = assertOneLine(await startServer({ PORT: '0', DATABASE_URL: `sqlite:///${file}` }))
  assert.ok(line.includes(file), line)
})

test('a log file that cannot be written is one clear line', async (t) => {
  const directory = temporaryDirectory(t)
  const file = join(directory, 'a-file')
  writeFileSync(file, '')
  const variables = {
    PORT: '0',
    DATABASE_URL: `sqlite:///${join(directory, 'payment.db')}`,
    LOG_FILE: join(file, 'log'),
  }
  assert.match(assertOneLine(await startServer(variables)), /LOG_FILE: .* cannot be written/)
})

test('a restart keeps everybody logged in, and the secret that signs tokens', async (t) => {
  const server = await startChildServer(t)
  const { token, uid } = await server.logIn('survivor')
  const gameServer = await server.serverToken()
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await server.kill(signal)
    await server.start()
    const again = await server.call('POST', '/api/v1/refresh', { token, body: {} })
    assert.equal(again.status, 200, `after ${signal}: ${JSON.stringify(again.body)}`)
    assert.equal(again.body.uid, uid)
    const asked = await server.call('POST', '/api/v1/refresh', { token: gameServer, body: { uid } })
    assert.equal(asked.status, 200, `after ${signal}: ${JSON.stringify(asked.body)}`)
  }
})

test('the time from the start of the process to its first answer is measured', async (t) => {
  const server = await startChildServer(t)
  await server.kill('SIGTERM')
  const startedMs = performance.now()
  await server.start()
  const answer = await server.call('GET', '/health')
  assert.deepEqual(answer.body, { status: 'healthy', message: 'Payment API is running' })
  const ms = Math.round(performance.now() - startedMs)
  t.diagnostic(`start to first answer: ${ms} ms (the design asks for under 1500 on an idle machine)`)
})

function urlOf(variables: Readonly<Record<string, string>>): string {
  const { DATABASE_URL: url = '' } = variables
  return url
}

function changeDatabase(directory: string, sql: string): void {
  const file = new BetterSqlite(join(directory, 'payment.db'), { fileMustExist: true })
  assert.equal(file.prepare(sql).run().changes, 1)
  file.close()
}
