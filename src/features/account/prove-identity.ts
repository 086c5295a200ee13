import type { IdentityProviderName, IdentityProviders } from '../../identity-providers/identity-provider.ts'
import { IDENTITY_PROVIDER_NAMES } from '../../identity-providers/identity-provider.ts'
import type { AppId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { addressProviderOf } from './address-rules.ts'
import { checkLoginCode } from './check-login-code.ts'
import type { LoginCodeDeps } from './login-codes.ts'
import { LOGIN_PROVIDERS, type LoginClaim, type LoginProvider, type LoginTrust, provenIdentity } from './rules.ts'

export interface ProveDeps {
  readonly loginTrust: LoginTrust
  readonly loginCodes: LoginCodeDeps
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

/**
 * The identity that a claim proves, or why it does not: the one door for logging in and for linking. A right code is used up by this, whatever becomes of the call:
 * ask last of all that may be refused without it.
 */
export async function proveIdentity(
  deps: ProveDeps,
  { session, claim }: { session: { appId: AppId; sessionId: SessionId }; claim: LoginClaim },
): Promise<Outcome<ProvenIdentity>> {
  const { loginId, loginCode } = claim
  const provider = addressProviderOf(claim.loginType)
  if (provider !== null && loginId !== null && loginCode !== null) {
    const proven = await checkLoginCode(deps.loginCodes, { session, provider, loginId, loginCode })
    return proven.ok ? accepted({ ...NO_PROFILE, ...proven.value }) : proven
  }
  const platform = platformOf(claim.loginType)
  if (platform !== null && claim.credential !== null) return proveByPlatform(deps, { session, claim, platform })
  const believed = provenIdentity(deps.loginTrust, claim)
  return believed.ok ? accepted({ ...NO_PROFILE, ...believed.value }) : believed
}

const NO_PROFILE = { name: null, avatarUrl: null }

function platformOf(loginType: number): IdentityProviderName | null {
  return IDENTITY_PROVIDER_NAMES.find((name) => name === LOGIN_PROVIDERS[loginType]) ?? null
}

async function proveByPlatform(
  deps: ProveDeps,
  input: { session: { appId: AppId }; claim: LoginClaim; platform: IdentityProviderName },
): Promise<Outcome<ProvenIdentity>> {
  const { session, claim, platform } = input
  const provider = deps.identityProviders.find(session.appId, platform)
  if (provider === null) return refused('login_type_unavailable')
  const proven = await provider.prove({ credential: claim.credential ?? '', nonce: claim.nonce })
  if (!proven.ok) return proven
  if (claim.loginId !== null && claim.loginId !== proven.value.subject) return refused('proof_wrong_user')
  return accepted({ provider: platform, ...proven.value })
}
