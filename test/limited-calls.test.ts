import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VARIABLES } from '../src/config/schema.ts'
import { accountRoutes } from '../src/features/account/routes.ts'
import { sessionRoutes } from '../src/features/sessions/routes.ts'
import { type FeatureRoutes, routes } from '../src/http/routes.ts'

/** A feature whose calls are no login's: whatever is asked of it has no limit of its own. */
const OTHERS = new Proxy({}, { get: () => ({ limit: undefined }) }) as never

test('RATE_LIMIT_LOGIN_PER_MINUTE names every call that it counts, in both languages, and no other', () => {
  const parts = { sessions: sessionRoutes({} as never), account: accountRoutes({} as never) }
  const all = routes(new Proxy(parts, { get: (of, name) => Reflect.get(of, name) ?? OTHERS }) as FeatureRoutes)
  const counted = all.flatMap(([, url, { limit }]) => (limit === 'login' ? [url.replace('/api/v1/', '')] : []))
  const { en, zh } = VARIABLES.RATE_LIMIT_LOGIN_PER_MINUTE
  for (const words of [en, zh]) {
    const named = [...words.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    assert.deepEqual(named.toSorted(), [...new Set(counted)].toSorted())
  }
})
