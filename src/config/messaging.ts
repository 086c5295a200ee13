import { type Static, type TSchema, Type } from 'typebox'
import type { MessagingSettings, SmsSettings, SmtpSettings } from '../messaging/settings.ts'
import type { Environment } from './config.ts'
import { type ConfigFault, combine, faulty, quoted, type Reading, read } from './faults.ts'
import { parseStrictJson, shapeFaults } from './json-value.ts'
import { isLoopback } from './network.ts'
import { readSetting, type Texts } from './settings.ts'

/** A player waits for the answer: a provider that takes longer has failed. */
const TIMEOUT_DEFAULT_MS = 10_000
const TIMEOUT_BOUNDS = { minimum: 100, maximum: 30_000 }

/** How login codes reach players: by mail, by SMS, by both or not at all. */
export function readMessaging(texts: Texts, env: Environment): Reading<MessagingSettings> {
  return combine({ mail: readMail(texts), sms: readSms(texts, env) })
}

function readMail(texts: Texts): Reading<SmtpSettings | null> {
  const parts = combine({ server: readServer(texts), from: readFrom(texts) })
  if (!parts.ok) return parts
  const { server, from } = parts.value
  if (server === null) return read(null, from === null ? [] : ['MAIL_FROM: is not used without SMTP_URL.'])
  if (from !== null) return read({ ...server, from })
  const remedy = 'Set MAIL_FROM to whom players see as the sender: Example Game <login@example.com>.'
  return faulty({ variable: 'MAIL_FROM', fault: 'is not set, and SMTP_URL is', remedy })
}

type SmtpServer = Omit<SmtpSettings, 'from'>

const SMTP_EXAMPLE =
  'Write smtp://user:password@host:587 or smtps://user:password@host:465, with special characters of the user and password percent-encoded (@ is %40).'
const SMTP_PORTS = { 'smtp:': 587, 'smtps:': 465 } as const

function smtpFault(said: string): ConfigFault {
  return { variable: 'SMTP_URL', fault: said, remedy: SMTP_EXAMPLE }
}

function readServer(texts: Texts): Reading<SmtpServer | null> {
  const setting = readSetting(texts, 'SMTP_URL')
  if (!setting.ok || setting.value === null) return setting as Reading<null>
  const url = URL.parse(setting.value.trim())
  if (url === null) return faulty(smtpFault('is not a valid URL'))
  const { protocol } = url
  if (protocol !== 'smtp:' && protocol !== 'smtps:') return faulty(smtpFault('does not begin with smtp:// or smtps://'))
  const faults: ConfigFault[] = []
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  if (!/^[a-z0-9._:-]+$/.test(host) || url.port === '0') {
    faults.push(smtpFault('names no host or no port that can be reached'))
  }
  if (!['', '/'].includes(url.pathname) || url.hash !== '') faults.push(smtpFault('has something after its host'))
  const auth = readAuth(url)
  const timeoutMs = readTimeout(url.searchParams)
  if (!auth.ok) faults.push(...auth.faults)
  if (!timeoutMs.ok) faults.push(...timeoutMs.faults)
  if (!auth.ok || !timeoutMs.ok || faults.length > 0) return faulty(...faults)
  const loopback = isLoopback(host)
  return read({
    host,
    port: url.port === '' ? SMTP_PORTS[protocol] : Number(url.port),
    // Codes and passwords cross a network encrypted or not at all; to this machine itself there is no network.
    tls: protocol === 'smtps:' ? 'always' : loopback ? 'if_offered' : 'required',
    verifyCertificate: !loopback,
    auth: auth.value,
    timeoutMs: timeoutMs.value,
  })
}

function readAuth(url: URL): Reading<SmtpServer['auth']> {
  try {
    const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
    if (user === '' && password === '') return read(null)
    if (user === '' || password === '') return faulty(smtpFault('has a user or a password, and not both'))
    if (/\p{Cc}/u.test(user + password)) return faulty(smtpFault('has control characters in its user or password'))
    return read({ user, password })
  } catch {
    return faulty(smtpFault('has a broken percent-encoding'))
  }
}

