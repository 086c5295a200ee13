import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { firstProfile } from './profile-rules.ts'

const nameOf = (name: string | null) => firstProfile({ name, avatarUrl: null }).userName
const avatarOf = (avatarUrl: string | null) => firstProfile({ name: null, avatarUrl }).avatarUrl

test('a name is shown as its platform shows it, without blanks around it and without what cannot be seen', () => {
  assert.equal(nameOf('  Anna Müller '), 'Anna Müller')
  assert.equal(nameOf('玩家一号'), '玩家一号')
  assert.equal(nameOf('👩‍👩‍👧 family'), '👩‍👩‍👧 family')
  assert.equal(nameOf('e\u0301'), '\u00e9')
  assert.equal(nameOf('An\u0000na\r\n\u001b[31m'), 'Anna[31m')
  assert.equal(nameOf('\u202egnp.anna\u202c'), 'gnp.anna')
  assert.equal(nameOf('\u2067anna\u2069\u200f\u061c'), 'anna')
  assert.equal(nameOf('half \ud83d'), 'half')
})

test('what shows nothing is no name', () => {
  for (const nothing of [
    null,
    '',
    '   ',
    '\u0000\u0007',
    '\u202e\u202c',
    '\u200b\u200d\u2060',
    '\u3000',
    '\u0301',
    '\u3164',
    '\u115f\u1160 \uffa0',
    '\u2800',
  ]) {
    assert.equal(nameOf(nothing), '', JSON.stringify(nothing))
  }
})

test('a long name is cut between characters', () => {
  assert.equal(nameOf('x'.repeat(1000)), 'x'.repeat(64))
  assert.equal(nameOf('😀'.repeat(100)), '😀'.repeat(64))
  assert.equal(nameOf(`${'x'.repeat(63)}  y`), 'x'.repeat(63))
})

test('a picture is one of https, and no longer than its column', () => {
  assert.equal(avatarOf('https://example.com/a b.png?s=96'), 'https://example.com/a%20b.png?s=96')
  for (const none of [
    ...[null, '', 'x', '//example.com/a.png', 'http://example.com/a.png', 'javascript:alert(1)', 'data:image/png,x'],
    ...['https://user:pw@example.com/a.png', 'https://', `https://example.com/${'x'.repeat(1024)}`],
    `https://example.com/${'ü'.repeat(400)}`,
  ]) {
    assert.equal(avatarOf(none), '', String(none).slice(0, 60))
  }
})

test('whatever a platform says fits the columns, turns no text around and breaks no line', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 })
  fc.assert(
    fc.property(text, text, (name, avatarUrl) => {
      const { userName, avatarUrl: shown } = firstProfile({ name, avatarUrl: `https://a.com/${avatarUrl}` })
      assert.ok(userName.isWellFormed() && Array.from(userName).length <= 64)
      assert.doesNotMatch(userName, /[\p{Cc}\u202a-\u202e\u2066-\u2069]|^\s|\s$/u)
      assert.ok(shown.length <= 1024 && /^[!-~]*$/.test(shown))
    }),
    { numRuns: 2000 },
  )
})
