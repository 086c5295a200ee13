import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '../../test/support/fake-clock.ts'
import type { Caller } from '../kernel/caller.ts'
import type { AppId, PlayerId, SessionId } from '../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import { type Knock, openGate, type Verdict } from './gate.ts'
import { type LimitedCall, openRateLimiter, type RateLimits } from './rate-limit.ts'

const appId = 'app' as AppId
const SERVER: Caller = { kind: 'server', appId }
const CLIENT: Caller = { kind: 'client', appId, sessionId: 'ses_1' as SessionId, playerId: null }
const BURST = 10
const OFF = { perMinute: 0, loginPerMinute: 0, playerPerMinute: 0, appPerMinute: 0, routes: {}, workers: 1 }
/** A call from one address that nothing makes stricter. */
const CALL: LimitedCall = { address: '203.0.113.7', route: 'POST /api/v1/payment/success', limit: null }

interface Given {
  readonly servers?: Set<string>
  readonly limits?: Partial<RateLimits>
}

/** A gate before tokens that are what their names say, and a count of how many were checked. */
function gateWith({ servers = new Set(['server', 'other-server']), limits = {} }: Given = {}) {
  const checked = { tokens: 0, signatures: 0 }
  const clock = fakeClock()
  const gate = openGate({
    authenticate: async (token): Promise<Outcome<Caller>> => {
      checked.tokens += 1
      await new Promise((resolve) => setImmediate(resolve))
      if (servers.has(token)) return accepted(SERVER)
      if (token.startsWith('player')) return accepted({ ...CLIENT, playerId: token.length as PlayerId })
      return token.startsWith('client') ? accepted(CLIENT) : refused('unauthorized')
    },
    verifySigner: ({ signature }) => {
      checked.signatures += 1
      return signature === 'good'
        ? accepted({ kind: 'signer', appId, instance: 'signed' })
        : refused('invalid_signature')
    },
    limiter: openRateLimiter({ clock, sharing: null }, { ...OFF, perMinute: BURST * 4, ...limits }),
  })
  const knock = (authorization?: string, more: Partial<Knock> = {}) =>
    gate.admit({
      ...CALL,
      access: 'payer',
      authorization: authorization === undefined ? undefined : `Bearer ${authorization}`,
      signed: false,
      ...more,
    })
  const sign = (signature: string) =>
    gate.admitSigner(CALL, {
      signature,
      channelHeader: undefined,
      paymentChannel: undefined,
      rawBody: new Uint8Array(0),
    })
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
    gate.chargeUnread(CALL)
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
  for (let n = 0; n < BURST; n++) gate.chargeForgery(CALL)
  assert.equal(codeOf(await knock(undefined, { access: 'webhook' })), 'too_many_requests')
  assert.equal(codeOf(await knock(undefined, { access: 'webhook', address: '203.0.113.8' })), 'in')
  assert.equal(checked.tokens, 2 * BURST)
})

test('a player who has proven itself is limited wherever it calls from, and one who has not takes nothing from it', async () => {
  const { knock, checked } = gateWith({ limits: { perMinute: 4000, playerPerMinute: 12 } })
  const from = (n: number) => ({ address: `203.0.113.${n}` })
  assert.equal(count(await Promise.all(times(50, (n) => knock(`false-player-${n}`, from(n)))), 'unauthorized'), 50)
  const verdicts = await Promise.all(times(50, (n) => knock('player', from(n))))
  assert.equal(count(verdicts, 'in'), 3)
  assert.equal(count(verdicts, 'too_many_requests'), 47)
  assert.deepEqual((await knock('player', from(99))).standing, {
    ...{ allowed: false, limit: 3, remaining: 0 },
    ...{ resetSeconds: 15, retryAfterSeconds: 5 },
  })
  assert.deepEqual((await knock('player-2', from(99))).standing?.remaining, 2)
  assert.equal(codeOf(await knock('server', from(99))), 'in')
  assert.equal(checked.tokens, 103)
})

test('with limits of players alone, strangers are not counted and players are', async () => {
  const { knock } = gateWith({ limits: { perMinute: 0, playerPerMinute: 12 } })
  assert.equal(count(await Promise.all(times(50, () => knock())), 'unauthorized'), 50)
  assert.equal(count(await Promise.all(times(50, () => knock('client'))), 'in'), 50)
  assert.equal(count(await Promise.all(times(50, () => knock('player'))), 'in'), 3)
  assert.equal((await knock('server')).standing, null)
})

test('a client whose address has nothing left takes nothing from its player', async () => {
  const { knock } = gateWith({ limits: { playerPerMinute: 60 } })
  await Promise.all(times(BURST, () => knock()))
  assert.equal(count(await Promise.all(times(30, () => knock('player'))), 'too_many_requests'), 30)
  assert.equal((await knock('player', { address: '203.0.113.8' })).standing?.remaining, BURST - 1)
  assert.equal((await knock('player', { address: '203.0.113.9' })).standing?.remaining, BURST - 1)
})

test('without limits nothing is counted and nothing told', async () => {
  const gate = openGate({
    authenticate: async () => accepted(CLIENT),
    verifySigner: () => refused('invalid_signature'),
    limiter: null,
  })
  const knock: Knock = { ...CALL, limit: 'login', access: 'session', authorization: 'Bearer x', signed: false }
  for (let n = 0; n < 100; n++) assert.deepEqual(await gate.admit(knock), { caller: accepted(CLIENT), standing: null })
})
