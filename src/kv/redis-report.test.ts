import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redisServerInstalled, startRedis } from '../../test/support/redis-server.ts'
import { reportRedis } from './redis-report.ts'

const POLICIES: readonly [policy: string, maxmemory: string, drops: boolean][] = [
  ['noeviction', '20mb', false],
  ['volatile-lru', '0', false],
  ['volatile-lru', '20mb', true],
  ['volatile-ttl', '20mb', true],
  ['volatile-random', '20mb', true],
  ['allkeys-lfu', '20mb', true],
]

test('a Redis that drops sessions when it is full is told of, whatever its policy is called', async (t) => {
  if (!redisServerInstalled) {
    assert.ok(process.env['REQUIRE_ALL'] !== '1', 'REQUIRE_ALL=1 and redis-server is not installed')
    process.stderr.write('LEFT OUT: what a Redis says of itself, as redis-server is not installed\n')
    return
  }
  for (const [policy, maxmemory, drops] of POLICIES) {
    const args = ['--maxmemory', maxmemory, '--maxmemory-policy', policy]
    const { port } = await startRedis(t, { args })
    const { notes } = await reportRedis({ mode: 'single', host: '127.0.0.1', port, db: 0 })
    const told = notes.filter((note) => note.includes(`maxmemory-policy ${policy}`))
    assert.equal(told.length, drops ? 1 : 0, `${policy} with ${maxmemory}: ${notes.join('; ')}`)
  }
})
