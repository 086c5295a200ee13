import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import { assertDone, assertRefused } from '../support/answers.ts'
import { redisServerInstalled, startRedis } from '../support/redis-server.ts'
import { startApp } from '../support/test-app.ts'

test('a call by a player asks Redis once, a call by a server and a refused token never', async (t) => {
  if (!redisServerInstalled) {
    process.stderr.write('LEFT OUT: look-ups in Redis, as redis-server is not installed\n')
    return
  }
  const redis = await startRedis(t)
  const url = `redis://127.0.0.1:${redis.port}/0`
  // By hand: a job would take its lease among the commands that are counted.
  const app = await startApp({ variables: { REDIS_URL: url }, jobs: 'by_hand' })
  t.after(() => app.close())
  const own = new Redis(url)
  const monitor = await own.monitor()
  t.after(() => {
    own.disconnect()
    monitor.disconnect()
  })
  const seen: string[] = []
  const marks = new Map<string, () => void>()
  monitor.on('monitor', (_: string, args: string[]) => {
    const mark = args[0]?.toLowerCase() === 'echo' ? marks.get(args[1] ?? '') : undefined
    if (mark) mark()
    else seen.push(args.join(' '))
  })
  /** The commands that Redis has carried out while the work was done. */
  const during = async (work: () => Promise<unknown>): Promise<string[]> => {
    const reach = async (name: string): Promise<void> => {
      const reached = new Promise<void>((resolve) => marks.set(name, resolve))
      await own.echo(name)
      await reached
    }
    await reach(`before-${marks.size}`)
    seen.length = 0
    await work()
    await reach(`after-${marks.size}`)
    return [...seen]
  }

  const { token, uid } = await app.logIn('looked-up')
  const server = await app.serverToken()
  const gift = () => app.call('GET', '/api/v1/daily_gift', { token })
  for (const how of ['for the first time', 'from the cache']) {
    const commands = await during(async () => assertDone(await gift()))
    assert.equal(commands.length, 1, `${how}: ${commands.join('; ')}`)
    assert.match(commands[0] ?? '', /^get \S+:session:ses_/i)
  }
  const none = await during(async () => {
    assertDone(await app.call('GET', `/api/v1/server/users/${uid}`, { token: server }))
    assertRefused(await app.call('GET', '/api/v1/daily_gift', { token: `${token}x` }), 401, 'unauthorized')
  })
  assert.deepEqual(none, [])
  // What is ended by another process is over at the next call: the look-up is never left out.
  const key = (await own.keys('*:session:*')).at(0) ?? ''
  await own.del(key)
  assertRefused(await gift(), 401, 'session_revoked')
})
