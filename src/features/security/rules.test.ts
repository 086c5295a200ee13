import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { originOfChannel, type SecurityEvent } from '../../kernel/security-event.ts'
import { ANOMALIES, anomalyWords, securityEventRow, signsOf } from './rules.ts'

const NOW_MS = Date.UTC(2026, 10, 1, 9, 30)
const ORIGIN = { address: '203.0.113.7', userAgent: 'Game/1.0', deviceId: 'device-1', requestId: 'r-1' }
const PLAYER = 10_001 as PlayerId

const rowOf = (event: Partial<SecurityEvent>, nowMs = NOW_MS) =>
  securityEventRow(
    {
      ...{ kind: 'login', appId: 'app' as AppId, playerId: PLAYER, provider: 'email', outcome: null, origin: ORIGIN },
      ...event,
    },
    nowMs,
  )
const kindsOf = (event: Partial<SecurityEvent>) => signsOf(rowOf(event)).map(({ kind }) => kind)

test('an event is kept with where it came from, bounded and in printable characters, and its device as a hash', () => {
  const origin = { ...ORIGIN, userAgent: `Game\n"✓"/${'x'.repeat(500)}`, requestId: 'r'.repeat(500) }
  const row = rowOf({ origin })
  assert.equal(row.client, `Game " "/${'x'.repeat(111)}`)
  assert.equal(row.request_id.length, 64)
  assert.match(row.device_hash ?? '', /^[0-9a-f]{64}$/)
  assert.equal(JSON.stringify(row).includes('device-1'), false)
  assert.notEqual(row.device_hash, rowOf({ appId: 'other' as AppId }).device_hash)
  const none = rowOf({ origin: null })
  assert.deepEqual([none.address, none.client, none.device_hash, none.request_id], [null, '', null, ''])
})

test('each kind of event counts for what it can show, and for nothing else', () => {
  assert.deepEqual(kindsOf({ kind: 'player_created' }), ['accounts_of_address', 'accounts_of_device'])
  assert.deepEqual(kindsOf({ kind: 'player_created', origin: { ...ORIGIN, deviceId: null } }), ['accounts_of_address'])
  assert.deepEqual(kindsOf({ kind: 'player_created', origin: null }), [])
  const failed = ['failed_logins_of_app', 'failed_logins_of_address']
  for (const kind of ['login_failed', 'login_locked', 'link_failed'] as const) {
    assert.deepEqual(kindsOf({ kind, playerId: null, outcome: 'invalid_credential' }), failed)
  }
  assert.deepEqual(kindsOf({ kind: 'login' }), ['addresses_of_player'])
  assert.deepEqual(kindsOf({ kind: 'token_reused' }), ['token_reused'])
  for (const kind of ['linked', 'code_sent', 'logged_out', 'player_erased'] as const)
    assert.deepEqual(kindsOf({ kind }), [])
})

test('a login that failed because a platform or a store was away is nobody’s attempt', () => {
  for (const outcome of ['provider_unavailable', 'sessions_unavailable'] as const) {
    assert.deepEqual(kindsOf({ kind: 'login_failed', outcome }), [])
  }
})

test('behind the page of a platform is everybody: its address counts towards nothing, and its app does', () => {
  const origin = originOfChannel({ instance: 'page', requestId: 'page-1' })
  assert.deepEqual(kindsOf({ kind: 'login_failed', outcome: 'invalid_credential', origin }), ['failed_logins_of_app'])
  assert.deepEqual(kindsOf({ kind: 'login', outcome: null, playerId: 10_001 as PlayerId, origin }), [])
})

test('signs are counted apart by app, subject and window, and together within', () => {
  const keyOf = (event: Partial<SecurityEvent>, nowMs = NOW_MS) => signsOf(rowOf(event, nowMs))[0]?.key
  const created = { kind: 'player_created' } as const
  assert.equal(keyOf(created), keyOf({ ...created, playerId: 10_002 as PlayerId }))
  const { windowMs } = ANOMALIES.accounts_of_address
  const startMs = Math.floor(NOW_MS / windowMs) * windowMs
  assert.equal(keyOf(created, startMs), keyOf(created, startMs + windowMs - 1))
  assert.notEqual(keyOf(created, startMs), keyOf(created, startMs + windowMs))
  assert.notEqual(keyOf(created), keyOf({ ...created, appId: 'other' as AppId }))
  assert.notEqual(keyOf(created), keyOf({ ...created, origin: { ...ORIGIN, address: '203.0.113.8' } }))
  assert.deepEqual(
    signsOf(rowOf({})).map(({ distinct }) => distinct),
    ['203.0.113.7'],
  )
})

test('the operator is told whose an anomaly is and no more', () => {
  const wordsOf = (kind: keyof typeof ANOMALIES) => anomalyWords({ kind, event: rowOf({}), count: 21 })
  const said = { app_id: 'app', count: 21 }
  assert.deepEqual(wordsOf('accounts_of_address'), { anomaly: 'accounts_of_address', ...said, address: '203.0.113.7' })
  assert.deepEqual(wordsOf('failed_logins_of_app'), { anomaly: 'failed_logins_of_app', ...said })
  assert.deepEqual(wordsOf('token_reused'), { anomaly: 'token_reused', ...said, player: PLAYER })
  assert.match(String(wordsOf('accounts_of_device')['device']), /^[0-9a-f]{12}$/)
})
