import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifySchemaValidationError } from 'fastify'
import { faultsOf } from './field-faults.ts'

const fault = (change: Partial<FastifySchemaValidationError>): FastifySchemaValidationError => ({
  keyword: 'type',
  instancePath: '/uid',
  schemaPath: '',
  params: {},
  message: 'must be string',
  ...change,
})

test('a fault names its field, also inside of another', () => {
  assert.deepEqual(faultsOf([fault({})], 'body'), [{ path: 'uid', message: 'must be string' }])
  assert.deepEqual(faultsOf([fault({ instancePath: '/a/0/b' })], 'body'), [
    { path: 'a.0.b', message: 'must be string' },
  ])
})

test('a missing field is named, and what is wrong with the whole is told of the whole', () => {
  const missing = fault({ keyword: 'required', instancePath: '', params: { missingProperty: 'uid' } })
  assert.deepEqual(faultsOf([missing], 'body'), [{ path: 'uid', message: 'is required' }])
  assert.deepEqual(faultsOf([fault({ instancePath: '' })], 'querystring'), [
    { path: 'querystring', message: 'must be string' },
  ])
})

test('a pattern is not shown to people, and each field is told once', () => {
  const pattern = fault({ keyword: 'pattern', message: 'must match pattern "^(a+)+$"' })
  assert.deepEqual(faultsOf([pattern, fault({})], 'body'), [{ path: 'uid', message: 'does not have the right form' }])
})

test('of a few thousand faults the first fifty are told', () => {
  const many = Array.from({ length: 5000 }, (_, index) => fault({ instancePath: `/list/${index}` }))
  assert.equal(faultsOf(many, 'body').length, 50)
})
