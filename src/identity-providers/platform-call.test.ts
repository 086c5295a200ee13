import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { reportCalmly } from './platform-call.ts'

test('of one platform the same is reported once a minute, whatever happens to others', () => {
  const clock = fakeClock()
  const lines: string[] = []
  const report = reportCalmly({
    clock,
    report: ({ platform, reason }, words) => lines.push(`${platform} ${reason} ${words}`),
  })
  for (const reason of ['timeout', 'status 500']) report({ platform: 'a', reason }, 'away')
  report({ platform: 'b', reason: 'timeout' }, 'away')
  report({ platform: 'a', reason: 'timeout' }, 'odd')
  assert.deepEqual(lines, ['a timeout away', 'b timeout away', 'a timeout odd'])
  clock.moveMs(59_999)
  report({ platform: 'a', reason: 'timeout' }, 'away')
  assert.equal(lines.length, 3)
  clock.moveMs(1)
  report({ platform: 'a', reason: 'timeout' }, 'away')
  assert.equal(lines.length, 4)
})
