import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from './load.ts'

const KEYS = { mainKeys: ['a main key'], publisherToken: 'a-token' }

function load(settings: object) {
  return loadConfig({ CHANNELS: JSON.stringify({ appcharge: settings }) })
}

function channelOf(settings: object) {
  const loaded = load({ ...KEYS, ...settings })
  assert.ok(loaded.ok)
  const [channel] = loaded.config.channels
  assert.ok(channel?.type === 'appcharge')
  return channel
}

test('an appcharge channel needs its keys alone; everything else has the value that is right for most', () => {
  const { appId, ...channel } = channelOf({})
  assert.equal(typeof appId, 'string')
  assert.deepEqual(channel, {
    ...{ instance: 'appcharge', type: 'appcharge', ...KEYS, projectId: null, environment: 'live' },
    ...{ authMethods: ['facebook', 'google', 'apple', 'otp'], deepLink: null, checkout: null, priceRule: 'catalogue' },
    ...{ items: {}, products: { coins: 'coins', tokens: 'tokens' }, freeOffers: [], acceptSeconds: false },
    apiUrl: 'https://api.appcharge.com',
  })
})

test('the sandbox is a host of its own, and play money', () => {
  const { environment, apiUrl } = channelOf({ environment: 'sandbox' })
  assert.deepEqual([environment, apiUrl], ['test', 'https://api-sandbox.appcharge.com'])
  assert.equal(channelOf({ apiUrl: 'http://127.0.0.1:9/ac//' }).apiUrl, 'http://127.0.0.1:9/ac')
})

test('checkouts are opened where that is said, and may bring players back', () => {
  assert.equal(channelOf({ checkout: false }).checkout, null)
  assert.deepEqual(channelOf({ checkout: true }).checkout, { returnUrl: null })
  assert.deepEqual(channelOf({ checkout: { returnUrl: 'mygame://paid' } }).checkout, { returnUrl: 'mygame://paid' })
})

const faulty: readonly (readonly [string, object, RegExp])[] = [
  ['no keys', { mainKeys: undefined }, /lacks mainKeys/],
  ['no token', { publisherToken: undefined }, /lacks publisherToken/],
  ['an empty list of keys', { mainKeys: [] }, /mainKeys/],
  ['a token with a line end', { publisherToken: 'a\nb' }, /publisherToken/],
  ['a misspelled setting', { publisherKey: 'a' }, /unknown keys: "publisherKey"/],
  ['an environment of another name', { environment: 'test' }, /must be one of: live, sandbox/],
  ['a login method of another name', { authMethods: ['steam'] }, /must be one of: facebook/],
  ['a link without its place', { deepLink: 'mygame://login' }, /deepLink/],
  ['a link whose codes are off', { deepLink: 'mygame://login?t={token}', authMethods: ['google'] }, /lacks otp/],
  ['an item of no number', { items: { a: 0 } }, /items\/a/],
  ['a currency by the name of an item', { items: { tokens: 4 } }, /"tokens" in \/products names an item/],
  ['a currency by the number of an item', { products: { coins: '7' } }, /"7" in \/products names an item/],
  ['one name for both currencies', { products: { coins: 'tokens' } }, /both of coins and of tokens/],
  ['an API in the open', { apiUrl: 'http://api.example.com' }, /not encrypted/],
  ['an API with a password', { apiUrl: 'https://a:b@api.example.com' }, /carries a user/],
  ['an API of no address', { apiUrl: 'api.example.com' }, /no full URL/],
  ['a way back of no address', { checkout: { returnUrl: 'home' } }, /no full URL/],
]
for (const [what, settings, said] of faulty) {
  test(`${what} is a fault that names the remedy and quotes no secret`, () => {
    const loaded = load({ ...KEYS, mainKeys: ['quoted-nowhere'], ...settings })
    assert.ok(!loaded.ok)
    const [fault, ...more] = loaded.faults
    assert.deepEqual([fault?.variable, more.length], ['CHANNELS', 0])
    assert.match(fault?.fault ?? '', said)
    assert.match(fault?.remedy ?? '', /"appcharge": \{"mainKeys"/)
    assert.doesNotMatch(JSON.stringify(loaded.faults), /quoted-nowhere|a-token/)
  })
}
