import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../load.ts'
import { STRIPE_API_URL, stripeFaults } from './stripe.ts'

const SECRET = 'whsec_9f3c1ab27de84501c6b0'
const KEY = 'rk_live_9f3c1ab27de84501'
const RETURN_URL = 'https://shop.example.com/paid'
const ONLINE = {
  ENV: 'online',
  JWT_SECRET: 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0GfUo',
  APPS: '[{"appId":"com.example.game","appSecret":"u3Jx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeXa"}]',
}

function load(channels: object, variables: Readonly<Record<string, string>> = {}) {
  return loadConfig({ ...variables, CHANNELS: JSON.stringify(channels) })
}

test('an instance of Stripe may call out, or leave that to the studio’s own backend', () => {
  const loaded = load({
    stripe: { webhookSecrets: [SECRET] },
    gems: {
      ...{ type: 'stripe', secretKey: KEY, webhookSecrets: [`${SECRET}0`, `${SECRET}1`], returnUrl: 'mygame://paid' },
      ...{ priceRule: 'order', items: { plink_1: 2 }, apiUrl: 'http://127.0.0.1:12111' },
    },
  })
  assert.ok(loaded.ok)
  const [silent, calling] = loaded.config.channels.filter((channel) => channel.type === 'stripe')
  const { appId: _, ...silently } = silent ?? {}
  assert.deepEqual(silently, {
    ...{ instance: 'stripe', type: 'stripe', secretKey: null, webhookSecrets: [SECRET], returnUrl: null },
    ...{ priceRule: 'catalogue', items: {}, apiUrl: STRIPE_API_URL },
  })
  assert.deepEqual(
    [calling?.secretKey, calling?.priceRule, calling?.items, calling?.apiUrl],
    [KEY, 'order', { plink_1: 2 }, 'http://127.0.0.1:12111'],
  )
})

test('what is wrong with an instance of Stripe is told with its remedy, and quotes no secret', () => {
  const right = { webhookSecrets: [SECRET] }
  const cases: [string, object, RegExp][] = [
    ['no secret', {}, /lacks webhookSecrets/],
    ['none of several', { webhookSecrets: [] }, /webhookSecrets/],
    ['six', { webhookSecrets: Array(6).fill(SECRET) }, /webhookSecrets/],
    ['the secret of something else', { webhookSecrets: [KEY] }, /\/webhookSecrets\/0/],
    ['a secret that was cut off', { webhookSecrets: ['whsec_abc'] }, /\/webhookSecrets\/0/],
    ['a secret with its line end', { webhookSecrets: [`${SECRET}\n`] }, /\/webhookSecrets\/0/],
    ['a publishable key', { ...right, secretKey: 'pk_live_9f3c1ab27de84501', returnUrl: RETURN_URL }, /\/secretKey/],
    ['a key without a place to go back to', { ...right, secretKey: KEY }, /without a returnUrl/],
    ['a place that is none', { ...right, secretKey: KEY, returnUrl: '/paid' }, /returnUrl is no full URL/],
    ['an API with a path', { ...right, apiUrl: 'https://api.stripe.com/v1' }, /apiUrl/],
    ['an API with a user', { ...right, apiUrl: 'https://me:you@api.stripe.com' }, /apiUrl/],
    ['an API by another road', { ...right, apiUrl: 'ftp://api.stripe.com' }, /apiUrl/],
    ['a rule that there is not', { ...right, priceRule: 'any' }, /order, catalogue, platform/],
    ['an item that there cannot be', { ...right, items: { gems: 0 } }, /\/items\/gems/],
    ['a setting that there is not', { ...right, publishableKey: 'pk' }, /"publishableKey"/],
  ]
  for (const [what, settings, said] of cases) {
    const loaded = load({ stripe: settings })
    assert.ok(!loaded.ok, what)
    const [fault] = loaded.faults
    assert.equal(fault?.variable, 'CHANNELS', what)
    assert.match(fault?.fault ?? '', said, what)
    assert.match(fault?.remedy ?? '', /"webhookSecrets": \["whsec_\.\.\."\]/, what)
    assert.ok(!JSON.stringify(loaded.faults).includes('9f3c1ab27de84501'), what)
  }
})

test('two endpoints have two secrets, and a key goes out encrypted', () => {
  const both = load({ stripe: { webhookSecrets: [SECRET] }, gems: { type: 'stripe', webhookSecrets: [SECRET] } })
  assert.match(both.ok ? '' : (both.faults[0]?.fault ?? ''), /"stripe" and "gems" have a secret in common/)
  const open = { secretKey: KEY, webhookSecrets: [SECRET], returnUrl: RETURN_URL, apiUrl: 'http://stripe.internal' }
  const online = load({ stripe: open }, ONLINE)
  const faults = online.ok ? [] : online.faults.filter(({ variable }) => variable === 'CHANNELS')
  assert.match(faults[0]?.fault ?? '', /"http:\/\/stripe\.internal", which is not encrypted/)
  assert.match(faults[0]?.remedy ?? '', /https/)
  for (const apiUrl of ['http://127.0.0.1:9', 'http://[::1]:9', 'https://stripe.internal', STRIPE_API_URL]) {
    const loaded = load({ stripe: { ...open, apiUrl } }, ONLINE)
    assert.ok(loaded.ok || loaded.faults.every(({ variable }) => variable !== 'CHANNELS'), apiUrl)
  }
  assert.deepEqual(stripeFaults({ webhookSecrets: [SECRET], apiUrl: 'https://api.stripe.com/' }), [])
})

test('online a key of the test mode is warned of', () => {
  const keyed = (secretKey: string) => ({ stripe: { secretKey, webhookSecrets: [SECRET], returnUrl: RETURN_URL } })
  const warningsOf = (secretKey: string) => {
    const loaded = load(keyed(secretKey), ONLINE)
    return loaded.ok ? loaded.warnings.filter((warning) => warning.startsWith('CHANNELS')) : ['it does not start']
  }
  assert.deepEqual(warningsOf(KEY), [])
  assert.match(warningsOf('sk_test_9f3c1ab27de84501').join(), /"stripe" is of Stripe's test mode/)
  assert.deepEqual(warningsOf('sk_test_9f3c1ab27de84501').join().includes('9f3c'), false)
})
