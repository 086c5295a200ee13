import type { Environment } from './config.ts'
import { faulty, type Reading } from './faults.ts'
import { readSetting, type Texts } from './settings.ts'

/** At least this many characters, so that nobody can guess a secret of our choosing by trying. */
export const SECRET_LENGTH_MIN = 32

// What stands in examples and first drafts. A secret made of nothing else was never chosen.
const PLACEHOLDER_WORDS =
  /change|changed|changeme|replace|secret|your|this|please|password|passwd|default|example|sample|placeholder|insert|here|with|local|online|production|prod|development|testing|test|demo|super|very|long|random|string|value|token|jwt|key|app|signed|channel|server|payment|api|must|todo|fixme|characters|char|least|qwerty|admin|letmein|dummy|fake|none|null|undefined|foobar|secure|strong|and|the|for|not|use|in|me|my|is|it|be|to|at|of|or|do/g

// Fewer different characters than this is somebody holding down a key; 32 random hexadecimal digits have about 14.
const DISTINCT_CHARACTERS_MIN = 8
// What is left of a real secret once all placeholder words are taken out of it.
const OWN_CHARACTERS_MIN = 10

/** Why a secret of our choosing may not guard money, or null when it may. */
export function weaknessOf(secret: string): string | null {
  if (isPlaceholder(secret)) return 'is a default or a placeholder that anybody can guess'
  if (secret.length < SECRET_LENGTH_MIN) return `is shorter than ${SECRET_LENGTH_MIN} characters`
  return null
}

export function strongSecretRemedy(where: string): string {
  return `Set ${where} to at least ${SECRET_LENGTH_MIN} random characters, for instance the output of: openssl rand -hex 32`
}

function isPlaceholder(secret: string): boolean {
  const plain = secret.toLowerCase().replace(/[^a-z0-9]/g, '')
  const own = plain.replace(PLACEHOLDER_WORDS, '').replace(/0?123456789?0?|12345+|abcdef\w?|(.)\1{3,}/g, '')
  // A short secret cannot have so many; that it is short is said in its own words.
  const half = Math.ceil(secret.length / 2)
  if (own.length < Math.min(OWN_CHARACTERS_MIN, half)) return true
  return new Set(secret).size < Math.min(DISTINCT_CHARACTERS_MIN, half) || isPattern(secret)
}

/** A short piece repeated, or characters that follow one another like the alphabet. */
function isPattern(secret: string): boolean {
  for (let period = 1; period <= secret.length / 2 && period <= 16; period += 1) {
    if (secret.slice(period) === secret.slice(0, -period)) return true
  }
  let steps = 0
  for (let i = 1; i < secret.length; i += 1) {
    if (secret.charCodeAt(i) - secret.charCodeAt(i - 1) === 1) steps += 1
  }
  return steps > secret.length / 2
}

/** Null in `local` where none is set: the caller makes one and keeps it. */
export function readJwtSecret(texts: Texts, env: Environment): Reading<string | null> {
  const reading = readSetting(texts, 'JWT_SECRET')
  if (!reading.ok || env === 'local') return reading
  const weakness = reading.value === null ? 'is not set' : weaknessOf(reading.value)
  if (weakness === null) return reading
  return faulty({ variable: 'JWT_SECRET', fault: weakness, remedy: strongSecretRemedy('JWT_SECRET') })
}
