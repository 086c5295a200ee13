import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFaults, loadConfig } from './load.ts'
import { localDefaults } from './local.ts'
import { readMessaging } from './messaging.ts'
import { textsOf } from './settings.ts'

type Variables = Record<string, string>

const ONLINE = {
  ENV: 'online',
  JWT_SECRET: 'kT7vQ2mZx9LwB4nR8sYc1HfJ6pD3gA5uEa',
  APPS: JSON.stringify([{ appId: 'com.example.game', appSecret: '9f2c71d0ab84e6535cc0f1e87a6db3249f' }]),
}
const FROM = { MAIL_FROM: 'Example Game <login@example.com>' }
const HTTP = { type: 'http', url: 'https://sms.example.com/send', countries: ['+86'] }
const TWILIO = { type: 'twilio', accountSid: 'AC0123', authToken: 'tok', from: '+15005550006', countries: ['+1'] }
const sms = (settings: object) => ({ SMS: JSON.stringify(settings) })

function messagingOf(variables: Variables) {
  const loaded = loadConfig(variables)
  assert.ok(loaded.ok, loaded.ok ? '' : describeFaults(loaded.faults))
  return loaded.config.messaging
}

test('without settings nothing is sent, in both environments', () => {
  assert.deepEqual(messagingOf({}), { mail: null, sms: null })
  assert.deepEqual(messagingOf(ONLINE), { mail: null, sms: null })
})

test('a mail server elsewhere is spoken to over TLS only, and its certificate is checked', () => {
  const server = { host: 'mail.example.com', verifyCertificate: true, timeoutMs: 10_000 }
  const from = { name: 'Example Game', address: 'login@example.com' }
  for (const env of [{}, ONLINE]) {
    const { mail: started } = messagingOf({ ...env, ...FROM, SMTP_URL: 'smtp://us%40er:p%3Aw@Mail.example.com' })
    const auth = { user: 'us@er', password: 'p:w' }
    assert.deepEqual(started, { ...server, port: 587, tls: 'required', auth, from })
    const { mail: wrapped } = messagingOf({ ...env, ...FROM, SMTP_URL: 'smtps://mail.example.com/?timeout_ms=500' })
    assert.deepEqual(wrapped, { ...server, port: 465, tls: 'always', auth: null, from, timeoutMs: 500 })
  }
})

test('a mail server on this machine may do without TLS', () => {
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
    const { mail } = messagingOf({ ...ONLINE, MAIL_FROM: 'a@example.com', SMTP_URL: `smtp://${host}:2525` })
    assert.deepEqual([mail?.tls, mail?.verifyCertificate, mail?.port], ['if_offered', false, 2525])
    assert.deepEqual(mail?.from, { name: '', address: 'a@example.com' })
  }
})

test('the gateways of SMS are read, with what they leave out', () => {
  const http = messagingOf({ ...ONLINE, ...sms({ ...HTTP, headers: { 'X-Api-Key': 'k' }, timeoutMs: 500 }) }).sms
  assert.deepEqual(http, { ...HTTP, headers: { 'X-Api-Key': 'k' }, timeoutMs: 500 })
  assert.deepEqual(messagingOf(sms({ type: 'http', url: 'http://sms.internal/' })).sms, {
    ...{ type: 'http', url: 'http://sms.internal/', headers: {}, countries: null, timeoutMs: 10_000 },
  })
  const parts = { ...HTTP, countries: ['+1', '-+1876'] }
  assert.deepEqual(messagingOf({ ...ONLINE, ...sms(parts) }).sms, { ...parts, headers: {}, timeoutMs: 10_000 })
  const { from: _, ...unsent } = TWILIO
  const own = { type: 'twilio', accountSid: 'AC0123', authToken: 'tok', countries: ['+1'], timeoutMs: 10_000 }
  const byNumber = { ...own, sender: { From: '+15005550006' }, baseUrl: 'https://api.twilio.com' }
  assert.deepEqual(messagingOf({ ...ONLINE, ...sms(TWILIO) }).sms, byNumber)
  const service = { ...unsent, messagingServiceSid: 'MG9', baseUrl: 'http://127.0.0.1:9/twilio/' }
  const byService = { ...own, sender: { MessagingServiceSid: 'MG9' }, baseUrl: 'http://127.0.0.1:9/twilio' }
  assert.deepEqual(messagingOf({ ...ONLINE, ...sms(service) }).sms, byService)
})

