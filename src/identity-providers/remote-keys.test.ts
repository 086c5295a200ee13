import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { anyKeySet, openKeySet } from './remote-keys.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsaJwk = jwkOf(rsa.publicKey)
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ecJwk = jwkOf(ec.publicKey)

function jwkOf(key: KeyObject): object {
  return key.export({ format: 'jwk' })
}

/** An address that gives out these keys, or answers with this status. */
async function keysAt(t: TestContext, served: { keys: unknown; status?: number }) {
  const server = createServer((_request, response) => {
    fetches += 1
    response.writeHead(served.status ?? 200).end(JSON.stringify({ keys: served.keys }))
  })
  let fetches = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const clock = fakeClock()
  const set = openKeySet({ clock, report: () => {} }, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return { clock, set, fetches: () => fetches }
}

test('a key says itself which algorithm it is for', async (t) => {
  const { set } = await keysAt(t, {
    keys: [
      { ...rsaJwk, kid: 'rsa' },
      { ...ecJwk, kid: 'ec', use: 'sig' },
    ],
  })
  const found = await Promise.all([set.find('rsa'), set.find('ec')])
  assert.deepEqual(
    found.map((one) => one.ok && one.value.algorithm),
    ['RS256', 'ES256'],
  )
})

test('what is no public key for such signatures is passed over, and of two with one name the first counts', async (t) => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const bad = [
    null,
    'key',
    rsaJwk,
    { kty: 'oct', k: 'c2VjcmV0', kid: 'secret' },
    { ...jwkOf(small.publicKey), kid: 'small' },
    { ...jwkOf(other.publicKey), kid: 'p-384' },
    { ...rsaJwk, kid: 'encrypts', use: 'enc' },
    { ...rsaJwk, kid: 'other-alg', alg: 'RS512' },
    { kty: 'RSA', kid: 'broken', n: '%%%', e: 'AQAB' },
  ]
  const twice = [
    { ...rsaJwk, kid: 'twice' },
    { ...ecJwk, kid: 'twice' },
  ]
  const { set } = await keysAt(t, { keys: [...bad, ...twice] })
  for (const kid of ['secret', 'small', 'p-384', 'encrypts', 'other-alg', 'broken', 'undefined', '__proto__']) {
    const found = await set.find(kid)
    assert.equal(found.ok ? 'found' : found.refusal.code, 'proof_unknown_key', kid)
  }
  const found = await set.find('twice')
  assert.equal(found.ok && found.value.algorithm, 'RS256')
})

test('a private key in the set is used as what it should have been', async (t) => {
  const { set } = await keysAt(t, { keys: [{ ...jwkOf(rsa.privateKey), kid: 'leaked' }] })
  const found = await set.find('leaked')
  assert.equal(found.ok && found.value.key.type, 'public')
})

test('of several addresses the first that knows a key decides, and a key at hand costs no question', async (t) => {
  const first = await keysAt(t, { keys: [{ ...rsaJwk, kid: 'new' }] })
  const second = await keysAt(t, { keys: [{ ...ecJwk, kid: 'old' }] })
  const both = anyKeySet([first.set, second.set])
  assert.equal((await both.find('new')).ok, true)
  assert.deepEqual([first.fetches(), second.fetches()], [1, 0])
  for (let times = 0; times < 3; times += 1) assert.equal((await both.find('old')).ok, true)
  first.clock.moveMs(60_000)
  assert.equal((await both.find('old')).ok, true)
  assert.deepEqual([first.fetches(), second.fetches()], [1, 1])
  const unknown = await both.find('unknown')
  assert.equal(unknown.ok ? 'found' : unknown.refusal.code, 'proof_unknown_key')
})

test('where one of several addresses is away, a key that the others do not know may still be genuine', async (t) => {
  const away = await keysAt(t, { keys: [], status: 500 })
  const there = await keysAt(t, { keys: [{ ...rsaJwk, kid: 'known' }] })
  const both = anyKeySet([away.set, there.set])
  assert.equal((await both.find('known')).ok, true)
  const unknown = await both.find('unknown')
  assert.equal(unknown.ok ? 'found' : unknown.refusal.code, 'provider_unavailable')
})

test('a clock that is set back does not stop the fetching', async (t) => {
  const { set, clock, fetches } = await keysAt(t, { keys: [{ ...rsaJwk, kid: 'known' }] })
  assert.equal((await set.find('known')).ok, true)
  clock.moveMs(-3_600_000)
  assert.equal((await set.find('known')).ok, true)
  assert.equal(fetches(), 2)
})
