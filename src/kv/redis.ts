import { InvariantError, invariant } from '../kernel/invariant.ts'
import { type KeyValueStore, KeyValueUnavailable } from './kv.ts'
import {
  assertField,
  assertKey,
  assertMoments,
  assertStep,
  assertTtl,
  assertValue,
  MAP_KEY_PREFIX,
  momentKeys,
} from './limits.ts'
import { openRedisClient, type RedisClient } from './redis-client.ts'
import type { RedisConfig } from './redis-config.ts'

/** A player who waits behind a hung Redis gets the 503 within a fifth of a second, whatever else is slow. */
const CALL_TIMEOUT_MS = 150

/** One step on the server, so that nobody comes between the look and the write. ARGV[3] is '' for "stays". */
const COMPARE_AND_SET = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`

/** The count and its end together: a crash between the two would leave a counter that blocks somebody for ever. */
const INCREMENT = `
local fresh = redis.call('EXISTS', KEYS[1]) == 0
local count = redis.call('INCRBY', KEYS[1], ARGV[2])
if fresh then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count`

/** The field and the map's life together: a crash between the two would leave a map for ever. */
const SET_FIELD = `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('HLEN', KEYS[1])`

/** ARGV: now, how far ahead at most, and a step for each key. Text keeps the thousandths that a number would lose. */
const MOVE_MOMENTS = `
local now, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local ahead = {}
for i, key in ipairs(KEYS) do
  local stands = tonumber(redis.call('GET', key) or now)
  local moved = math.min(math.max(math.max(stands, now) + tonumber(ARGV[i + 2]), now), now + most)
  if moved > now then redis.call('SET', key, string.format('%.3f', moved), 'PX', math.ceil(moved - now))
  else redis.call('DEL', key) end
  ahead[i] = string.format('%.3f', moved - now)
end
return ahead`

interface Scripts {
  kvCompareAndSet(key: string, expected: string, next: string, ttl: string): Promise<number>
  kvIncrement(key: string, ttl: string, by: string): Promise<number>
  kvSetField(key: string, field: string, value: string, ttl: string): Promise<number>
  kvMoveMoments(keys: number, ...keysThenArguments: string[]): Promise<string[]>
}

/**
 * Every call either answers or rejects with KeyValueUnavailable in well under 200 ms, and works again by itself when
 * Redis is back. A rejected write may still have been carried out: Redis got it, and only the answer was lost.
 *
 * Each operation touches one key, or those of one hash tag, so in a cluster no two other keys need to share a slot. The
 * prefix is without braces, so that a hash tag (`{session-1}:refresh`) keeps its meaning.
 */
export async function openRedisStore(settings: { config: RedisConfig; prefix: string }): Promise<KeyValueStore> {
  const { config, prefix } = settings
  invariant(prefix.length > 0 && !/[{}]/.test(prefix), 'a Redis key prefix is not empty and has no braces')
  return redisStore(withScripts(await openRedisClient(config)), { prefix })
}

function withScripts(client: RedisClient): RedisClient & Scripts {
  client.defineCommand('kvCompareAndSet', { numberOfKeys: 1, lua: COMPARE_AND_SET })
  client.defineCommand('kvIncrement', { numberOfKeys: 1, lua: INCREMENT })
  client.defineCommand('kvSetField', { numberOfKeys: 1, lua: SET_FIELD })
  client.defineCommand('kvMoveMoments', { lua: MOVE_MOMENTS })
  return client as RedisClient & Scripts
}

function redisStore(client: RedisClient & Scripts, { prefix }: { prefix: string }): KeyValueStore {
  const nameOf = (key: string): string => {
    assertKey(key)
    return prefix + key
  }
  return {
    ...redisMaps(client, { prefix }),
    async get(key) {
      return await answered(client.get(nameOf(key)))
    },
    async set(key, value, { ttlMs }) {
      assertValue(value)
      assertTtl(ttlMs)
      const name = nameOf(key)
      await answered(ttlMs === null ? client.set(name, value) : client.set(name, value, 'PX', ttlMs))
    },
    async setIfAbsent(key, value, { ttlMs }) {
      assertValue(value)
      assertTtl(ttlMs)
      const name = nameOf(key)
      const write = ttlMs === null ? client.set(name, value, 'NX') : client.set(name, value, 'PX', ttlMs, 'NX')
      return (await answered(write)) === 'OK'
    },
    async compareAndSet(key, { expected, next, ttlMs }) {
      assertValue(next)
      assertTtl(ttlMs)
      const ttl = ttlMs === null ? '' : String(ttlMs)
      return (await answered(client.kvCompareAndSet(nameOf(key), expected, next, ttl))) === 1
    },
    async delete(key) {
      return (await answered(client.del(nameOf(key)))) === 1
    },
    async increment(key, { ttlMs, by = 1 }) {
      assertTtl(ttlMs)
      assertStep(by)
      return await answered(client.kvIncrement(nameOf(key), String(ttlMs), String(by)))
    },
    async moveMoments(group, moves, bounds) {
      assertMoments(moves, bounds)
      const names = momentKeys(group, moves).map(nameOf)
      if (names.length === 0) return []
      const steps = [bounds.nowMs, bounds.aheadMaxMs, ...moves.map(({ byMs }) => byMs)].map((ms) => ms.toFixed(3))
      return (await answered(client.kvMoveMoments(names.length, ...names, ...steps))).map(Number)
    },
    async ping() {
      await answered(client.ping())
    },
    async close() {
      // What is under way may finish; a Redis that does not answer gets no goodbye.
      if (client.status === 'ready') await answered(client.quit()).catch(() => {})
      client.disconnect()
    },
  }
}

function redisMaps(
  client: RedisClient & Scripts,
  { prefix }: { prefix: string },
): Pick<KeyValueStore, 'setField' | 'fields' | 'deleteField'> {
  const nameOf = (key: string): string => {
    assertKey(key)
    return prefix + MAP_KEY_PREFIX + key
  }
  return {
    async setField(key, field, value, { ttlMs }) {
      assertField(field)
      assertValue(value)
      assertTtl(ttlMs)
      return await answered(client.kvSetField(nameOf(key), field, value, String(ttlMs)))
    },
    async fields(key) {
      return new Map(Object.entries(await answered(client.hgetall(nameOf(key)))))
    },
    async deleteField(key, field) {
      assertField(field)
      return (await answered(client.hdel(nameOf(key), field))) === 1
    },
  }
}

/** The command's answer, within bounds. */
function answered<T>(command: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // After a long tick of ours the answer may lie unread in the socket: one more turn of the loop lets it win.
      setImmediate(() => reject(new KeyValueUnavailable(`Redis gave no answer within ${CALL_TIMEOUT_MS} ms`)))
    }, CALL_TIMEOUT_MS)
    command.then(
      (answer) => {
        clearTimeout(timer)
        resolve(answer)
      },
      (error: Error) => {
        clearTimeout(timer)
        reject(failureOf(error))
      },
    )
  })
}

function failureOf(error: Error): Error {
  // The one reply that means a bug of ours, and not a broken machine.
  if (error.message.includes('value is not an integer')) {
    return new InvariantError('increment() on a key that holds no counter', { cause: error })
  }
  return new KeyValueUnavailable(`Redis is unavailable: ${error.message}`, { cause: error })
}
