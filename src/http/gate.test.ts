import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '../../test/support/fake-clock.ts'
import type { Caller } from '../kernel/caller.ts'
import type { AppId, SessionId } from '../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import { type Knock, openGate, type Verdict } from './gate.ts'
import { openRateLimiter } from './rate-limit.ts'

const appId = 'app' as AppId
const SERVER: Caller = { kind: 'server', appId }
const CLIENT: Caller = { kind: 'client', appId, sessionId: 'ses_1' as SessionId, playerId: null }
const BURST = 10

/** A gate before tokens that are what their names say, and a count of how many were checked. */
function gateWith(servers = new Set(['server', 'other-server'])) {
  const checked = { tokens: 0, signatures: 0 }
  const clock = fakeClock()
  const gate = openGate({
    authenticate: async (token): Promise<Outcome<Caller>> => {
      checked.tokens += 1
      await new Promise((resolve) => setImmediate(resolve))
      if (servers.has(token)) return accepted(SERVER)
      return token.startsWith('client') ? accepted(CLIENT) : refused('unauthorized')
    },
    verifySigner: ({ signature }) => {
      checked.signatures += 1
      return signature === 'good'
        ? accepted({ kind: 'signer', appId, instance: 'signed' })
        : refused('invalid_signature')
    },
    limiter: openRateLimiter({ clock }, { perMinute: BURST * 4, loginPerMinute: 0, workers: 1 }),
  })
  const knock = (authorization?: string, more: Partial<Knock> = {}) =>
    gate.admit({
      address: '203.0.113.7',
      limit: null,
      access: 'payer',
      authorization: authorization === undefined ? undefined : `Bearer ${authorization}`,
      signed: false,
      ...more,
    })
  const sign = (signature: string) =>
    gate.admitSigner(
      { address: '203.0.113.7', limit: null },
      { signature, channelHeader: undefined, paymentChannel: undefined, rawBody: new Uint8Array(0) },
    )
  return { gate, checked, clock, servers, knock, sign }
}

const codeOf = ({ caller }: Verdict<unknown>) => (caller.ok ? 'in' : caller.refusal.code)
const count = (verdicts: readonly Verdict<unknown>[], code: string) => verdicts.filter((v) => codeOf(v) === code).length
const times = <T>(howMany: number, one: (n: number) => T) => Array.from({ length: howMany }, (_, n) => one(n))

test('a server that sends a thousand calls at once on a new token is never limited', async () => {
  const { knock } = gateWith()
  const verdicts = await Promise.all(times(1000, () => knock('server')))
  assert.equal(count(verdicts, 'in'), 1000)
  for (const { standing } of verdicts) assert.equal(standing, null)
  assert.equal((await knock('client')).standing?.remaining, BURST - 1)
})

test('a client that sends a hundred calls at once gets a burst of them', async () => {
  const { knock } = gateWith()
  const verdicts = await Promise.all(times(100, () => knock('client')))
  assert.equal(count(verdicts, 'in'), BURST)
  assert.equal(count(verdicts, 'too_many_requests'), 100 - BURST)
})

test('of a thousand false tokens at once a burst is checked, and as many again in hope of a server', async () => {
  const { knock, checked } = gateWith()
  const verdicts = await Promise.all(times(1000, (n) => knock(`false-${n}`)))
  assert.equal(checked.tokens, 2 * BURST)
  assert.equal(count(verdicts, 'unauthorized'), BURST)
  assert.equal(count(verdicts, 'too_many_requests'), 1000 - BURST)
})

test('a server beside which others have used up the address is heard all the same', async () => {
  const { knock } = gateWith()
  await Promise.all(times(BURST, () => knock('client')))
  assert.equal(codeOf(await knock()), 'too_many_requests')
  const verdicts = await Promise.all(times(200, () => knock('server')))
  assert.equal(count(verdicts, 'in'), 200)
  // Known now, it does not even need the second allowance.
  await Promise.all(times(100, (n) => knock(`false-${n}`)))
  assert.equal(codeOf(await knock('server')), 'in')
  assert.equal(codeOf(await knock('other-server')), 'too_many_requests')
})

test('a server token that is good no longer is limited like any other', async () => {
  const { knock, servers, checked } = gateWith()
  await knock('server')
  servers.clear()
  const verdicts = await Promise.all(times(1000, () => knock('server')))
  assert.equal(count(verdicts, 'unauthorized'), BURST)
  assert.ok(checked.tokens <= 1001)
  const before = checked.tokens
  assert.equal(count(await Promise.all(times(100, () => knock('server'))), 'too_many_requests'), 100)
  assert.ok(checked.tokens - before <= BURST)
})

test('good signatures are never limited, bad ones are, and what is over the limit is not looked at', async () => {
  const { knock, sign, checked } = gateWith()
  assert.equal(
    count(
      times(1000, () => sign('good')),
      'in',
    ),
    1000,
  )
  assert.equal(
    count(
      times(BURST, () => sign('bad')),
      'invalid_signature',
    ),
    BURST,
  )
  assert.equal(codeOf(sign('good')), 'in')
  assert.equal(
    count(
      times(100, () => sign('bad')),
      'too_many_requests',
    ),
    100,
  )
  assert.equal(checked.signatures, 1000 + 2 * BURST + 1)
  assert.equal(codeOf(await knock(undefined, { signed: true })), 'too_many_requests')
})

test('a signed call whose body cannot be read is counted', async () => {
  const { gate, knock, clock } = gateWith()
  for (let n = 0; n < BURST * 2; n++) {
    assert.equal(codeOf(await knock(undefined, { signed: true })), 'in')
    gate.chargeUnread({ address: '203.0.113.7', limit: null })
  }
  assert.equal(codeOf(await knock(undefined, { signed: true })), 'too_many_requests')
  clock.moveMs(1500)
  assert.equal(codeOf(await knock(undefined, { signed: true })), 'in')
})

test('a platform is let in whatever others have sent, until its address has forged a burst of callbacks', async () => {
  const { gate, knock, checked } = gateWith()
  await Promise.all(times(100, (n) => knock(`false-${n}`)))
  const verdicts = await Promise.all(times(1000, () => knock(undefined, { access: 'webhook' })))
  assert.equal(count(verdicts, 'in'), 1000)
  for (let n = 0; n < BURST; n++) gate.chargeForgery({ address: '203.0.113.7', limit: null })
  assert.equal(codeOf(await knock(undefined, { access: 'webhook' })), 'too_many_requests')
  assert.equal(codeOf(await knock(undefined, { access: 'webhook', address: '203.0.113.8' })), 'in')
  assert.equal(checked.tokens, 2 * BURST)
})

test('without limits nothing is counted and nothing told', async () => {
  const gate = openGate({
    authenticate: async () => accepted(CLIENT),
    verifySigner: () => refused('invalid_signature'),
    limiter: null,
  })
  const knock: Knock = { address: '', limit: 'login', access: 'session', authorization: 'Bearer x', signed: false }
  for (let n = 0; n < 100; n++) assert.deepEqual(await gate.admit(knock), { caller: accepted(CLIENT), standing: null })
})
