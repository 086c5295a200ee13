import assert from 'node:assert/strict'
import { type Action, ERROR_CODES, type ErrorCode } from '../../src/kernel/error-codes.ts'
import type { Answer } from './test-app.ts'

/**
 * A refusal in the envelope of the contract: status, code, action, words and the id of the request. `errCode` is the
 * status, and `action` the code's own, but for the calls that say otherwise.
 */
export function assertRefused(
  answer: Answer,
  status: number,
  error: ErrorCode,
  { errCode = status, action = ERROR_CODES[error].action }: { errCode?: number; action?: Action } = {},
): void {
  const { body } = answer
  assert.equal(answer.status, status, `expected ${status} ${error}, got ${answer.status} ${JSON.stringify(body)}`)
  assert.equal(body.error, error, JSON.stringify(body))
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
  assert.equal(body.return_code, 0)
  assert.equal(body.status_code, 0)
  assert.equal(body.err_code, errCode)
  assert.equal(body.action, action)
  assert.equal(typeof body.msg, 'string')
  assert.notEqual(body.msg, '')
  assert.equal(body.request_id, answer.headers.get('x-request-id'))
}

/** 422, with a fault for each of these fields and for no other. */
export function assertFaults(answer: Answer, ...paths: string[]): void {
  assertRefused(answer, 422, 'invalid_fields')
  const told = answer.body.details.map((fault: { path: string }) => fault.path)
  assert.deepEqual(told.sort(), paths.sort(), JSON.stringify(answer.body.details))
  for (const { message } of answer.body.details) assert.ok(typeof message === 'string' && message !== '')
}

/** A success in the envelope of the contract. Gives its body. */
export function assertDone(answer: Answer): Answer['body'] {
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  assert.equal(answer.body.return_code, 1)
  assert.equal(answer.body.status_code, 1)
  return answer.body
}
