import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { XsollaChannelConfig } from './config.ts'
import { loadConfig } from './load.ts'

const PLAIN = { secretKeys: ['key-of-the-project'], projectId: 12345 }

const read = (settings: object, env = 'local') =>
  loadConfig({ ENV: env, CHANNELS: JSON.stringify({ xsolla: settings }) })
const channelOf = (settings: object): XsollaChannelConfig => {
  const loaded = read(settings)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  const [channel] = loaded.config.channels
  assert.ok(channel?.type === 'xsolla')
  return channel
}

test('a key and the number of the project are enough; all else has what stands in for it', () => {
  const { instance: _, appId: __, ...rest } = channelOf(PLAIN)
  assert.deepEqual(rest, {
    ...{ type: 'xsolla', ...PLAIN, merchantId: null, apiKey: null, sandbox: false, country: 'US' },
    ...{ grantOn: 'order_paid', automaticRefund: false, priceRule: 'catalogue', items: {} },
    ...{ storeApiUrl: 'https://store.xsolla.com/api', merchantApiUrl: 'https://api.xsolla.com/merchant/v2' },
    payStationUrl: null,
  })
})

test('everything that can be said is taken as it is said', () => {
  const given = {
    ...{ secretKeys: ['newer', 'older'], projectId: 1, merchantId: 2, apiKey: 'api-key', sandbox: true, country: 'BR' },
    ...{ grantOn: 'payment', automaticRefund: true, priceRule: 'platform', items: { gems: 3 } },
    ...{
      storeApiUrl: 'http://127.0.0.1:9/store',
      merchantApiUrl: 'http://localhost:9',
      payStationUrl: 'https://x.example/',
    },
  }
  const { instance: _, appId: __, type: ___, ...rest } = channelOf(given)
  assert.deepEqual(rest, given)
  assert.equal(channelOf({ ...PLAIN, storeApiUrl: 'https://x.example/api//' }).storeApiUrl, 'https://x.example/api')
})

test('what is wrong is said with its place and a remedy, and no value of it', () => {
  const faulty: [object, RegExp][] = [
    [{}, /lacks secretKeys, projectId/],
    [{ ...PLAIN, secretKeys: [] }, /\/secretKeys/],
    [{ ...PLAIN, secretKeys: [''] }, /\/secretKeys\/0/],
    [{ ...PLAIN, secretKeys: ['a', 'b', 'c', 'd', 'e', 'f'] }, /\/secretKeys/],
    [{ ...PLAIN, secretKeys: 'key-of-the-project' }, /\/secretKeys/],
    [{ ...PLAIN, projectId: '12345' }, /\/projectId/],
    [{ ...PLAIN, projectId: 0 }, /\/projectId/],
    [{ ...PLAIN, merchantId: 1.5 }, /\/merchantId/],
    [{ ...PLAIN, country: 'usa' }, /\/country/],
    [{ ...PLAIN, grantOn: 'refund' }, /\/grantOn must be one of: order_paid, payment/],
    [{ ...PLAIN, priceRule: 'mine' }, /\/priceRule must be one of: order, catalogue, platform/],
    [{ ...PLAIN, items: { gems: 0 } }, /\/items\/gems/],
    [{ ...PLAIN, items: [1] }, /\/items/],
    [{ ...PLAIN, automaticRefund: 'yes' }, /\/automaticRefund/],
    [{ ...PLAIN, secretKey: 'key-of-the-project' }, /unknown keys: "secretKey"/],
    ...['http://store.example.com', 'store.xsolla.com', 'http://localhost.example.com', 'ftp://x', ''].map(
      (storeApiUrl): [object, RegExp] => [{ ...PLAIN, storeApiUrl }, /\/storeApiUrl/],
    ),
  ]
  for (const [settings, words] of faulty) {
    const loaded = read(settings)
    assert.ok(!loaded.ok, JSON.stringify(settings))
    const [first] = loaded.faults
    assert.equal(first?.variable, 'CHANNELS')
    assert.match(first?.fault ?? '', words)
    assert.match(first?.remedy ?? '', /"secretKeys".*"projectId"/)
    assert.doesNotMatch(JSON.stringify(loaded.faults.map(({ fault }) => fault)), /key-of-the-project/)
  }
})

test('two projects do not share a key: a message to one could be told to the other', () => {
  const other = { type: 'xsolla', secretKeys: ['another', 'key-of-the-project'], projectId: 2 }
  const loaded = loadConfig({ ENV: 'local', CHANNELS: JSON.stringify({ xsolla: PLAIN, other }) })
  assert.ok(!loaded.ok)
  assert.match(loaded.faults[0]?.fault ?? '', /"xsolla" and "other" have a secret in common/)
})

test('online a sandbox is warned of', () => {
  const variables = {
    ENV: 'online',
    JWT_SECRET: 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0GfUo',
    APPS: JSON.stringify([{ appId: 'com.example.game', appSecret: 'u3Jx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeXa' }]),
    DATABASE_URL: 'sqlite:///./x.db',
  }
  for (const sandbox of [true, false]) {
    const loaded = loadConfig({ ...variables, CHANNELS: JSON.stringify({ xsolla: { ...PLAIN, sandbox } }) })
    assert.ok(loaded.ok, JSON.stringify(loaded))
    assert.equal(
      loaded.warnings.some((words) => /"xsolla" opens checkouts in Xsolla's sandbox/.test(words)),
      sandbox,
    )
  }
})
