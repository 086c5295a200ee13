import type { Database } from '../../db/database.ts'
import type { IdentityProviderName, IdentityProviders } from '../../identity-providers/identity-provider.ts'
import { IDENTITY_PROVIDER_NAMES } from '../../identity-providers/identity-provider.ts'
import type { AppId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin } from '../../kernel/security-event.ts'
import { addressProviderOf } from './address-rules.ts'
import { checkGuestCredential } from './check-guest-credential.ts'
import { checkLoginCode } from './check-login-code.ts'
import type { LoginAttempts } from './login-attempts.ts'
import type { LoginCodeDeps } from './login-codes.ts'
import type { LoginNonces } from './login-nonces.ts'
import { LOGIN_PROVIDERS, type LoginClaim, type LoginProvider, type LoginTrust, provenIdentity } from './rules.ts'

export interface ProveDeps {
  readonly database: Database
  readonly loginTrust: LoginTrust
  readonly loginCodes: LoginCodeDeps
  readonly attempts: LoginAttempts
  readonly nonces: LoginNonces
  readonly identityProviders: IdentityProviders
}

/** Whom a claim turned out to be of. */
export interface ProvenIdentity {
  readonly provider: LoginProvider
  readonly subject: string
  /** How the platform shows the user; null where it does not say. */
  readonly name: string | null
  readonly avatarUrl: string | null
}

interface ProveInput {
  readonly session: { appId: AppId; sessionId: SessionId }
  readonly claim: LoginClaim
  readonly origin: Origin
}

/**
 * The identity that a claim proves, or why it does not: the one door for logging in and for linking. A right code and a
 * nonce are used up by this, whatever becomes of the call: ask last of all that may be refused without it. Where too
 * many have failed lately, no proof is looked at: `login_locked`.
 */
export async function proveIdentity(deps: ProveDeps, input: ProveInput): Promise<Outcome<ProvenIdentity>> {
  const { session, claim, origin } = input
  const proof = proofOf(deps, input)
  if (proof !== null) {
    const { loginType, loginId } = claim
    return deps.attempts.look({ appId: session.appId, loginType, loginId, address: origin.address }, proof)
  }
  const believed = provenIdentity(deps.loginTrust, claim)
  return believed.ok ? accepted({ ...NO_PROFILE, ...believed.value }) : believed
}

const NO_PROFILE = { name: null, avatarUrl: null }

/** The look at whatever a claim shows as its proof; null when it shows none. */
function proofOf(deps: ProveDeps, input: ProveInput): (() => Promise<Outcome<ProvenIdentity>>) | null {
  const { session, claim } = input
  const { loginType, loginId, loginCode, credential } = claim
  const addressProvider = addressProviderOf(loginType)
  if (addressProvider !== null) {
    if (loginId === null || loginCode === null) return null
    const typed = { session, provider: addressProvider, loginId, loginCode }
    return async () => withoutProfile(await checkLoginCode(deps.loginCodes, typed))
  }
  if (credential === null) return null
  const platform = IDENTITY_PROVIDER_NAMES.find((name) => name === LOGIN_PROVIDERS[loginType])
  if (platform !== undefined) return () => proveByPlatform(deps, { session, claim, credential, platform })
  if (loginId === null) return null
  return async () => withoutProfile(await checkGuestCredential(deps, { appId: session.appId, loginId, credential }))
}

function withoutProfile(proven: Outcome<{ provider: LoginProvider; subject: string }>): Outcome<ProvenIdentity> {
  return proven.ok ? accepted({ ...NO_PROFILE, ...proven.value }) : proven
}

async function proveByPlatform(
  deps: ProveDeps,
  input: {
    session: { appId: AppId; sessionId: SessionId }
    claim: LoginClaim
    credential: string
    platform: IdentityProviderName
  },
): Promise<Outcome<ProvenIdentity>> {
  const { session, claim, credential, platform } = input
  const provider = deps.identityProviders.find(session.appId, platform)
  if (provider === null) return refused('login_type_unavailable')
  // One that was never ours, or is used up, is told before the platform is troubled.
  const nonce = provider.nonceRequired ? (claim.nonce ?? '') : null
  if (nonce !== null && !(await deps.nonces.isOpen(session.sessionId, nonce))) return refused('proof_wrong_nonce')
  const proven = await provider.prove({ credential, nonce: claim.nonce })
  if (!proven.ok) return proven
  if (claim.loginId !== null && claim.loginId !== proven.value.subject) return refused('proof_wrong_user')
  // Only a genuine proof uses it up; of several at once, one does.
  if (nonce !== null && !(await deps.nonces.use(session.sessionId, nonce))) return refused('proof_wrong_nonce')
  return accepted({ provider: platform, ...proven.value })
}
