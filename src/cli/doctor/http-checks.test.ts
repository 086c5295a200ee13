import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examineRateLimits } from './http-checks.ts'

test('a rate limit that is off fails, each by its own name', () => {
  const others = { playerPerMinute: 300, appPerMinute: 0, routes: {} }
  const said = (perMinute: number, loginPerMinute: number): string[] =>
    examineRateLimits({ perMinute, loginPerMinute, ...others }).map(({ passed, said: words }) =>
      passed ? 'passed' : words,
    )
  assert.deepEqual(said(600, 30), ['passed'])
  assert.match(said(0, 30).join(), /^RATE_LIMIT_PER_MINUTE is 0/)
  assert.match(said(600, 0).join(), /^RATE_LIMIT_LOGIN_PER_MINUTE is 0/)
  assert.equal(said(0, 0).length, 2)
})

test('a player without a limit, and an app with one, pass and are told', () => {
  const notes = (playerPerMinute: number, appPerMinute: number) =>
    examineRateLimits({ perMinute: 600, loginPerMinute: 30, playerPerMinute, appPerMinute, routes: {} }).flatMap(
      (finding) => [String(finding.passed), ...finding.notes.map((note) => note.split(' ')[0])],
    )
  assert.deepEqual(notes(300, 0), ['true'])
  assert.deepEqual(notes(0, 0), ['true', 'RATE_LIMIT_PLAYER_PER_MINUTE'])
  assert.deepEqual(notes(300, 9000), ['true', 'RATE_LIMIT_APP_PER_MINUTE'])
})
