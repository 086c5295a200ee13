import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SIGNATURE_HEADER, signAppcharge, TOKEN_HEADER } from './sign.ts'
import { isGenuine } from './verify.ts'

const BODY = '{"orderId":"ord_1","playerId":"p1"}'
const NOW_MS = 1_767_323_045_000
const SIGNED = 't=1767323045000,v1=6564f237200955595a73deb98d26a6c1700acadba7d93cd41cf90f37d7952ddc'
const TRUST = { mainKeys: ['test_main_key'], publisherToken: 'token', projectId: null, acceptSeconds: false }

function callOf(signature: string, more: { nowMs?: number; body?: string } = {}) {
  const { nowMs = NOW_MS, body = BODY } = more
  const headers = { [SIGNATURE_HEADER]: signature, [TOKEN_HEADER]: 'token' }
  return { callback: 'award', headers, rawBody: Buffer.from(body), nowMs, requestId: 'r' }
}

test('a signature is the hex HMAC-SHA256 of the time, a dot and the body, by the main key as it stands', () => {
  assert.equal(signAppcharge('test_main_key', { body: BODY, nowMs: NOW_MS }), SIGNED)
  assert.ok(isGenuine(TRUST, callOf(SIGNED)))
  assert.ok(isGenuine({ ...TRUST, mainKeys: ['new', 'test_main_key'] }, callOf(SIGNED)))
  assert.ok(!isGenuine({ ...TRUST, mainKeys: ['new'] }, callOf(SIGNED)))
  assert.ok(!isGenuine(TRUST, callOf(SIGNED, { body: `${BODY}\n` })), 'the bytes count, not what they mean')
})

test('it holds for five minutes, either way', () => {
  for (const [awayMs, holds] of [
    [299_999, true],
    [300_000, true],
    [300_001, false],
  ] as const) {
    for (const nowMs of [NOW_MS + awayMs, NOW_MS - awayMs]) {
      assert.equal(isGenuine(TRUST, callOf(SIGNED, { nowMs })), holds, String(nowMs - NOW_MS))
    }
  }
})

test('a kept message is proven by its signature; the token that is not kept is not asked for', () => {
  const { headers, ...call } = callOf(SIGNED)
  const kept = { ...call, headers: { [SIGNATURE_HEADER]: headers[SIGNATURE_HEADER] } }
  assert.ok(!isGenuine(TRUST, kept))
  assert.ok(isGenuine(TRUST, { ...kept, wasProven: true }))
  assert.ok(!isGenuine({ ...TRUST, mainKeys: ['another'] }, { ...kept, wasProven: true }))
})
