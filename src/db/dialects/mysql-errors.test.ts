import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StorageUnavailable, TransactionConflict, UniqueViolation } from '../errors.ts'
import { translateMysqlError } from './mysql-errors.ts'

const translated = (about: { errno: number; sqlState: string }) =>
  translateMysqlError(Object.assign(new Error('said by the server'), { code: 'ER_X', ...about }))

test('what the server rolled back is run again, by its number or by its SQL state', () => {
  const conflicts = [
    { errno: 1213, sqlState: '40001' },
    { errno: 1205, sqlState: 'HY000' },
    { errno: 3101, sqlState: 'HY000' },
    { errno: 59_999, sqlState: '40000' },
    { errno: 59_999, sqlState: '40001' },
  ]
  for (const about of conflicts) assert.ok(translated(about) instanceof TransactionConflict, JSON.stringify(about))
})

test('a key that is taken, a full disk and a bug are no conflicts', () => {
  assert.ok(translated({ errno: 1062, sqlState: '23000' }) instanceof UniqueViolation)
  assert.ok(translated({ errno: 1021, sqlState: 'HY000' }) instanceof StorageUnavailable)
  for (const bug of [
    { errno: 1064, sqlState: '42000' },
    { errno: 1153, sqlState: '08S01' },
  ]) {
    const error = translated(bug)
    assert.ok(error instanceof Error && error.name === 'Error', JSON.stringify(bug))
  }
})
