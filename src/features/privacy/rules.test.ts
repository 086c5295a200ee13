import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IdentityNotice } from '../../identity-providers/identity-provider.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import {
  CONFIRMATION_CODE,
  exportedBody,
  exportedRow,
  namesPlayer,
  newConfirmationCode,
  noticeKeyOf,
  noticeKind,
} from './rules.ts'

const ANNA = 10001 as PlayerId
const names = (text: string | Uint8Array) => namesPlayer(typeof text === 'string' ? Buffer.from(text) : text, ANNA)

test('a message names a player where a text of it is their number, however deep and under whatever name', () => {
  for (const text of [
    '{"uid":"10001"}',
    '{"purchase":{"user":{"id":"10001"}}}',
    '[["10001"]]',
    '"10001"',
    `${'['.repeat(5000)}"10001"${']'.repeat(5000)}`,
  ]) {
    assert.equal(names(text), true, text.slice(0, 40))
  }
})

test('a number that merely stands in a message names nobody', () => {
  for (const text of ['{"price":10001}', '{"uid":"110001"}', '{"uid":"100011"}', '{"order_id":"o-10001"}', '{}', '']) {
    assert.equal(names(text), false, text)
  }
})

test('what is no JSON names a player right behind a word for one', () => {
  assert.equal(names('uid=10001&price=1'), true)
  assert.equal(names('{"user_id": "10001", broken'), true)
  assert.equal(names('uid=100011'), false)
  assert.equal(names('price=10001'), false)
  assert.equal(names(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('Player: 10001')])), true)
})

test('where a platform has an address for each kind, the address decides; else the message', () => {
  const notice = (kind: IdentityNotice['kind']): IdentityNotice => ({ key: 'k', subject: 's', named: 'n', kind })
  assert.equal(noticeKind('events', notice('sign_out')), 'sign_out')
  assert.equal(noticeKind('events', notice('forget')), 'forget')
  assert.equal(noticeKind('deletion', notice('sign_out')), 'forget')
  assert.equal(noticeKind('deauthorize', notice('forget')), 'sign_out')
  for (const route of ['events', 'deletion', 'deauthorize'] as const) {
    assert.equal(noticeKind(route, notice('none')), 'none')
  }
})

test('a notice is another one for another app, platform, address or key', () => {
  const told = { appId: 'a' as AppId, provider: 'apple', route: 'events', key: 'k' } as const
  const keys = [
    told,
    { ...told, appId: 'b' as AppId },
    { ...told, provider: 'facebook' },
    { ...told, route: 'deletion' as const },
    { ...told, key: 'l' },
    // What is joined carelessly would make these two the same.
    { ...told, provider: 'apple","events', route: 'events' as const },
  ].map(noticeKeyOf)
  assert.equal(new Set(keys).size, keys.length)
  assert.equal(noticeKeyOf({ ...told }), keys[0])
  for (const key of keys) assert.match(key, /^[0-9a-f]{64}$/)
})

test('a confirmation code is one that the page knows, and never the same', () => {
  const codes = Array.from({ length: 100 }, newConfirmationCode)
  for (const code of codes) assert.match(code, CONFIRMATION_CODE)
  assert.equal(new Set(codes).size, codes.length)
})

test('times of an exported row are ISO 8601, and everything else is as it is kept', () => {
  assert.deepEqual(
    exportedRow({ at_ms: 0, created_at_ms: 1_000, claimed_at_ms: null, price_minor: 1999, format_ms: 5 }),
    {
      ...{ at: '1970-01-01T00:00:00.000Z', created_at: '1970-01-01T00:00:01.000Z', claimed_at: null },
      ...{ price_minor: 1999, format_ms: 5 },
    },
  )
})

test('an exported body is its very bytes: text where it is UTF-8, else base64, and null once it is blank', () => {
  assert.deepEqual(exportedBody(Buffer.from('\ufeff{"name":"安娜"}')), {
    body: '\ufeff{"name":"安娜"}',
    body_encoding: 'utf-8',
  })
  assert.deepEqual(exportedBody(Buffer.from([0xff, 0x00])), { body: '/wA=', body_encoding: 'base64' })
  assert.deepEqual(exportedBody(new Uint8Array(0)), { body: null, body_encoding: null })
})
