import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasForbiddenKey } from './forbidden-keys.ts'

const check = (text: string) => hasForbiddenKey(JSON.parse(text), text)

test('a key that reaches for a prototype is found at any depth and in any spelling', () => {
  const texts = ['{"__proto__":1}', '{"constructor":{}}', '[[{"a":[{"constructor":1}]}]]', '{"\\u005f_proto__":1}']
  for (const text of [...texts, '{"a":{"construct\\u006fr":null}}']) assert.equal(check(text), true, text)
})

test('the same words as values, or within other keys, are nothing', () => {
  for (const text of ['"__proto__"', '{"a":"constructor"}', '{"constructors":1}', '[]', 'null', '{"a":"\\u4e2d"}']) {
    assert.equal(check(text), false, text)
  }
})

test('a body as deep as its limit allows is walked to its end', () => {
  const depth = 30_000
  assert.equal(check(`${'['.repeat(depth)}{"constructor":1}${']'.repeat(depth)}`), true)
})
