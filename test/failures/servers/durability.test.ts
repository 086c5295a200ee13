import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runProgram } from '../../support/child-server.ts'
import { mariadbInstalled, serversInstalled, startMariadb } from '../../support/mariadb-server.ts'
import { redisServerInstalled, startRedis } from '../../support/redis-server.ts'

interface Told {
  readonly check: string
  readonly passed: boolean
  readonly said: string
  readonly notes: readonly string[]
}

test('the doctor fails a database that answers a commit before it is on disk, and notes what a restart of Redis costs', async (t) => {
  if (!serversInstalled({ mariadbd: mariadbInstalled, 'redis-server': redisServerInstalled })) return
  const [mariadb, redis] = await Promise.all([
    startMariadb(t, ['--innodb-flush-log-at-trx-commit=1']),
    startRedis(t, { args: ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'] }),
  ])
  const variables = { ENV: 'local', DATABASE_URL: mariadb.url, REDIS_URL: `redis://127.0.0.1:${redis.port}/0` }
  const rowsOf = async (check: string): Promise<Told[]> => {
    const { stdout } = await runProgram('src/cli/doctor.ts', { args: ['--json'], variables })
    return (JSON.parse(stdout).rows as Told[]).filter((row) => row.check === check)
  }
  const [sound] = await rowsOf('durability')
  assert.equal(sound?.passed, true)
  assert.match(sound?.said ?? '', /^MariaDB \d+\.\d+/)
  assert.match(sound?.notes.join() ?? '', /no binary log/)

  await mariadb.ask('set global innodb_flush_log_at_trx_commit = 2')
  assert.match((await rowsOf('durability')).map(({ said }) => said).join(), /innodb_flush_log_at_trx_commit is 2/)
  await mariadb.stop()
  await mariadb.start(['--skip-innodb-doublewrite', '--log-bin', '--sync-binlog=0'])
  const [torn, ...more] = await rowsOf('durability')
  assert.deepEqual([torn?.passed, more.length], [false, 0])
  assert.match(torn?.said ?? '', /innodb_doublewrite is OFF/)

  const [sessions] = await rowsOf('sessions')
  assert.equal(sessions?.passed, true)
  assert.match(sessions?.notes.join() ?? '', /append-only file.*allkeys-lru/)
  assert.equal((await rowsOf('clock'))[0]?.said, 'the clock is plausible, beside the database and Redis')
})
