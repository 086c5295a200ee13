import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACTIONS, ERROR_CODES, type ErrorCode, messageOf } from './error-codes.ts'

const CODES = Object.keys(ERROR_CODES) as ErrorCode[]

test('every code is snake_case, has a status of a failure, an action of the list, and words in both languages', () => {
  for (const code of CODES) {
    const { status, action } = ERROR_CODES[code]
    assert.match(code, /^[a-z]+(_[a-z]+)*$/)
    assert.ok(status >= 400 && status < 600, code)
    assert.ok(ACTIONS.includes(action), code)
    assert.match(messageOf(code, 'en'), /^[\x20-\x7e]+\.$/, code)
    assert.match(messageOf(code, 'zh'), /[\u4e00-\u9fff].*。$/, code)
  }
})

test('whoever may try again is told so, and nobody else', () => {
  for (const code of CODES) {
    const { status, action } = ERROR_CODES[code]
    assert.equal(action === 'retry_after', status === 429 || status >= 500, code)
  }
})

test('no refusal of a payment that may yet be paid tells a client to finish its transaction', () => {
  const open: ErrorCode[] = [
    ...(['price_mismatch', 'order_conflict', 'item_locked', 'item_not_found'] as const),
    ...(['player_not_found', 'balance_overflow', 'settlement_failed', 'storage_unavailable'] as const),
  ]
  for (const code of open) assert.notEqual(ERROR_CODES[code].action as string, 'finish_transaction', code)
})

test('nobody is told that nothing was changed where a commit may be in doubt', () => {
  assert.doesNotMatch(messageOf('storage_unavailable', 'en'), /nothing|not changed/)
  assert.doesNotMatch(messageOf('storage_unavailable', 'zh'), /未做/)
})
