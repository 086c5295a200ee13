import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type FinishedProcess, runProgram, startChildServer } from '../../support/child-server.ts'
import { mariadbInstalled, type OwnMariadb, serversInstalled, startMariadb } from '../../support/mariadb-server.ts'
import { redisServerInstalled, startRedis } from '../../support/redis-server.ts'
import { variablesFor } from './deployment.ts'

/** A name that no resolver knows, by agreement. */
const NO_HOST = 'database.invalid'

test('a server or a schema that does not fit is refused at start in one clear line, with one worker and with two', async (t) => {
  if (!serversInstalled({ mariadbd: mariadbInstalled, 'redis-server': redisServerInstalled })) return
  const [mariadb, redis] = await Promise.all([startMariadb(t), startRedis(t)])
  const variables = variablesFor({ mariadb, redis })
  const isRefused = (what: string, changed: Readonly<Record<string, string>>, says: RegExp): Promise<void> =>
    t.test(what, async (phase) => {
      for (const workers of ['1', '2'])
        await assertRefusedAtStart(phase, { ...variables, ...changed, WORKERS: workers }, says)
    })
  const withUrl = (change: (url: URL) => void): Record<string, string> => {
    const url = new URL(mariadb.url)
    change(url)
    return { DATABASE_URL: url.href }
  }
  await isRefused(
    'a wrong password',
    withUrl((url) => {
      url.password = 'not-the-password'
    }),
    /refuses the user payments with this password/,
  )
  await isRefused(
    'an unknown host',
    withUrl((url) => {
      url.hostname = NO_HOST
    }),
    /the name database\.invalid is unknown/,
  )
  await isRefused(
    'an unknown database',
    withUrl((url) => {
      url.pathname = '/nowhere'
    }),
    /DATABASE_URL/,
  )
  await isRefused('a Redis that asks for a password', await lockedRedis(t), /password/)
  await mariadb.ask('set global read_only = 1')
  await isRefused('a read-only server without the tables', {}, /read-only/)
  await mariadb.ask('set global read_only = 0')

  await t.test('two workers make the tables together, and start', async (phase) => {
    const server = await startChildServer(phase, { variables: { ...variables, WORKERS: '2' } })
    assert.deepEqual(await server.kill('SIGTERM'), { code: 0, signal: null })
  })
  await mariadb.ask("insert into schema_migrations (name, timestamp) values ('9000-from-the-future.01', '')")
  await isRefused('a schema from a newer release', {}, /from a newer release .*9000-from-the-future/)
  await mariadb.ask("delete from schema_migrations where name like '9000-%'")
  await isRefused('a server without a free connection', await crowd(t, mariadb), /too many connections/)
})

async function lockedRedis(t: TestContext): Promise<Record<string, string>> {
  const { port } = await startRedis(t, { args: ['--requirepass', 'somebody-elses'] })
  return { REDIS_URL: `redis://127.0.0.1:${port}/0` }
}

/** No place is left for the service's user, as when others have taken them all. */
async function crowd(t: TestContext, mariadb: OwnMariadb): Promise<Record<string, string>> {
  await mariadb.ask("create user crowded@'127.0.0.1' identified by 'crowded' with max_user_connections 1")
  await mariadb.ask("grant all on payments.* to crowded@'127.0.0.1'")
  const { createConnection } = await import('mysql2/promise')
  const where = { host: '127.0.0.1', port: mariadb.port, user: 'crowded', password: 'crowded' }
  const guest = await createConnection(where)
  t.after(() => guest.destroy())
  return { DATABASE_URL: `mysql://crowded:crowded@127.0.0.1:${mariadb.port}/payments` }
}

/** One line on standard error and exit code 1: no stack, no second try, nobody told that it runs. */
async function assertRefusedAtStart(
  t: TestContext,
  variables: Readonly<Record<string, string>>,
  says: RegExp,
): Promise<void> {
  const startedMs = performance.now()
  const finished = await runProgram('src/main.ts', { variables })
  const line = oneLine(finished)
  assert.match(line, says)
  assert.ok(!line.includes('not-the-password'), 'a password is never shown')
  t.diagnostic(`${variables['WORKERS']} workers, after ${Math.round(performance.now() - startedMs)} ms: ${line}`)
}

function oneLine({ code, signal, stdout, stderr }: FinishedProcess): string {
  assert.equal(code, 1, `code ${code}, signal ${signal}:\n${stdout}\n${stderr}`)
  assert.doesNotMatch(stdout, /is running at/)
  const lines = stderr.trim().split('\n')
  assert.equal(lines.length, 1, stderr)
  return lines[0] ?? ''
}
