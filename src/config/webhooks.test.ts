import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { loadConfig } from './load.ts'

const secretOf = (bytes: Buffer): string => `whsec_${bytes.toString('base64')}`
const [SECRET, OLD_SECRET] = [secretOf(randomBytes(32)), secretOf(randomBytes(24))]
const URL = 'https://game.example.com/payments?game=1'
const ONLINE = { ENV: 'online', JWT_SECRET: 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0GfUo' }

function load(webhooks: object, variables: Record<string, string> = {}) {
  const app = { appId: 'com.example.game', appSecret: 'u3Jx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeXa', webhooks }
  return loadConfig({ ...variables, APPS: JSON.stringify([app]) })
}

test('an app tells its game server by webhooks, signed by several secrets while one is exchanged', () => {
  for (const variables of [{}, ONLINE]) {
    const loaded = load({ url: URL, secrets: [SECRET, OLD_SECRET] }, variables)
    assert.ok(loaded.ok)
    assert.deepEqual(loaded.config.apps[0]?.webhooks, { url: URL, secrets: [SECRET, OLD_SECRET], timeoutMs: 10_000 })
  }
})

const REFUSED: readonly (readonly [what: string, webhooks: object, fault: RegExp, remedy: RegExp])[] = [
  ['no secret', { url: URL, secrets: [] }, /fewer than 1/, /appSecret/],
  ['no address', { secrets: [SECRET] }, /lacks url/, /appSecret/],
  ['a misspelt setting', { url: URL, secrets: [SECRET], secret: 'x' }, /unknown keys: "secret"/, /appSecret/],
  ['half an address', { url: 'game.example.com', secrets: [SECRET] }, /no full URL/, /https:/],
  ['another scheme', { url: 'ftp://game.example.com/', secrets: [SECRET] }, /no full URL/, /https:/],
  ['a password', { url: 'https://me:hidden@game.example.com', secrets: [SECRET] }, /user or password/, /https:/],
  ['a fragment', { url: `${URL}#hidden`, secrets: [SECRET] }, /fragment/, /https:/],
  ['a secret without its mark', { url: URL, secrets: [SECRET.slice(6)] }, /not in the form/, /openssl rand -base64/],
  ['a secret in hex', { url: URL, secrets: [`whsec_${'0f'.repeat(31)}=g`] }, /not in the form/, /whsec_/],
  ['a key of 23 bytes', { url: URL, secrets: [secretOf(randomBytes(23))] }, /not in the form/, /24 to 64/],
  ['a key of 65 bytes', { url: URL, secrets: [SECRET, secretOf(randomBytes(65))] }, /not in the form/, /24 to 64/],
]

for (const [what, webhooks, fault, remedy] of REFUSED) {
  test(`webhooks with ${what} are refused, with a remedy and without a secret`, () => {
    const loaded = load(webhooks)
    assert.ok(!loaded.ok)
    assert.deepEqual([...new Set(loaded.faults.map(({ variable }) => variable))], ['APPS'])
    assert.match(loaded.faults.map((each) => each.fault).join(), fault)
    assert.match(loaded.faults.map((each) => each.remedy).join(), remedy)
    const told = JSON.stringify(loaded.faults)
    for (const hidden of [SECRET, 'hidden']) assert.ok(!told.includes(hidden), told)
  })
}

test('online events go out encrypted, but for a game server on this machine', () => {
  const open = { url: 'http://game.example.com/', secrets: [SECRET] }
  assert.ok(load(open).ok)
  const online = load(open, ONLINE)
  assert.ok(!online.ok)
  assert.match(online.faults[0]?.fault ?? '', /webhooks is not encrypted/)
  for (const url of ['http://127.0.0.1:9000/x', 'http://[::1]:9000/x', 'http://localhost:9000/x']) {
    assert.ok(load({ url, secrets: [SECRET] }, ONLINE).ok, url)
  }
})

test('online a secret in somebody’s own words, or one held key, is refused; random bytes never are', () => {
  const words = ['0123456789abcdef01234567', 'please-change-this-secret-in-production', 'the secret of our game server']
  for (const weak of [...words.map((text) => Buffer.from(text)), Buffer.alloc(32), Buffer.alloc(32, 0xaa)]) {
    const webhooks = { url: URL, secrets: [SECRET, secretOf(weak)] }
    assert.ok(load(webhooks).ok)
    const online = load(webhooks, ONLINE)
    assert.ok(!online.ok, weak.toString('latin1'))
    assert.match(online.faults[0]?.fault ?? '', /a secret of the webhooks of "com.example.game"/)
  }
  for (let n = 0; n < 500; n++) assert.ok(load({ url: URL, secrets: [secretOf(randomBytes(24))] }, ONLINE).ok)
})
