import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preferredLanguage } from './language.ts'

test('Chinese is spoken to who prefers it, English to everybody else', () => {
  const cases: [string | undefined, 'en' | 'zh'][] = [
    [undefined, 'en'],
    ['', 'en'],
    ['zh', 'zh'],
    ['ZH-cn', 'zh'],
    ['zh-Hant-TW', 'zh'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['en-US,en;q=0.9,zh;q=0.8', 'en'],
    ['fr,zh;q=0.5', 'zh'],
    ['fr,de', 'en'],
    ['en;q=0.2,zh;q=0.3', 'zh'],
    ['en, zh', 'en'],
    ['zh;q=0', 'en'],
    ['zh;q=0,en', 'en'],
    ['*', 'en'],
    ['zh;q=nonsense', 'zh'],
    [',,;;q=1,zh', 'zh'],
  ]
  for (const [header, language] of cases) assert.equal(preferredLanguage(header), language, String(header))
})

test('a header without end is read for a moment only', () => {
  assert.equal(preferredLanguage(`${'fr,'.repeat(100)}zh`), 'en')
})
