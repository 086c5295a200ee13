import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressProviderOf, normalAddress } from './address-rules.ts'

const MAIL: readonly (readonly [string, string])[] = [
  ['player@example.com', 'player@example.com'],
  ['Player.One+tag@Example.COM', 'player.one+tag@example.com'],
  ["o'brien@example.co.uk", "o'brien@example.co.uk"],
  ['a@münchen.de', 'a@xn--mnchen-3ya.de'],
  ['a@MÜNCHEN.de', 'a@xn--mnchen-3ya.de'],
  ['a@例え。jp', 'a@xn--r8jz45g.jp'],
  // The second letter of this domain is Cyrillic: it only looks like the first.
  ['a@exаmple.com', 'a@xn--exmple-4nf.com'],
  ['a@ｅxample.com', 'a@example.com'],
]

for (const [typed, normal] of MAIL) {
  test(`the mail address ${typed} is ${normal}`, () => assert.equal(normalAddress('email', typed), normal))
}

const NO_MAIL: readonly string[] = [
  ...['', 'a', '@', 'a@', '@example.com', 'a@b@example.com', 'a@example', 'a@example.com.', 'a@.example.com'],
  ...['a@example..com', '.a@example.com', 'a.@example.com', 'a..b@example.com', 'a@-example.com', 'a@example-.com'],
  ...['a@exa_mple.com', 'a@127.0.0.1', 'a@0x7f.1', 'a@[127.0.0.1]', 'a@[::1]', 'a@example.com:25', 'a@example.123'],
  // More than one recipient, or a recipient and a header.
  ...['a@example.com,b@example.com', 'a@example.com, b@example.com', 'a@example.com;b@example.com'],
  ...['a,b@example.com', 'a;b@example.com', 'a b@example.com', 'a@exa mple.com', ' a@example.com', 'a@example.com '],
  ...['<a@example.com>', 'A <a@example.com>', '"a b"@example.com', '"a"@example.com', 'a@"example.com"'],
  ...[
    'a@example.com\r\nBcc: b@example.com',
    'a\nb@example.com',
    'a@example.com\n',
    'a@exam\tple.com',
    'a@\0example.com',
  ],
  ...['a(comment)@example.com', 'a:b@example.com', 'a@b.com>\r\nRCPT TO:<c@d.com', 'a\\@example.com'],
  // Where a browser's reading of a domain stops or decodes, a mailbox would be another one than was typed.
  ...['a@example.com/x', 'a@example.com?x', 'a@example.com#x', 'a@example.com\\x', 'a@ex%61mple.com', 'a@a%2ecom.de'],
  ...['a@example.com／x', 'a@ex％61mple.com', 'a@example.com？', 'a@x\u3000y.com', 'a@x\u200by.com', 'a@x\u00a0y.com'],
  // Letters that lower case turns into plain ones: another mailbox here, the same one there.
  ...['\u212aelvin@example.com', 'jürgen@example.com', 'аnn@example.com', '玩家@example.com'],
  ...[`${'a'.repeat(65)}@example.com`, `a@${'b'.repeat(64)}.com`, `a@${'bcd.'.repeat(70)}com`],
]

for (const typed of NO_MAIL) {
  test(`${JSON.stringify(typed)} is no mail address`, () => assert.equal(normalAddress('email', typed), null))
}

test('the longest mail address that servers take is taken, and not one character more', () => {
  const longest = `${'a'.repeat(64)}@${'b'.repeat(61)}.${'c'.repeat(61)}.${'d'.repeat(61)}.com`
  assert.equal(longest.length, 254)
  assert.equal(normalAddress('email', longest), longest)
  assert.equal(normalAddress('email', longest.replace('.com', '.info')), null)
})

test('a phone number is the same however it is typed', () => {
  for (const typed of [
    ...[
      '+8613800000000',
      '+86 138 0000 0000',
      '+86-138-0000-0000',
      '+86 (138) 0000.0000',
      '＋８６１３８００００００００',
    ],
    ...['+86\u2013138\u20100000\u00a00000', '（+86）13800000000'],
  ]) {
    assert.equal(normalAddress('sms', typed), '+8613800000000', typed)
  }
})

test('the (0) that stands after a country is no part of the number, and any other zero is', () => {
  for (const typed of [
    ...['+44 7911 123456', '+44 (0)7911 123456', '+44(0) 7911-123456', '(+44) (0) 7911 123456'],
    ...['＋４４（０）７９１１１２３４５６', '+44-(0)-7911.123456', '+44 ( 0 ) 7911 123456'],
  ]) {
    assert.equal(normalAddress('sms', typed), '+447911123456', typed)
  }
  assert.equal(normalAddress('sms', '+353 (0)87 1234567'), '+353871234567')
  assert.equal(normalAddress('sms', '+44 07911 123456'), '+4407911123456')
  assert.equal(normalAddress('sms', '+44 (07911) 123456'), '+4407911123456')
  assert.equal(normalAddress('sms', '+44 7911 (0) 123456'), '+4479110123456')
  assert.equal(normalAddress('sms', '+44 (0)(0)7911 123456'), '+4407911123456')
})

test('a phone number has its country and seven to fifteen digits', () => {
  assert.equal(normalAddress('sms', '+1234567'), '+1234567')
  assert.equal(normalAddress('sms', '+123456789012345'), '+123456789012345')
  for (const typed of [
    ...['', '+', '+123456', '+1234567890123456', '13800000000', '008613800000000', '+0138000000', '++8613800000000'],
    ...[
      '+86138x0000000',
      '+8613800000000,+8613900000000',
      '+8613800000000;ext=1',
      '+8613800000000\u0000',
      'a@example.com',
    ],
    ...['+٨٦١٣٨٠٠٠٠٠٠٠٠', '+86/13800000000', '+8613800000000#1'],
  ]) {
    assert.equal(normalAddress('sms', typed), null, typed)
  }
})

test('whatever is typed, what comes out has one recipient, is plain ASCII and is its own normal form', () => {
  const pieces = fc.constantFrom(
    'a',
    'B',
    '@',
    '.',
    'com',
    ' ',
    ',',
    ';',
    '<',
    '>',
    '"',
    '\r\n',
    '%2c',
    '，',
    '＠',
    '+1',
    '5550006',
  )
  const typed = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(typed, (text) => {
      const mail = normalAddress('email', text)
      if (mail !== null) {
        assert.match(mail, /^[!-~]+$/)
        assert.doesNotMatch(mail, /[\s,;<>"()\\]|@.*@|[A-Z]/)
        assert.equal(normalAddress('email', mail), mail)
      }
      const phone = normalAddress('sms', text)
      if (phone !== null) assert.match(phone, /^\+[1-9][0-9]{6,14}$/)
    }),
    { numRuns: 3000 },
  )
})

test('only mail and SMS are proven by a code', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, -1, 0.5].map(addressProviderOf), [
    ...[null, null, null, null, 'email', 'sms', null, null, null],
  ])
})