/** What is set, the variable that is blamed, and what its fault and remedy say. */
const REFUSED: readonly (readonly [string, Variables, string, RegExp, RegExp])[] = [
  ['mail without a sender', { SMTP_URL: 'smtp://h' }, 'MAIL_FROM', /SMTP_URL is/, /<login@example\.com>/],
  ['mail over the web', { ...FROM, SMTP_URL: 'https://h' }, 'SMTP_URL', /does not begin/, /smtp:\/\//],
  ['mail to no URL', { ...FROM, SMTP_URL: 'mail.example.com' }, 'SMTP_URL', /not a valid URL/, /smtps:/],
  ['mail to no host', { ...FROM, SMTP_URL: 'smtp://user:p@:25' }, 'SMTP_URL', /valid URL|no host/, /smtps:/],
  ['mail to port 0', { ...FROM, SMTP_URL: 'smtp://h:0' }, 'SMTP_URL', /no port/, /587/],
  ['mail with a path', { ...FROM, SMTP_URL: 'smtp://h/x' }, 'SMTP_URL', /after its host/, /587/],
  ['mail with half a login', { ...FROM, SMTP_URL: 'smtp://user@h' }, 'SMTP_URL', /not both/, /password/],
  ['mail with a broken login', { ...FROM, SMTP_URL: 'smtp://u:%zz@h' }, 'SMTP_URL', /percent-encoding/, /%40/],
  ['mail with a broken line', { ...FROM, SMTP_URL: 'smtp://u:a%0d%0ab@h' }, 'SMTP_URL', /control char/, /%40/],
  ['mail with a setting', { ...FROM, SMTP_URL: 'smtp://h?secure=no' }, 'SMTP_URL', /other than timeout_ms/, /587/],
  ['mail with no time', { ...FROM, SMTP_URL: 'smtp://h?timeout_ms=5' }, 'SMTP_URL', /timeout_ms/, /100 to 30000/],
  ['a sender without @', { SMTP_URL: 'smtp://h', MAIL_FROM: 'Game' }, 'MAIL_FROM', /"Game" is no sender/, /login@/],
  ['two senders', { SMTP_URL: 'smtp://h', MAIL_FROM: 'a@x.com, b@x.com' }, 'MAIL_FROM', /no sender/, /login@/],
  ['a sender with a header', { MAIL_FROM: 'A\r\nBcc: b@x.com <a@x.com>' }, 'MAIL_FROM', /no sender/, /login@/],

  ['SMS that are no JSON', { SMS: '{' }, 'SMS', /not valid JSON/, /"twilio"/],
  ['SMS of no type', sms({ url: 'https://h' }), 'SMS', /lacks type/, /"http"/],
  ['SMS of an unknown type', sms({ ...HTTP, type: 'pigeon' }), 'SMS', /one of: http, twilio/, /"http"/],
  ['SMS with a slip', sms({ ...HTTP, contries: [] }), 'SMS', /unknown keys: "contries"/, /"countries"/],
  ['SMS to no address', sms({ ...HTTP, url: '/send' }), 'SMS', /no https:/, /full address/],
  ['SMS to a file', sms({ ...HTTP, url: 'file:///etc/passwd' }), 'SMS', /no https:/, /full address/],
  ['SMS with a login in the URL', sms({ ...HTTP, url: 'https://a:b@h/' }), 'SMS', /a password/, /as headers/],
  ['SMS with a header of ours', sms({ ...HTTP, headers: { Host: 'x' } }), 'SMS', /header "Host"/, /Authorization/],
  ['SMS with a bad header', sms({ ...HTTP, headers: { 'a b': 'x' } }), 'SMS', /header "a b"/, /Authorization/],
  ['SMS with a broken header', sms({ ...HTTP, headers: { a: 'x\r\ny: z' } }), 'SMS', /pattern/, /"http"/],
  ['SMS to a country by name', sms({ ...HTTP, countries: ['CN'] }), 'SMS', /pattern/, /"\+86"/],
  ['SMS to nothing but what is left out', sms({ ...HTTP, countries: ['-+1876'] }), 'SMS', /none that/, /"-\+1876"/],
  ['SMS to what is left out', sms({ ...HTTP, countries: ['+1', '-+1'] }), 'SMS', /\+1 and exclude/, /"-\+1876"/],
  ['SMS to twice no country', sms({ ...HTTP, countries: ['--+1'] }), 'SMS', /pattern/, /"\+86"/],
  ['SMS to no country', sms({ ...HTTP, countries: [] }), 'SMS', /fewer than 1/, /"\+86"/],
  ['SMS with no time', sms({ ...HTTP, timeoutMs: 0 }), 'SMS', />= 100/, /"http"/],
  ['online SMS to everywhere', { ...ONLINE, ...sms({ type: 'http', url: 'https://h' }) }, 'SMS', /any number/, /fraud/],
  ['online SMS in the open', { ...ONLINE, ...sms({ ...HTTP, url: 'http://h' }) }, 'SMS', /not encrypted/, /https/],
  ['Twilio without a sender', sms({ ...TWILIO, from: undefined }), 'SMS', /exactly one of from/, /"MG/],
  ['Twilio with two', sms({ ...TWILIO, messagingServiceSid: 'MG1' }), 'SMS', /exactly one of from/, /"MG/],
  ['Twilio with a strange id', sms({ ...TWILIO, accountSid: '../AC1' }), 'SMS', /accountSid/, /"AC/],
  ['Twilio by parameters', sms({ ...TWILIO, baseUrl: 'https://h/?x' }), 'SMS', /baseUrl with param/, /path/],
  [
    'online Twilio in the open',
    { ...ONLINE, ...sms({ ...TWILIO, baseUrl: 'http://h' }) },
    'SMS',
    /baseUrl that is not encrypted/,
    /https/,
  ],
]

for (const [name, variables, blamed, said, remedy] of REFUSED) {
  test(`${name}: ${blamed} is blamed, with a remedy`, () => {
    const loaded = loadConfig(variables)
    const faults = loaded.ok ? [] : loaded.faults
    const fault = faults.find(({ variable }) => variable === blamed)
    assert.ok(fault, JSON.stringify(faults))
    assert.match(fault.fault, said)
    assert.match(fault.remedy, remedy)
  })
}

test('a sender without a server is told as a warning', () => {
  const loaded = loadConfig(FROM)
  assert.ok(loaded.ok)
  assert.match(loaded.warnings.join('\n'), /MAIL_FROM/)
})

test('no fault quotes a password, a token or a header', () => {
  const secret = 'q8Zr2Lk0Vw'
  for (const variables of [
    { SMTP_URL: `smtp://u:${secret}@h/x?${secret}` },
    { SMTP_URL: `smtp://u:${secret}%zz@h` },
    { SMTP_URL: `imap://u:${secret}@h` },
    { SMS: `{"type":"http","headers":{"a":"${secret}"}` },
    sms({ ...HTTP, url: `ftp://${secret}@h` }),
    sms({ ...HTTP, headers: { a: `${secret}\n` } }),
    sms({ ...TWILIO, authToken: secret, baseUrl: `https://u:${secret}@h` }),
  ]) {
    const reading = readMessaging(textsOf({ ...FROM, ...variables }, localDefaults), 'local')
    assert.ok(!reading.ok)
    assert.ok(!describeFaults(reading.faults).includes(secret), describeFaults(reading.faults))
  }
})
