/**
 * Keys whose values are never logged, whatever holds them. `code` is not among them: errors carry their kind there.
 * A login code is `loginCode`.
 */
export const SECRET_KEYS: readonly string[] = [
  ...['password', 'passwd', 'secret', 'secrets', 'appSecret', 'app_secret', 'appSecrets', 'jwtSecret'],
  ...['clientSecret', 'client_secret', 'apiKey', 'api_key', 'privateKey', 'private_key'],
  ...['token', 'accessToken', 'access_token', 'refreshToken', 'refresh_token', 'idToken', 'id_token', 'identityToken'],
  ...['authorization', 'Authorization', 'cookie', 'Cookie', 'set-cookie', 'signature', 'x-signature', 'X-Signature'],
  ...['credential', 'loginCode', 'login_code', 'otp', 'loginId', 'login_id', 'email', 'phone'],
  ...['loginToken', 'login_token'],
  ...['card', 'cardNumber', 'card_number', 'pan', 'cvc', 'cvv', 'expiry'],
]

/** The same keys as pino wants them, at the top of a line and one level down. */
export const SECRET_PATHS: readonly string[] = SECRET_KEYS.flatMap((key) => [`["${key}"]`, `*["${key}"]`])

// Callers choose much of what is logged: every rule takes time that grows with the line, never with its square.
const KEYS = [...new Set(SECRET_KEYS.map((key) => key.toLowerCase()))].join('|')
const STRING = '"(?:[^"\\\\]|\\\\.)*"'
const KEYED_VALUE = new RegExp(`("(?:${KEYS})":)(?:${STRING}|-?[0-9][0-9.e+-]*|\\[(?:${STRING}|[^"[\\]])*\\])`, 'gi')
// JSON that was put into a message, so that its quotes are escaped.
const KEYED_STRING_QUOTED = new RegExp(`(\\\\"(?:${KEYS})\\\\"\\s*:\\s*\\\\")[^"\\\\]*`, 'gi')
const KEYED_PAIR = new RegExp(`\\b(${KEYS})=[^\\s&;,"'\\\\]+`, 'gi')

const BEARER = /\b(Bearer\s+[\w.~+/=-]{4,}|Basic\s+[\w+/=]{16,})/gi
const JWT = /eyJ[\w-]{4,300}\.[\w-]+\.?[\w-]*/g
const MAIL_ADDRESS = /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g
const PHONE_NUMBER = /(?<![\w.+-])\+[1-9](?:[ -]?[0-9]){6,14}(?![\w-]|\.[0-9])/g
const URL_CREDENTIALS = /:\/\/[^\s/@"\\]{1,512}@/g
const QUERY_STRING = /(?<=[\w/%.~-])\?[^\s"'\\]+/g
const CARD_NUMBER = /(?<![\w.-])[2-6](?:[ -]?[0-9]){13,18}(?![\w-]|\.[0-9])/g

// A line break before an address is written `\n`, and the `n` is no part of the address.
const ESCAPE = /(\\(?:u[0-9a-fA-F]{4}|.))/

/**
 * Takes out of a finished line of JSON what must not be read in a log, wherever it stands: in a field, in an error's
 * message, in a stack. What comes out is JSON again. Most lines need only the cheap look at the start of each rule.
 */
export function maskLine(line: string): string {
  const masked = line.replace(KEYED_VALUE, '$1"[redacted]"')
  if (!masked.includes('\\')) return maskText(masked)
  const pieces = masked.replace(KEYED_STRING_QUOTED, '$1[redacted]').split(ESCAPE)
  return pieces.map((piece, i) => (i % 2 === 0 ? maskText(piece) : piece)).join('')
}

/** Masks a stretch without escapes. No rule touches a quote, so the JSON around it stays whole. */
function maskText(text: string): string {
  let masked = text
  // The query goes before its pairs are looked at: it is dropped whole.
  if (masked.includes('?')) masked = masked.replace(QUERY_STRING, '?[query]')
  if (masked.includes('=')) masked = masked.replace(KEYED_PAIR, '$1=[redacted]')
  if (masked.includes('eyJ')) masked = masked.replace(JWT, '[jwt]')
  masked = masked.replace(BEARER, '[authorization]')
  if (masked.includes('@')) masked = masked.replace(URL_CREDENTIALS, '://[redacted]@').replace(MAIL_ADDRESS, '[mail]')
  if (masked.includes('+')) masked = masked.replace(PHONE_NUMBER, '[phone]')
  return masked.replace(CARD_NUMBER, maskCard)
}

/** Nines, because the number may stand bare in the JSON, where words would break it. */
function maskCard(digits: string): string {
  return hasCardChecksum(digits) ? digits.replace(/[0-9]/g, '9') : digits
}

/** Luhn: nine of ten order numbers and times in microseconds fail it, every card passes. */
function hasCardChecksum(text: string): boolean {
  const digits = text.replace(/[^0-9]/g, '')
  let sum = 0
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i])
    const doubled = i % 2 === 0 ? digit : digit * 2
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