function readTimeout(parameters: URLSearchParams): Reading<number> {
  const { minimum, maximum } = TIMEOUT_BOUNDS
  const unknown = [...parameters.keys()].find((name) => name !== 'timeout_ms')
  if (unknown !== undefined) return faulty(smtpFault('has a parameter other than timeout_ms'))
  const text = parameters.get('timeout_ms')
  if (text === null) return read(TIMEOUT_DEFAULT_MS)
  const timeoutMs = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0
  if (timeoutMs >= minimum && timeoutMs <= maximum) return read(timeoutMs)
  const remedy = `Write ?timeout_ms= with a whole number from ${minimum} to ${maximum}, or leave it out.`
  return faulty({ variable: 'SMTP_URL', fault: 'has a timeout_ms that does not fit', remedy })
}

const PLAIN_ADDRESS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+$/

function readFrom(texts: Texts): Reading<SmtpSettings['from'] | null> {
  const setting = readSetting(texts, 'MAIL_FROM')
  if (!setting.ok || setting.value === null) return setting as Reading<null>
  const [, name = '', inBrackets] = /^([^<>]*)<([^<>]*)>$/.exec(setting.value) ?? []
  const from = { name: name.trim().replace(/^"(.*)"$/, '$1'), address: inBrackets ?? setting.value }
  if (PLAIN_ADDRESS.test(from.address) && !/[\p{Cc}"\\]/u.test(from.name)) return read(from)
  const remedy = 'Write login@example.com or Example Game <login@example.com>; a domain of other letters as xn--...'
  return faulty({ variable: 'MAIL_FROM', fault: `${quoted(setting.value)} is no sender`, remedy })
}

const SMS_LIMITS = {
  // Prefixes of E.164 numbers: a country, or a part of one. With `-` before it, it is left out (`-+1876` of `+1`).
  countries: Type.Optional(
    Type.Array(Type.String({ pattern: '^-?\\+[1-9][0-9]{0,6}$' }), { minItems: 1, maxItems: 300 }),
  ),
  timeoutMs: Type.Optional(Type.Integer(TIMEOUT_BOUNDS)),
}
const addressField = Type.String({ minLength: 1, maxLength: 2048 })

const HTTP_SETTINGS = Type.Object(
  {
    url: addressField,
    headers: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 4096, pattern: '^[\\x20-\\x7e]*$' }))),
    ...SMS_LIMITS,
  },
  { additionalProperties: false },
)

const TWILIO_SETTINGS = Type.Object(
  {
    accountSid: Type.String({ pattern: '^AC[A-Za-z0-9]{1,64}$' }),
    authToken: Type.String({ minLength: 1, maxLength: 512 }),
    // A number of ours, a short one, or a name of up to eleven letters.
    from: Type.Optional(Type.String({ pattern: '^(?:\\+?[0-9]{3,15}|[A-Za-z0-9 ]{1,11})$' })),
    messagingServiceSid: Type.Optional(Type.String({ pattern: '^MG[A-Za-z0-9]{1,64}$' })),
    baseUrl: Type.Optional(addressField),
    ...SMS_LIMITS,
  },
  { additionalProperties: false },
)

const SMS_TYPES: Readonly<Record<SmsSettings['type'], { settings: TSchema; example: string }>> = {
  http: { settings: HTTP_SETTINGS, example: '{"type": "http", "url": "https://...", "countries": ["+1", "+86"]}' },
  twilio: {
    settings: TWILIO_SETTINGS,
    example: '{"type": "twilio", "accountSid": "AC...", "authToken": "...", "from": "+1...", "countries": ["+1"]}',
  },
}

function smsFault(said: string, remedy = `Set SMS to ${SMS_TYPES.http.example} or ${SMS_TYPES.twilio.example}.`) {
  return { variable: 'SMS', fault: said, remedy }
}

