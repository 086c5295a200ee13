import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadConfig } from './load.ts'

const directory = mkdtempSync(join(tmpdir(), 'payment-api-google-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const pem = (type: 'rsa' | 'ec'): string => {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
const privateKey = pem('rsa')
const clientEmail = 'play@example-project.iam.gserviceaccount.com'
const serviceAccount = { clientEmail, privateKey }
const packageName = 'com.example.slots'
const push = { audience: 'https://pay.example.com/webhooks/google', serviceAccountEmail: clientEmail }
const file = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}
const load = (google: object) => loadConfig({ CHANNELS: JSON.stringify({ google }) })

test('an instance has defaults for all that it need not say, and its account may stand in its key file', () => {
  const serviceAccountFile = file(
    'key.json',
    JSON.stringify({ type: 'service_account', client_email: clientEmail, private_key: privateKey }),
  )
  for (const account of [{ serviceAccount }, { serviceAccountFile }]) {
    const loaded = load({ packageName, ...account, push })
    assert.ok(loaded.ok)
    const [{ appId: _, ...channel } = {}] = loaded.config.channels as unknown as Record<string, unknown>[]
    assert.deepEqual(channel, {
      ...{ instance: 'google', type: 'google', packageName, serviceAccount },
      ...{ items: {}, acknowledgeOnly: [], priceRule: 'platform' },
      push: { ...push, subscription: null },
      apiUrl: 'https://androidpublisher.googleapis.com',
      tokenUrl: 'https://oauth2.googleapis.com/token',
      certsUrl: 'https://www.googleapis.com/oauth2/v3/certs',
    })
  }
})

test('what an instance lacks or has wrong is said with a remedy, and no word of its key', () => {
  const refused: readonly (readonly [string, object, RegExp])[] = [
    ['no account', { packageName }, /either \/serviceAccount or \/serviceAccountFile/],
    ['two accounts', { packageName, serviceAccount, serviceAccountFile: 'x' }, /either \/serviceAccount or/],
    ['no package', { serviceAccount }, /lacks packageName/],
    ['a package of one word', { packageName: 'slots', serviceAccount }, /packageName/],
    ['a key that is none', { packageName, serviceAccount: { clientEmail, privateKey: 'x' } }, /no key in PEM/],
    ['an elliptic key', { packageName, serviceAccount: { clientEmail, privateKey: pem('ec') } }, /no RSA key/],
    ['a file that is not there', { packageName, serviceAccountFile: join(directory, 'none') }, /cannot be read/],
    ['a file of something else', { packageName, serviceAccountFile: file('a.txt', privateKey) }, /is not JSON/],
    ['a file of null', { packageName, serviceAccountFile: file('null.json', 'null') }, /is not JSON|no key file/],
    [
      'another file of Google',
      { packageName, serviceAccountFile: file('b.json', '{"client_email":"a@b"}') },
      /no key file/,
    ],
    ['a push of nobody', { packageName, serviceAccount, push: { audience: 'x' } }, /lacks .*serviceAccountEmail/],
    [
      'a topic',
      { packageName, serviceAccount, push: { ...push, subscription: 'projects/a/topics/b' } },
      /subscription/,
    ],
    ['an item 0', { packageName, serviceAccount, items: { a: 0 } }, /items/],
    ['an open address', { packageName, serviceAccount, apiUrl: 'http://play.example.com' }, /not encrypted/],
    ['an address with a secret', { packageName, serviceAccount, tokenUrl: 'https://a:b@c.example' }, /carries a user/],
    ['an address of something', { packageName, serviceAccount, certsUrl: 'ftp://c.example' }, /no full URL/],
    ['a word too many', { packageName, serviceAccount, secret: 'x' }, /secret/],
  ]
  for (const [name, google, words] of refused) {
    const loaded = load(google)
    assert.ok(!loaded.ok, name)
    assert.match(loaded.faults.map(({ fault }) => fault).join('\n'), words, name)
    assert.match(loaded.faults.map(({ remedy }) => remedy).join('\n'), /"packageName"/, name)
    assert.doesNotMatch(JSON.stringify(loaded.faults), /MII/, name)
  }
})

test('two channels for one app on Play are refused: a purchase could be shown to each', () => {
  const google = { packageName, serviceAccount }
  const other = { ...google, type: 'google' }
  const both = loadConfig({ CHANNELS: JSON.stringify({ google, other }) })
  assert.ok(!both.ok)
  assert.deepEqual(
    both.faults.map(({ variable, fault }) => [variable, fault]),
    [['CHANNELS', 'the channels "google" and "other" both take purchases of "com.example.slots"']],
  )
  const apart = { google, other: { ...other, packageName: 'com.example.bingo' } }
  assert.ok(loadConfig({ CHANNELS: JSON.stringify(apart) }).ok)
})
