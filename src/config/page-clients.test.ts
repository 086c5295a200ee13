import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { loginSettings, loginUrlFaults } from './logins.ts'
import { applePages, googlePages, pageClientFaults } from './page-clients.ts'

const pem = (curve: string): string =>
  generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const BACK = 'https://store.example.com/back'
const GOOGLE = { clientIds: ['game'] }
const APPLE_CLIENT = {
  ...{ clientId: 'com.example.store', teamId: 'TEAM123456', keyId: 'KEY1234567' },
  ...{ privateKey: pem('P-256'), redirectUri: BACK },
}
const whole = {
  google: { ...GOOGLE, pageClients: [{ clientId: 'store', clientSecret: 'secret', redirectUri: BACK }] },
  apple: { ...GOOGLE, pageClients: [APPLE_CLIENT] },
  facebook: { appId: '123', appSecret: 'secret', pageRedirectUri: BACK },
}

test('without clients of their own, pages log in with those of the game, by tokens', () => {
  const clients = [{ clientId: 'game', exchange: null }]
  assert.deepEqual(googlePages(GOOGLE, 'https://g/token'), { tokenUrl: 'https://g/token', clients })
  assert.deepEqual(applePages(GOOGLE, 'https://a/token'), { tokenUrl: 'https://a/token', clients })
  const { facebook, google, apple } = loginSettings({
    google: GOOGLE,
    apple: GOOGLE,
    facebook: { appId: '1', appSecret: 's' },
  })
  assert.equal(facebook?.pageRedirectUri, null)
  for (const settings of [google, apple]) assert.match(settings?.pages.tokenUrl ?? '', /^https:/)
})

test('clients of pages take the place of those of the game, with what exchanges their codes', () => {
  const { facebook, google, apple } = loginSettings(whole)
  assert.deepEqual(google?.pages.clients, [
    { clientId: 'store', exchange: { clientSecret: 'secret', redirectUri: BACK } },
  ])
  const { clientId, ...exchange } = APPLE_CLIENT
  assert.deepEqual(apple?.pages.clients, [{ clientId, exchange }])
  assert.deepEqual([google?.clientIds, facebook?.pageRedirectUri], [['game'], BACK])
  for (const env of ['local', 'online'] as const) assert.deepEqual(pageClientFaults(whole, env), [])
})

test('half of what an exchange needs, a wrong key, an open address and a client that stands twice are faults', () => {
  const google = (client: object) => ({ google: { ...GOOGLE, pageClients: [{ clientId: 'store', ...client }] } })
  const apple = (changes: object) => ({ apple: { ...GOOGLE, pageClients: [{ ...APPLE_CLIENT, ...changes }] } })
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const publicPem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' })
  const twice = { google: { ...GOOGLE, pageClients: [{ clientId: 'store' }, { clientId: 'store' }] } }
  const faulty: [object, RegExp][] = [
    [google({ clientSecret: 'hidden' }), /only one of clientSecret and redirectUri/],
    [google({ redirectUri: BACK }), /only one of/],
    [google({ clientSecret: 'hidden', redirectUri: 'back' }), /no full https address/],
    [google({ clientSecret: 'hidden', redirectUri: 'http://store.example.com/' }), /no full https address/],
    [twice, /"store" twice/],
    [apple({ teamId: undefined }), /only some of/],
    [apple({ privateKey: undefined }), /only some of/],
    [apple({ privateKey: 'hidden' }), /no private key of P-256/],
    [apple({ privateKey: APPLE_CLIENT.privateKey.replaceAll('\n', '') }), /no private key of P-256/],
    [apple({ privateKey: pem('P-384') }), /no private key of P-256/],
    [apple({ privateKey: pem('secp256k1') }), /no private key of P-256/],
    [apple({ privateKey: String(rsa) }), /no private key of P-256/],
    [apple({ privateKey: String(publicPem) }), /no private key of P-256/],
    [{ facebook: { appId: '1', appSecret: 'hidden', pageRedirectUri: 'ftp://x' } }, /no full https address/],
  ]
  for (const [logins, said] of faulty) {
    const faults = pageClientFaults(logins, 'online')
    assert.equal(faults.length, 1, String(said))
    assert.match(faults[0]?.said ?? '', said)
    assert.notEqual(faults[0]?.remedy, '')
    assert.doesNotMatch(JSON.stringify(faults), /hidden|BEGIN|MIG/)
  }
  assert.deepEqual(pageClientFaults(google({ clientSecret: 's', redirectUri: 'postmessage' }), 'online'), [])
  assert.deepEqual(pageClientFaults(google({ clientSecret: 's', redirectUri: 'http://127.0.0.1/' }), 'local'), [])
})

test('codes are exchanged nowhere unencrypted', () => {
  const tokenUrl = 'http://tokens.example.com/'
  for (const logins of [{ google: { ...GOOGLE, tokenUrl } }, { apple: { ...GOOGLE, tokenUrl } }]) {
    assert.match(loginUrlFaults(logins, 'online').join(), /not encrypted/)
  }
})