function readSms(texts: Texts, env: Environment): Reading<SmsSettings | null> {
  if (texts.SMS === null) return read(null)
  const json = parseStrictJson(texts.SMS)
  if (!json.ok) return faulty(smsFault(json.fault))
  const shape = shapeFaults(Type.Object({ type: Type.Enum(['http', 'twilio']) }), json.value)
  if (shape.length > 0) return faulty(...shape.map((said) => smsFault(said)))
  const { type, ...own } = json.value as { type: SmsSettings['type'] }
  const { settings, example } = SMS_TYPES[type]
  const ownFaults = shapeFaults(settings, own).map((said) => smsFault(said, `Set SMS to one like ${example}.`))
  if (ownFaults.length > 0) return faulty(...ownFaults)
  const sms = type === 'http' ? readHttp(own as HttpGiven, env) : readTwilio(own as TwilioGiven, env)
  const { countries } = own as { countries?: string[] }
  const fault = countries === undefined ? null : countriesFault(countries)
  if (fault !== null) {
    const remedy = 'Write prefixes like "+1", and with "-" before them those parts to leave out: ["+1", "-+1876"].'
    return faulty(...(sms.ok ? [] : sms.faults), smsFault(fault, remedy))
  }
  if (env === 'local' || countries !== undefined) return sms
  const remedy =
    'Add "countries": ["+1", "+86"] with the prefixes of your players: fraud sends SMS where they are dear.'
  return faulty(...(sms.ok ? [] : sms.faults), smsFault('has no countries, and would write to any number', remedy))
}

/** What is wrong with a list of countries whose entries are well-formed; null for nothing. */
function countriesFault(countries: readonly string[]): string | null {
  if (countries.every((entry) => entry.startsWith('-'))) return 'has countries that exclude and none that is written to'
  const both = countries.find((entry) => countries.includes(`-${entry}`))
  return both === undefined ? null : `has countries that name ${both} and exclude it`
}

type HttpGiven = Static<typeof HTTP_SETTINGS>
type TwilioGiven = Static<typeof TWILIO_SETTINGS>

const limitsOf = ({ countries, timeoutMs }: { countries?: string[]; timeoutMs?: number }) => ({
  countries: countries ?? null,
  timeoutMs: timeoutMs ?? TIMEOUT_DEFAULT_MS,
})

// What the request itself decides, or what would change how it is read on the way.
const OWN_HEADERS = /^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|keep-alive)$/i

function readHttp(given: HttpGiven, env: Environment): Reading<SmsSettings> {
  const faults = urlFaults('url', { text: given.url, env })
  const headers = given.headers ?? {}
  for (const name of Object.keys(headers)) {
    if (/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name) && !OWN_HEADERS.test(name)) continue
    faults.push(smsFault(`may not set the header ${quoted(name)}`, 'Give headers like "Authorization" or "X-Api-Key".'))
  }
  return faults.length > 0 ? faulty(...faults) : read({ type: 'http', url: given.url, headers, ...limitsOf(given) })
}

const TWILIO_URL = 'https://api.twilio.com'

function readTwilio(given: TwilioGiven, env: Environment): Reading<SmsSettings> {
  const baseUrl = (given.baseUrl ?? TWILIO_URL).replace(/\/+$/, '')
  const faults = urlFaults('baseUrl', { text: baseUrl, env })
  if (baseUrl.includes('?')) faults.push(smsFault('has a baseUrl with parameters', 'End it in its host or path.'))
  const { from, messagingServiceSid } = given
  if ((from === undefined) === (messagingServiceSid === undefined)) {
    const remedy = 'Give "from": "+15005550006", or "messagingServiceSid": "MG...".'
    faults.push(smsFault('has not exactly one of from and messagingServiceSid', remedy))
  }
  if (faults.length > 0) return faulty(...faults)
  const sender = from === undefined ? { MessagingServiceSid: messagingServiceSid ?? '' } : { From: from }
  const { accountSid, authToken } = given
  return read({ type: 'twilio', accountSid, authToken, sender, baseUrl, ...limitsOf(given) })
}

function urlFaults(name: string, { text, env }: { text: string; env: Environment }): ConfigFault[] {
  const remedy = `Set ${name} to a full address like https://sms.example.com/send.`
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return [smsFault(`has a ${name} that is no https:// address`, remedy)]
  }
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return [smsFault(`has a ${name} with a user, a password or a #`, 'Give credentials as headers.')]
  }
  const plain = url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))
  return plain && env === 'online' ? [smsFault(`has a ${name} that is not encrypted (http)`, remedy)] : []
}
