import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Static, Type } from 'typebox'
import type { AppleChannelConfig } from '../config.ts'
import { quoted } from '../faults.ts'

// Where a token is sent: over TLS, or without leaving this machine.
const url = Type.String({
  pattern: '^(?:https://|http://(?:localhost|127\\.0\\.0\\.1|\\[::1\\])(?::|/|$))',
  maxLength: 2048,
})
const environment = Type.Enum(['Production', 'Sandbox'])
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })

export const APPLE_SETTINGS = Type.Object(
  {
    bundleId: Type.String({ pattern: '^[A-Za-z0-9.-]{1,155}$', maxLength: 155 }),
    appAppleId: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    // What Apple's tools for developers make is signed by nobody, and has no name here.
    environments: Type.Optional(Type.Array(environment, { minItems: 1, maxItems: 2, uniqueItems: true })),
    // Files, or the certificates themselves.
    rootCertificates: Type.Array(text(8192), { minItems: 1, maxItems: 5 }),
    onlineChecks: Type.Optional(Type.Boolean()),
    apiKey: Type.Optional(
      Type.Object({ issuerId: text(64), keyId: text(64), privateKey: text(4096) }, { additionalProperties: false }),
    ),
    apiUrl: Type.Optional(url),
    sandboxApiUrl: Type.Optional(url),
    priceRule: Type.Optional(Type.Enum(['order', 'catalogue', 'platform'])),
    items: Type.Optional(
      Type.Record(Type.String({ minLength: 1, maxLength: 255 }), Type.Integer({ minimum: 1, maximum: 2_147_483_646 })),
    ),
    refundPreference: Type.Optional(Type.Enum(['DECLINE', 'GRANT_FULL', 'GRANT_PRORATED'])),
  },
  { additionalProperties: false },
)

export type AppleSettings = Static<typeof APPLE_SETTINGS>

export const APPLE_EXAMPLE =
  '{"apple": {"bundleId": "com.example.game", "appAppleId": 1234567890, "rootCertificates": ["/etc/payment-api/AppleRootCA-G3.cer"]}}'

interface Fault {
  readonly said: string
  readonly remedy: string
}

const ROOTS_REMEDY =
  'Give the files "Apple Root CA - G3" and "Apple Root CA - G2" from https://www.apple.com/certificateauthority/, as ' +
  'paths on this machine or as the DER itself in base64.'
const KEY_REMEDY =
  'Give the .p8 file of a key for in-app purchases (App Store Connect, Users and Access, Integrations), as a path on this ' +
  'machine or as its text.'

/** What its form alone cannot tell of such a channel. */
export function appleFaults(given: AppleSettings): Fault[] {
  const faults: Fault[] = []
  if (environmentsOf(given).includes('Production') && given.appAppleId === undefined) {
    const said = '"appAppleId" is missing, which notifications about real money are told apart by'
    const remedy = 'Add the app\'s "Apple ID" of App Store Connect (App Information), or "environments": ["Sandbox"].'
    faults.push({ said, remedy })
  }
  for (const [index, root] of given.rootCertificates.entries()) {
    const said = rootFault(root)
    if (said !== null) faults.push({ said: `"rootCertificates" ${index + 1} ${said}`, remedy: ROOTS_REMEDY })
  }
  const keyFault = given.apiKey === undefined ? null : privateKeyFault(given.apiKey.privateKey)
  if (keyFault !== null) faults.push({ said: `"apiKey.privateKey" ${keyFault}`, remedy: KEY_REMEDY })
  return faults
}

/** What was given, with what stands in for the rest; it has no faults. */
export function appleConfig(given: AppleSettings): Omit<AppleChannelConfig, 'instance' | 'appId' | 'type'> {
  const { bundleId, appAppleId, onlineChecks, apiKey, apiUrl, sandboxApiUrl, priceRule, items } = given
  return {
    ...{ bundleId, appAppleId: appAppleId ?? null, environments: environmentsOf(given) },
    rootCertificates: given.rootCertificates.map((root) => certificateOf(root).raw.toString('base64')),
    onlineChecks: onlineChecks ?? false,
    apiKey: apiKey === undefined ? null : { ...apiKey, privateKey: keyTextOf(apiKey.privateKey) },
    apiUrls: {
      Production: withoutSlash(apiUrl ?? 'https://api.storekit.apple.com'),
      Sandbox: withoutSlash(sandboxApiUrl ?? 'https://api.storekit-sandbox.apple.com'),
    },
    ...{ priceRule: priceRule ?? 'platform', items: items ?? {}, refundPreference: given.refundPreference ?? null },
  }
}

/** Real money first: that is where an id is looked for first. */
function environmentsOf({ environments = ['Production'] }: AppleSettings) {
  return (['Production', 'Sandbox'] as const).filter((each) => environments.includes(each))
}

function rootFault(root: string): string | null {
  try {
    const certificate = certificateOf(root)
    // Whatever is named here is believed: a leaf, or an authority under another, is none that Apple tells to trust.
    return certificate.ca && certificate.verify(certificate.publicKey) ? null : 'is not a root certificate'
  } catch (error) {
    return isMissingFile(error) ? `names a file that cannot be read, ${quoted(root)}` : 'is not a certificate'
  }
}

function certificateOf(root: string): X509Certificate {
  return new X509Certificate(
    isDer(root) ? Buffer.from(root, 'base64') : root.startsWith('-----') ? root : readFileSync(root),
  )
}

/** Every certificate of a size begins so; no path that anybody has does. */
function isDer(root: string): boolean {
  return /^MI[A-Za-z0-9+/\s]{200,}={0,2}\s*$/.test(root)
}

function privateKeyFault(privateKey: string): string | null {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(keyTextOf(privateKey))
    const isFitting = asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
    return isFitting ? null : 'is not a key of the curve P-256'
  } catch (error) {
    return isMissingFile(error) ? 'names a file that cannot be read' : 'is not a private key'
  }
}

function keyTextOf(privateKey: string): string {
  return privateKey.startsWith('-----') ? privateKey : readFileSync(privateKey, 'utf8')
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '')
}
