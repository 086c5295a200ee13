import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { maskLine, SECRET_KEYS } from './log-masking.ts'

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMDAwMSJ9.c2lnbmF0dXJl'
const masked = (message: string) => JSON.parse(maskLine(JSON.stringify({ msg: message }))).msg

const MESSAGES: readonly (readonly [string, string])[] = [
  ['nothing to hide', 'nothing to hide'],
  [`got ${JWT} back`, 'got [jwt] back'],
  ['Authorization: Bearer abc.def', 'Authorization: [authorization]'],
  ['code sent to ann.lee+pay@mail.example.com, waiting', 'code sent to [mail], waiting'],
  ['code sent to +8613800000000 and +1 500 555 0006', 'code sent to [phone] and [phone]'],
  [
    'a code for +86***00 at 2026-11-25T10:00:00+0800, took +12 ms',
    'a code for +86***00 at 2026-11-25T10:00:00+0800, took +12 ms',
  ],
  ['connect mysql://payer:pw@db:3306/pay', 'connect mysql://[redacted]@db:3306/pay'],
  ['Route GET:/login?loginCode=123456 not found', 'Route GET:/login?[query] not found'],
  ['card 4242424242424242 declined', 'card 9999999999999999 declined'],
  ['card 4242 4242 4242 4242 declined', 'card 9999 9999 9999 9999 declined'],
  ['order 4242424242424241 is no card', 'order 4242424242424241 is no card'],
  ['body {"appSecret":"s3cret","appId":"a"}', 'body {"appSecret":"[redacted]","appId":"a"}'],
  ['tried password=hunter2; failed', 'tried password=[redacted]; failed'],
  ['sent to:\nann@mail.example', 'sent to:\n[mail]'],
  ['C:\\\nann@mail.example', 'C:\\\n[mail]'],
  ['\tBearer abc.def\ttoken=x1\t4242424242424242', '\t[authorization]\ttoken=[redacted]\t9999999999999999'],
  ['login code for guest is 123456', 'login code for guest is 123456'],
]

for (const [message, expected] of MESSAGES) {
  test(`"${message}" is logged as "${expected}"`, () => assert.equal(masked(message), expected))
}

test('a secret key hides its text, number or list at any depth, and what came after stays', () => {
  for (const key of SECRET_KEYS) {
    for (const value of ['a"b\\c', 123456, ['x', 'y]z']]) {
      const line = maskLine(JSON.stringify({ a: { b: [{ c: { [key]: value } }] }, after: 1 }))
      assert.deepEqual(JSON.parse(line), { a: { b: [{ c: { [key]: '[redacted]' } }] }, after: 1 }, line)
    }
  }
})

test('a bare card number leaves valid JSON', () => {
  assert.equal(maskLine('{"n":4242424242424242,"m":5}'), '{"n":9999999999999999,"m":5}')
})

const spiced = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '"',
    '\n',
    '\u0000',
    '\\',
    '?a=',
    'token=',
    '"secrets":[',
    `${JWT}`,
    'a@b.c',
    '+8613800000000',
    '://u:p@',
    '4242424242424242',
    '\\"otp\\":\\"',
  ),
)
const text = fc.array(spiced, { maxLength: 6 }).map((pieces) => pieces.join(''))
const key = fc.oneof(fc.constantFrom(...SECRET_KEYS), fc.string())

test('what is masked is JSON again, whatever it held', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.boolean(),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(key, tie('any'), { maxKeys: 3 }),
    ),
  })).any
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 4 }), (line) => {
      JSON.parse(maskLine(JSON.stringify(line)))
    }),
    { numRuns: 3000 },
  )
})
