import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeFaults, loadConfig } from './load.ts'
import { VARIABLE_NAMES } from './schema.ts'
import { weaknessOf } from './secrets.ts'

const NASTY = [
  '__proto__',
  'constructor',
  '{}',
  '[]',
  'null',
  '0x10',
  '1e9',
  ' ',
  '://',
  '*',
  '%',
  '\0',
  '//@:',
  '{"a":{}}',
]
const URL_LIKE = fc
  .tuple(fc.constantFrom('sqlite', 'mysql', 'redis', 'http', 'mysql+aiomysql'), fc.string(), fc.string(), fc.string())
  .map(([scheme, user, host, path]) => `${scheme}://${user}@${host}/${path}`)
const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value))
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...NASTY), URL_LIKE, json)
const anyEnvironment = fc.dictionary(fc.constantFrom(...VARIABLE_NAMES, '__proto__', 'toString'), anyText)

test('whatever its variables hold, loading never throws and says something about each refusal', () => {
  fc.assert(
    fc.property(anyEnvironment, fc.constantFrom('local', 'online', undefined), (variables, env) => {
      const loaded = loadConfig(env === undefined ? variables : { ...variables, ENV: env })
      if (loaded.ok) return
      assert.ok(loaded.faults.length > 0)
      for (const { variable, fault, remedy } of loaded.faults) assert.ok(variable && fault && remedy)
      assert.ok(describeFaults(loaded.faults).length > 0)
    }),
    { numRuns: 1500 },
  )
})

for (const name of VARIABLE_NAMES) {
  test(`whatever ${name} alone holds, it is read or it is blamed`, () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const loaded = loadConfig({ [name]: text })
        assert.ok(loaded.ok || loaded.faults.length > 0)
      }),
      { numRuns: 150 },
    )
  })
}

const hexSecret = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes))

test('a random secret is never taken for a placeholder', async () => {
  // Bytes from the generator are not all random (it likes small ones), so they are hashed into what openssl would give.
  await fc.assert(
    fc.asyncProperty(hexSecret, async (seed) => {
      const bytes = Buffer.from(await crypto.subtle.digest('SHA-256', seed))
      for (const secret of [bytes.toString('hex'), bytes.toString('base64'), bytes.toString('hex').slice(0, 32)]) {
        assert.equal(weaknessOf(secret), null, secret)
      }
    }),
    { numRuns: 500 },
  )
})

test('a repeated, counted or drafted secret is always taken for a placeholder', () => {
  const drafts = [
    'changeme',
    'secret',
    'local-app-secret',
    'CHANGE_ME_TO_A_LONG_RANDOM_STRING_PLEASE',
    '12345678901234567890123456789012',
    'abcdefghijklmnopqrstuvwxyz0123456789',
    'my-very-long-super-secret-jwt-key-for-production',
  ]
  for (const draft of drafts) assert.match(weaknessOf(draft) ?? '', /placeholder/, draft)
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 8 }), fc.integer({ min: 5, max: 40 }), (piece, times) => {
      assert.match(weaknessOf(piece.repeat(times)) ?? '', /placeholder/)
    }),
  )
})
