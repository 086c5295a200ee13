import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { isGenuine, SIGNATURE_TOLERANCE_MS, signBody } from './timestamped-signature.ts'

const SECRET = 'a-secret-that-signs'
const NOW_MS = 1_790_000_000_000
const BODY = Buffer.from('{"order_id":"order-1","price":19.99}')
const hexOf = (secret: string, seconds: number | string, body: Uint8Array) =>
  createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex')
const headerAt = (nowMs: number) => signBody(SECRET, { body: BODY, nowMs })
const check = (header: string, more: { secrets?: string[]; rawBody?: Uint8Array; nowMs?: number } = {}) =>
  isGenuine(more.secrets ?? [SECRET], { header, rawBody: more.rawBody ?? BODY, nowMs: more.nowMs ?? NOW_MS })

test('a signature over time and body, made as the contract says, is genuine', () => {
  const seconds = NOW_MS / 1000
  assert.equal(headerAt(NOW_MS), `t=${seconds},v1=${hexOf(SECRET, seconds, BODY)}`)
  assert.equal(check(headerAt(NOW_MS)), true)
  const empty = Buffer.alloc(0)
  assert.equal(check(signBody(SECRET, { body: empty, nowMs: NOW_MS }), { rawBody: empty }), true)
})

test('it holds for exactly five minutes, into the past and into the future', () => {
  assert.equal(SIGNATURE_TOLERANCE_MS, 300_000)
  const header = headerAt(NOW_MS)
  for (const side of [1, -1]) {
    assert.equal(check(header, { nowMs: NOW_MS + side * 300_000 }), true)
    assert.equal(check(header, { nowMs: NOW_MS + side * 300_001 }), false)
  }
})

test('another body, time or secret is not genuine', () => {
  const header = headerAt(NOW_MS)
  assert.equal(check(header, { rawBody: Buffer.concat([BODY, Buffer.from(' ')]) }), false)
  assert.equal(check(header, { rawBody: Buffer.from(BODY.toString().replace('19.99', '19.98')) }), false)
  assert.equal(check(header, { secrets: ['another-secret'] }), false)
  assert.equal(check(header, { secrets: [] }), false)
  assert.equal(check(header.replace(`t=${NOW_MS / 1000}`, `t=${NOW_MS / 1000 + 1}`)), false)
})

test('while a secret is being replaced both sign', () => {
  const header = headerAt(NOW_MS)
  assert.equal(check(header, { secrets: ['new-secret', SECRET] }), true)
  assert.equal(check(header, { secrets: [SECRET, 'new-secret'] }), true)
})

test('only exactly this form is read', () => {
  const seconds = NOW_MS / 1000
  const hex = hexOf(SECRET, seconds, BODY)
  const wrong = [
    '',
    hex,
    `v1=${hex}`,
    `t=${seconds}`,
    `v1=${hex},t=${seconds}`,
    `t=${seconds},v1=${hex.toUpperCase()}`,
    `t=${seconds},v1=${hex.slice(2)}`,
    `t=${seconds},v1=${hex}00`,
    `t=${seconds},v1=${hex},v1=${hex}`,
    `t=${seconds},t=${seconds},v1=${hex}`,
    `t=${seconds}, v1=${hex}`,
    ` t=${seconds},v1=${hex}`,
    `t=${seconds},v1=${hex}\n`,
    `t=+${seconds},v1=${hex}`,
    `t=${seconds}.0,v1=${hex}`,
    `t=,v1=${hex}`,
    `t=NaN,v1=${hexOf(SECRET, 'NaN', BODY)}`,
    `t=-1,v1=${hexOf(SECRET, -1, BODY)}`,
    `t=9999999999999,v1=${hexOf(SECRET, '9999999999999', BODY)}`,
    `t=${seconds},v2=${hex}`,
    `t=${seconds},v1=${'g'.repeat(64)}`,
  ]
  for (const header of wrong) assert.equal(check(header), false, header)
})
