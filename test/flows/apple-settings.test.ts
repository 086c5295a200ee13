import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { describeFaults, loadConfig } from '../../src/config/load.ts'
import { appleAuthority } from '../support/apple-authority.ts'
import { newConnectKey } from '../support/apple-server.ts'
import { appleSettings } from '../support/apple-store.ts'
import { startApp } from '../support/test-app.ts'

const { root, signer } = appleAuthority()
const folder = mkdtempSync(join(tmpdir(), 'payment-api-apple-settings-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const { settings: apiKey } = newConnectKey()

function load(settings: object) {
  return loadConfig({ CHANNELS: JSON.stringify({ apple: { ...appleSettings(), ...settings } }) })
}

function channelOf(settings: object) {
  const loaded = load(settings)
  assert.ok(loaded.ok, loaded.ok ? '' : describeFaults(loaded.faults))
  const [channel] = loaded.config.channels
  assert.ok(channel?.type === 'apple')
  return channel
}

function written(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

test('what is left out stands for what Apple and most studios want', () => {
  const { instance, type, appId: _, ...channel } = channelOf({ environments: undefined, items: undefined })
  assert.deepEqual([instance, type], ['apple', 'apple'])
  assert.deepEqual(channel, {
    ...{ bundleId: 'com.example.game', appAppleId: 1234567890, environments: ['Production'] },
    ...{ rootCertificates: [root], onlineChecks: false, apiKey: null },
    apiUrls: { Production: 'https://api.storekit.apple.com', Sandbox: 'https://api.storekit-sandbox.apple.com' },
    ...{ priceRule: 'platform', items: {}, refundPreference: null },
  })
  assert.deepEqual(channelOf({ environments: ['Sandbox', 'Production'] }).environments, ['Production', 'Sandbox'])
  assert.equal(channelOf({ environments: ['Sandbox'], appAppleId: undefined }).appAppleId, null)
})

test('certificates and the key may be files, of either form', () => {
  const der = Buffer.from(root, 'base64')
  const pem = `-----BEGIN CERTIFICATE-----\n${root.replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`
  const rootCertificates = [written('root.cer', der), written('root.pem', pem), pem, root]
  assert.deepEqual(channelOf({ rootCertificates }).rootCertificates, [root, root, root, root])
  const privateKey = written('AuthKey.p8', apiKey.privateKey)
  assert.deepEqual(channelOf({ apiKey: { ...apiKey, privateKey } }).apiKey, apiKey)
  assert.deepEqual(channelOf({ apiKey }).apiKey, apiKey)
})

test('a purchase is taken by one channel, or it could be granted by each', () => {
  const loadBoth = (more: Readonly<Record<string, unknown>>) =>
    loadConfig({ CHANNELS: JSON.stringify({ apple: appleSettings(), 'apple-too': appleSettings(more) }) })
  const both = loadBoth({})
  assert.ok(!both.ok)
  assert.equal(both.faults.length, 2, 'in real money and in play money')
  assert.match(
    both.faults[0]?.fault ?? '',
    /"apple" and "apple-too" both take purchases of "com\.example\.game" in Production/,
  )
  assert.match(both.faults[0]?.remedy ?? '', /Keep one of them/)
  assert.ok(loadBoth({ bundleId: 'com.example.game.too' }).ok)
})

test('each fault is named with its remedy, and no secret is quoted', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const key = (privateKey: string) => ({ apiKey: { ...apiKey, privateKey } })
  const remedies = {
    roots: /Apple Root CA - G3/,
    key: /\.p8 file/,
    app: /App Information/,
    shape: /"rootCertificates"/,
  }
  const cases: readonly (readonly [object, RegExp, RegExp])[] = [
    [{ appAppleId: undefined }, /"appAppleId" is missing/, remedies.app],
    [{ rootCertificates: ['/nowhere/root.cer'] }, /1 names a file that cannot be read, "\/nowhere/, remedies.roots],
    [{ rootCertificates: [root, written('no.cer', 'no')] }, /2 is not a certificate/, remedies.roots],
    [{ rootCertificates: [`MII${'A'.repeat(300)}`] }, /is not a certificate/, remedies.roots],
    [{ rootCertificates: [signer.chain[0]] }, /is not a root certificate/, remedies.roots],
    [{ rootCertificates: [signer.chain[1]] }, /is not a root certificate/, remedies.roots],
    [{ rootCertificates: [] }, /rootCertificates/, remedies.shape],
    [key('/nowhere/key.p8'), /names a file that cannot be read/, remedies.key],
    [key(written('key.p8', 'no key')), /is not a private key/, remedies.key],
    [key(String(rsa)), /is not a key of the curve P-256/, remedies.key],
    [{ environments: ['Xcode'] }, /environments/, remedies.shape],
    [{ environments: ['LocalTesting'] }, /environments/, remedies.shape],
    [{ environments: [] }, /environments/, remedies.shape],
    [{ bundleId: 'a b' }, /bundleId/, remedies.shape],
    [{ apiUrl: 'http://api.example.com' }, /apiUrl/, remedies.shape],
    [{ items: { sku: 0 } }, /items/, remedies.shape],
    [{ sharedSecret: 'x' }, /unknown keys: "sharedSecret"/, remedies.shape],
  ]
  for (const [settings, said, remedy] of cases) {
    const loaded = load(settings)
    assert.ok(!loaded.ok, `${said}`)
    const [fault, ...others] = loaded.faults
    assert.equal(fault?.variable, 'CHANNELS')
    assert.match(fault?.fault ?? '', said)
    assert.match(fault?.remedy ?? '', remedy)
    assert.deepEqual(others, [])
    assert.ok(!describeFaults(loaded.faults).includes('PRIVATE'), 'a key is not quoted')
  }
})

test("Apple's library is loaded only where a channel needs it", async () => {
  const isLoaded = () =>
    Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('app-store-server-library'))
  const without = await startApp()
  await without.close()
  assert.equal(isLoaded(), false)
  const having = await startApp({ variables: { CHANNELS: JSON.stringify({ apple: appleSettings() }) } })
  await having.call('POST', '/webhooks/apple', { body: { signedPayload: 'e30.e30.e30' } })
  await having.close()
  assert.equal(isLoaded(), true)
})
