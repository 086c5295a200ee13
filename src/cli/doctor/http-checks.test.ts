import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examineRateLimits } from './http-checks.ts'

test('a rate limit that is off fails, each by its own name', () => {
  const said = (perMinute: number, loginPerMinute: number): string[] =>
    examineRateLimits({ perMinute, loginPerMinute }).map(({ passed, said: words }) => (passed ? 'passed' : words))
  assert.deepEqual(said(600, 30), ['passed'])
  assert.match(said(0, 30).join(), /^RATE_LIMIT_PER_MINUTE is 0/)
  assert.match(said(600, 0).join(), /^RATE_LIMIT_LOGIN_PER_MINUTE is 0/)
  assert.equal(said(0, 0).length, 2)
})
