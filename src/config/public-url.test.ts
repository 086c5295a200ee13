import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localDefaults } from './local.ts'
import { readPublicUrl } from './public-url.ts'

const reading = (text: string | null) => readPublicUrl({ ...localDefaults, PUBLIC_URL: text })

test('a public address is read as an origin, and may be left out', () => {
  const good: [string | null, string | null][] = [
    [null, null],
    ['https://pay.example.com', 'https://pay.example.com'],
    ['https://PAY.example.com:443/', 'https://pay.example.com'],
    ['https://pay.example.com:8443', 'https://pay.example.com:8443'],
    ['http://localhost:8000', 'http://localhost:8000'],
    ['http://127.0.0.1:8000/', 'http://127.0.0.1:8000'],
    ['http://[::1]:8000', 'http://[::1]:8000'],
  ]
  for (const [text, origin] of good) {
    const answer = reading(text)
    assert.ok(answer.ok, String(text))
    assert.equal(answer.value, origin)
  }
})

test('an address that is unencrypted, or more than an address, is refused with a remedy', () => {
  const bad = [
    'pay.example.com',
    'http://pay.example.com',
    'http://127.0.0.1.example.com',
    'ftp://pay.example.com',
    'https://pay.example.com/api',
    'https://pay.example.com/?a=1',
    'https://pay.example.com?',
    'https://pay.example.com/#top',
    'https://user@pay.example.com',
    `https://${'x'.repeat(2048)}.example.com`,
  ]
  for (const text of bad) {
    const answer = reading(text)
    assert.ok(!answer.ok, text)
    assert.equal(answer.faults[0]?.variable, 'PUBLIC_URL')
    assert.match(answer.faults[0]?.remedy ?? '', /PUBLIC_URL/)
  }
})

test('a password in a public address is never shown', () => {
  const answer = reading('https://operator:hunter2@pay.example.com')
  assert.ok(!answer.ok)
  assert.ok(!JSON.stringify(answer).includes('hunter2'))
})
