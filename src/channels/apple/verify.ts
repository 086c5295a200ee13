import type { SignedDataVerifier } from '@apple/app-store-server-library'
import { invariant } from '../../kernel/invariant.ts'
import type { AppleEnvironment, AppleInstance } from './instance.ts'
import { JWS_LENGTH_MAX } from './wire.ts'

/**
 * Why something is not believed. `forged`: nobody whom we trust has signed it. The next two are genuine: of another app, or
 * of an environment that is not taken here. `unavailable`: whoever has to be asked about a certificate is out of reach.
 */
export type NotProven = 'forged' | 'other_app' | 'other_environment' | 'unavailable'

export type Proof =
  | { readonly ok: true; readonly environment: AppleEnvironment; readonly payload: unknown }
  | { readonly ok: false; readonly why: NotProven }

/** Proves what Apple has signed: by certificates that end at our roots, for our app, in an environment that we take. */
export interface AppleVerifier {
  transaction(jws: string): Promise<Proof>
  notification(jws: string): Promise<Proof>
}

type Library = typeof import('@apple/app-store-server-library')
type Verifiers = ReadonlyMap<AppleEnvironment, SignedDataVerifier>

let library: Promise<Library> | undefined

/** Apple's library takes a fifth of a second and 36 MB to load: only where a channel needs it, and once. */
function loadLibrary(): Promise<Library> {
  library ??= import('@apple/app-store-server-library')
  return library
}

type Settings = Pick<AppleInstance, 'bundleId' | 'appAppleId' | 'environments' | 'rootCertificates' | 'onlineChecks'>

/** Opens the verifier of an instance. The library is loaded beside what else happens, so that no payment has to wait for it. */
export function openVerifier(settings: Settings): AppleVerifier {
  let opened: Promise<Verifiers> | undefined
  const verifiers = (): Promise<Verifiers> => {
    opened ??= loadLibrary().then((loaded) => openVerifiers(loaded, settings))
    return opened
  }
  // Whoever needs it first is told of the fault.
  verifiers().catch(() => {})
  return {
    transaction: (jws) => prove(verifiers, jws, (by) => by.verifyAndDecodeTransaction(jws)),
    notification: (jws) => prove(verifiers, jws, (by) => by.verifyAndDecodeNotification(jws)),
  }
}

function openVerifiers(
  { SignedDataVerifier, Environment }: Library,
  { bundleId, appAppleId, environments, rootCertificates, onlineChecks }: Settings,
): Verifiers {
  const roots = rootCertificates.map((der) => Buffer.from(der, 'base64'))
  return new Map(
    environments.map((environment) => {
      // For any other environment this very library gives back what it was handed, without a look at its signature.
      invariant(environment === 'Production' || environment === 'Sandbox', `no environment of Apple's: ${environment}`)
      const named = environment === 'Production' ? Environment.PRODUCTION : Environment.SANDBOX
      const verifier = new SignedDataVerifier(roots, onlineChecks, named, bundleId, appAppleId ?? undefined)
      return [environment, verifier]
    }),
  )
}

async function prove(
  verifiers: () => Promise<Verifiers>,
  jws: string,
  verify: (by: SignedDataVerifier) => Promise<unknown>,
): Promise<Proof> {
  if (jws.length > JWS_LENGTH_MAX) return { ok: false, why: 'forged' }
  const { VerificationException } = await loadLibrary()
  const opened = await verifiers()
  // What it says of itself only chooses who checks it: each of them takes its own environment and no other.
  const said = environmentSaid(jws)
  const [environment, verifier] = [...opened].find(([name]) => name === said) ?? [...opened][0] ?? []
  invariant(environment && verifier, 'an instance takes an environment')
  try {
    return { ok: true, environment, payload: await verify(verifier) }
  } catch (error) {
    if (!(error instanceof VerificationException)) throw error
    return { ok: false, why: await whyNot(error.status) }
  }
}

async function whyNot(status: number): Promise<NotProven> {
  const { VerificationStatus } = await loadLibrary()
  switch (status) {
    case VerificationStatus.RETRYABLE_VERIFICATION_FAILURE:
      return 'unavailable'
    case VerificationStatus.INVALID_APP_IDENTIFIER:
      return 'other_app'
    case VerificationStatus.INVALID_ENVIRONMENT:
      return 'other_environment'
    default:
      return 'forged'
  }
}

/** Read without proof. */
function environmentSaid(jws: string): unknown {
  const [, payload = ''] = jws.split('.', 2)
  try {
    const said = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return said?.environment ?? said?.data?.environment ?? said?.appData?.environment ?? said?.summary?.environment
  } catch {
    return undefined
  }
}
