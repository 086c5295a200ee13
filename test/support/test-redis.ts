import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'

/** Keys of a test's own on the server that `TEST_REDIS_URL` names. */
export interface TestRedis {
  /** The environment variables that make an app use them. */
  readonly variables: Readonly<Record<string, string>>
  drop(): Promise<void>
}

/** Goes with MySQL, as in production; null where no server is named: a file then stands in. */
export function testRedis(): TestRedis | null {
  const url = process.env['TEST_REDIS_URL']
  if (!url) return null
  const prefix = `payment_api_test_${randomBytes(6).toString('hex')}:`
  return {
    variables: { REDIS_URL: url, REDIS_PREFIX: prefix },
    drop: async () => {
      const redis = new Redis(url)
      try {
        const keys = await redis.keys(`${prefix}*`)
        if (keys.length > 0) await redis.del(...keys)
      } finally {
        redis.disconnect()
      }
    },
  }
}
