import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signXsollaBody } from './sign.ts'
import { hasSignatureForm, isGenuine } from './verify.ts'

// Worked out by hand: the body, and the key directly behind it.
const VECTOR = {
  key: 'test_secret',
  body: '{"notification_type":"user_validation","user":{"id":"p1"}}',
  header: 'Signature 1321fb05c2c04ea5ae6fa445ca9417a799861bcf',
}
const rawBody = Buffer.from(VECTOR.body)

test('a body is signed with the key behind it, and proven by any of several keys', () => {
  assert.equal(signXsollaBody(VECTOR.key, VECTOR.body), VECTOR.header)
  assert.equal(signXsollaBody(VECTOR.key, rawBody), VECTOR.header)
  for (const keys of [[VECTOR.key], ['newer', VECTOR.key], [VECTOR.key, 'older']]) {
    assert.equal(isGenuine(keys, { header: VECTOR.header, rawBody }), true)
  }
})

test('nothing else is a signature of it', () => {
  const { key, header } = VECTOR
  const hex = header.slice('Signature '.length)
  const forged: unknown[] = [
    ...[undefined, '', 'Signature', 'Signature ', hex, `Bearer ${hex}`, `signature ${hex}`, ` ${header}`, `${header} `],
    ...[`Signature  ${hex}`, `Signature ${hex.toUpperCase()}`, `${header}0`, header.slice(0, -1), `${header}\n`],
    ...[
      [header],
      { header },
      `Signature ${'0'.repeat(40)}`,
      header.replace(/.$/, (last) => (last === 'f' ? 'e' : 'f')),
    ],
  ]
  for (const one of forged) assert.equal(isGenuine([key], { header: one, rawBody }), false, JSON.stringify(one))
  assert.equal(isGenuine(['another'], { header, rawBody }), false)
  assert.equal(isGenuine([], { header, rawBody }), false)
  for (const body of [`${VECTOR.body} `, VECTOR.body.replace(':"', ': "'), VECTOR.body.replace('p1', 'p2'), '']) {
    assert.equal(isGenuine([key], { header, rawBody: Buffer.from(body) }), false, body)
  }
})

test('only what has exactly the form of a signature is kept of that header', () => {
  assert.equal(hasSignatureForm(VECTOR.header), true)
  for (const header of [
    'Bearer abc',
    `${VECTOR.header}, Bearer abc`,
    VECTOR.header.toUpperCase(),
    undefined,
    [VECTOR.header],
  ]) {
    assert.equal(hasSignatureForm(header), false)
  }
})
