import type { AppConfig, JwtKeyConfig, KnownConfig } from '../../config/config.ts'
import { weaknessOf } from '../../config/secrets.ts'
import { knownMigrations } from '../../db/migrations/run.ts'
import { type ListedKey, listSigningKeys } from '../../features/sessions/index.ts'
import { type Check, type Finding, failed, type Patient, unless } from './check.ts'

const DAY_MS = 24 * 60 * 60 * 1000
// A key that has signed for half a year has been in many backups, and in the memory of many machines.
const AGE_DAYS_MAX = 180
const ROTATE = 'npm run keys -- rotate'

/** The keys of access tokens: which one signs, how old it is, and whether this server can open it. */
export const SIGNING_KEYS: Check = {
  name: 'signing-keys',
  variables: ['JWT_KEYS'],
  examine: async ({ known, database, clock }) => {
    if (known.jwtKeys != null) return examineGiven(known.jwtKeys)
    // Without JWT_SECRET no key can be opened, and another row says so.
    if (known.jwtSecret == null || database === null || !(await hasThisSchema(database))) return []
    const keys = await listSigningKeys({ database, clock, secret: known.jwtSecret })
    return examineStored(keys, clock.nowMs())
  },
}

function examineGiven(keys: readonly JwtKeyConfig[]): readonly Finding[] {
  const faults = keys.flatMap((key) => {
    const weakness = weaknessOf(key.alg === 'HS256' ? key.secret : key.seed)
    if (weakness === null) return []
    return [
      failed(`the key "${key.kid}" of JWT_KEYS ${weakness}`, `Put a fresh one in its place: ${ROTATE} prints one.`),
    ]
  })
  const [first] = keys
  const notes = keys.length > 1 ? ['take the old keys out of JWT_KEYS three hours after the first began to sign'] : []
  return unless(faults, { said: `"${first?.kid}" of JWT_KEYS signs (${first?.alg})`, notes })
}

function examineStored(keys: readonly ListedKey[], nowMs: number): readonly Finding[] {
  const faults = keys.flatMap(({ kid, state }) => {
    if (state !== 'sealed') return []
    const remedy = `Set JWT_SECRET back to what it was, or run: npm run keys -- revoke ${kid} && ${ROTATE}`
    return [failed(`the key "${kid}" cannot be opened: it was sealed under another JWT_SECRET`, remedy)]
  })
  const signing = keys.find(({ state }) => state === 'signing')
  if (signing?.signsFromMs == null) {
    return unless(faults, { said: 'JWT_SECRET signs', notes: [`a key that can be exchanged is made by: ${ROTATE}`] })
  }
  const days = Math.max(0, Math.floor((nowMs - signing.signsFromMs) / DAY_MS))
  const notes = days > AGE_DAYS_MAX ? [`it has signed for more than ${AGE_DAYS_MAX} days: ${ROTATE}`] : []
  return unless(faults, { said: `"${signing.kid}" signs (${signing.alg}), for ${days} days now`, notes })
}

async function hasThisSchema(database: NonNullable<Patient['database']>): Promise<boolean> {
  return JSON.stringify(await database.appliedMigrations()) === JSON.stringify(await knownMigrations())
}

/** The ways to log in of each app: at least one, and none that a stranger can stand in the middle of. */
export const LOGINS: Check = {
  name: 'logins',
  variables: [],
  examine: ({ known }) => {
    const apps = known.apps ?? []
    if (apps.length === 0) return []
    const faults = apps.flatMap((app) => [...withoutLogin(app, known), ...openAddresses(app)])
    const said = apps.map((app) => `${app.appId}: ${waysOf(app, known).join(', ') || 'none'}`).join('; ')
    return unless(faults, { said, notes: apps.flatMap(looseNonces) })
  },
}

function waysOf({ logins }: AppConfig, { messaging }: KnownConfig): string[] {
  const ways = { guest: logins.guest, facebook: logins.facebook, google: logins.google, apple: logins.apple }
  const all = { ...ways, mail: messaging?.mail, sms: messaging?.sms }
  return Object.entries(all).flatMap(([name, settings]) => (settings ? [name] : []))
}

function withoutLogin(app: AppConfig, known: KnownConfig): Finding[] {
  // With mail or SMS that cannot be read, nobody knows whether there is a way.
  if (known.env !== 'online' || known.messaging === undefined || waysOf(app, known).length > 0) return []
  const remedy =
    'Set "logins" of the app in APPS: {"guest": true}, or facebook, google, apple; or SMTP_URL or SMS, for codes.'
  return [failed(`nobody can log in to the app "${app.appId}"`, remedy)]
}

function openAddresses({ appId, logins }: AppConfig): Finding[] {
  const { facebook, google, apple } = logins
  const urls = [
    ...(facebook === null ? [] : [facebook.graphUrl, ...facebook.limited.keysUrls]),
    ...[google, apple].flatMap((oidc) => (oidc === null ? [] : [...oidc.keysUrls, oidc.pages.tokenUrl])),
  ]
  const remedy = 'Leave graphUrl, keysUrl and tokenUrl out to use the platform itself, or give an https address.'
  return urls
    .filter((url) => !url.startsWith('https://'))
    .map((url) => failed(`the app "${appId}" believes ${url}, which is not encrypted`, remedy))
}

function looseNonces({ appId, logins }: AppConfig): string[] {
  const asked = { facebook: logins.facebook?.limited, google: logins.google, apple: logins.apple }
  const loose = Object.entries(asked).flatMap(([name, oidc]) => (oidc && !oidc.nonceRequired ? [name] : []))
  if (loose.length === 0) return []
  return [`a token of ${loose.join(', ')} that is stolen from a player of "${appId}" logs its thief in: see "nonce"`]
}
