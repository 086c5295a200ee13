import { createPrivateKey } from 'node:crypto'
import type { Static } from 'typebox'
import type { Environment, JwtKeyConfig } from './config.ts'
import { type ConfigFault, faulty, quoted, type Reading, read } from './faults.ts'
import { parseStrictJson, shapeFaults } from './json-value.ts'
import type { JWT_KEYS_SCHEMA } from './jwt-keys-schema.ts'
import { VARIABLES } from './schema.ts'
import { strongSecretRemedy, weaknessOf } from './secrets.ts'
import type { Texts } from './settings.ts'

type KeySettings = Static<typeof JWT_KEYS_SCHEMA>[number]

const EXAMPLE =
  'Set JWT_KEYS to [{"kid": "2026-11", "alg": "EdDSA", "privateKey": "<32 random bytes in base64url>"}], or leave it out ' +
  'and run: npm run keys -- rotate'
const FRESH_SEED = "Take a fresh one, for instance the output of: openssl rand -base64 32 | tr '+/' '-_' | tr -d '='"
const SEED_BYTES = 32

/** Null where none are set: keys are then made by `npm run keys`. */
export function readJwtKeys(texts: Texts, env: Environment): Reading<readonly JwtKeyConfig[] | null> {
  if (texts.JWT_KEYS === null) return read(null)
  const json = parseStrictJson(texts.JWT_KEYS)
  if (!json.ok) return faulty(fault(json.fault, EXAMPLE))
  const shape = shapeFaults(VARIABLES.JWT_KEYS.value, json.value)
  if (shape.length > 0) return faulty(...shape.map((said) => fault(said, EXAMPLE)))
  const keys = (json.value as KeySettings[]).map((key) => readKey(key, env))
  const faults = [
    ...duplicateFaults(json.value as KeySettings[]),
    ...keys.flatMap((key) => ('fault' in key ? [key] : [])),
  ]
  return faults.length > 0 ? faulty(...faults) : read(keys.flatMap((key) => ('fault' in key ? [] : [key])))
}

function fault(said: string, remedy: string): ConfigFault {
  return { variable: 'JWT_KEYS', fault: said, remedy }
}

function duplicateFaults(keys: readonly KeySettings[]): ConfigFault[] {
  const kids = keys.map(({ kid }) => kid)
  const twice = kids.filter((kid, i) => kids.indexOf(kid) !== i)
  return [...new Set(twice)].map((kid) =>
    fault(`names the key ${quoted(kid)} twice`, 'Give each key a kid of its own.'),
  )
}

function readKey({ kid, alg, secret, privateKey }: KeySettings, env: Environment): JwtKeyConfig | ConfigFault {
  const where = `the key ${quoted(kid)} of JWT_KEYS`
  const weakness = (text: string): string | null => (env === 'online' ? weaknessOf(text) : null)
  if (alg === 'HS256') {
    if (secret === undefined || privateKey !== undefined) {
      return fault(`${where} is HS256 and needs "secret", and that alone`, EXAMPLE)
    }
    const weak = weakness(secret)
    return weak === null ? { kid, alg, secret } : fault(`${where} ${weak}`, strongSecretRemedy(where))
  }
  if (privateKey === undefined || secret !== undefined) {
    return fault(`${where} is EdDSA and needs "privateKey", and that alone`, EXAMPLE)
  }
  const seed = seedOf(privateKey)
  if (seed === null) return fault(`${where} has a privateKey that is none of Ed25519`, FRESH_SEED)
  const weak = weakness(seed)
  return weak === null ? { kid, alg, seed } : fault(`${where} ${weak}`, FRESH_SEED)
}

/** The seed in base64url, of either form; null for what is neither. */
function seedOf(text: string): string | null {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return null
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length === SEED_BYTES) return bytes.toString('base64url')
  try {
    const key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
    return key.asymmetricKeyType === 'ed25519' ? (key.export({ format: 'jwk' }).d ?? null) : null
  } catch {
    return null
  }
}
