import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { loadConfig } from './load.ts'

const SECRET = 'p4Vt9Xk2Lm7Rb1Zq8Wc5Yn3Hd6Jf0GsTe'
const ONLINE = {
  ENV: 'online',
  JWT_SECRET: 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0Gf7Qe',
  APPS: '[{"appId":"com.example.game","appSecret":"u3Jx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeXa"}]',
}
const load = (keys: unknown, more: Readonly<Record<string, string>> = ONLINE) =>
  loadConfig({ ...more, JWT_KEYS: typeof keys === 'string' ? keys : JSON.stringify(keys) })
const pair = generateKeyPairSync('ed25519').privateKey
const seed = pair.export({ format: 'jwk' }).d ?? ''
const hs = (kid: string, secret = SECRET) => ({ kid, alg: 'HS256', secret })

test('without JWT_KEYS there are none, and JWT_SECRET stays needed beside them', () => {
  const loaded = loadConfig(ONLINE)
  assert.ok(loaded.ok && loaded.config.jwtKeys === null)
  const faulty = load([hs('a')], { ...ONLINE, JWT_SECRET: '' })
  assert.ok(!faulty.ok && faulty.faults.every(({ variable }) => variable === 'JWT_SECRET'))
})

test('a private key is read in each of its forms, and is the same key in all of them', () => {
  const der = pair.export({ format: 'der', type: 'pkcs8' })
  const forms = [
    seed,
    Buffer.from(seed, 'base64url').toString('base64'),
    der.toString('base64'),
    der.toString('base64url'),
  ]
  for (const privateKey of forms) {
    const loaded = load([{ kid: '2026-11.a_b', alg: 'EdDSA', privateKey }, hs('older')])
    assert.ok(loaded.ok, JSON.stringify(loaded))
    assert.deepEqual(loaded.config.jwtKeys, [{ kid: '2026-11.a_b', alg: 'EdDSA', seed }, hs('older')])
  }
})

test('what is no key of Ed25519 is none', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const x25519 = generateKeyPairSync('x25519').privateKey
  const forms = [
    ...[rsa, x25519].map((key) => key.export({ format: 'der', type: 'pkcs8' }).toString('base64')),
    ...['x', seed.slice(1), `${seed}AA`, 'not base64!', `-----BEGIN PRIVATE KEY-----`],
  ]
  for (const privateKey of forms) {
    const loaded = load([{ kid: 'a', alg: 'EdDSA', privateKey }])
    assert.ok(!loaded.ok)
    assert.ok(loaded.faults.every(({ variable }) => variable === 'JWT_KEYS'))
    assert.ok(!JSON.stringify(loaded.faults).includes(privateKey) || privateKey.length < 3, 'no key is ever quoted')
  }
})

test('a faulty list is blamed, and none of its secrets is quoted', () => {
  const eddsa = { kid: 'a', alg: 'EdDSA', privateKey: seed }
  const lists: unknown[] = [
    ...['[', '{}', '[]', 'null', [1], [{}]],
    [hs('a'), { ...eddsa, kid: 'a' }],
    [hs('')],
    [hs('a b')],
    [hs('x'.repeat(65))],
    [{ ...hs('a'), alg: 'HS512' }],
    [{ ...hs('a'), alg: 'none' }],
    [{ ...hs('a'), more: 1 }],
    [{ ...hs('a'), privateKey: seed }],
    [{ kid: 'a', alg: 'HS256' }],
    [{ kid: 'a', alg: 'EdDSA', secret: SECRET }],
    [{ ...eddsa, secret: SECRET }],
    Array.from({ length: 11 }, (_, n) => hs(`k${n}`)),
    '[{"kid": "a", "kid": "b", "alg": "HS256", "secret": "x"}]',
  ]
  for (const list of lists) {
    const loaded = load(list)
    assert.ok(!loaded.ok, JSON.stringify(list))
    assert.ok(loaded.faults.every(({ variable, remedy }) => variable === 'JWT_KEYS' && remedy !== ''))
    const said = JSON.stringify(loaded.faults)
    assert.ok(!said.includes(SECRET) && !said.includes(seed))
  }
})

test('in online a key must be as strong as JWT_SECRET; local takes any', () => {
  const weak = [
    hs('a', 'short'),
    hs('a', 'change-me-change-me-change-me-change-me'),
    { kid: 'a', alg: 'EdDSA', privateKey: Buffer.alloc(32).toString('base64url') },
  ]
  for (const key of weak) {
    const loaded = load([key])
    assert.ok(!loaded.ok && loaded.faults.every(({ variable }) => variable === 'JWT_KEYS'))
    assert.ok(load([key], { ENV: 'local' }).ok)
  }
})
