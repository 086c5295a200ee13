import type { AppId, SessionId } from '../../kernel/ids.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import { addressProviderOf } from './address-rules.ts'
import { checkLoginCode } from './check-login-code.ts'
import type { LoginCodeDeps } from './login-codes.ts'
import { type LoginClaim, type LoginProvider, type LoginTrust, provenIdentity } from './rules.ts'

/**
 * The identity that a claim proves, or why it does not: the one door for logging in and for linking. A right code is used up by this, whatever becomes of the call:
 * ask last of all that may be refused without it.
 */
export async function proveIdentity(
  deps: { loginTrust: LoginTrust; loginCodes: LoginCodeDeps },
  { session, claim }: { session: { appId: AppId; sessionId: SessionId }; claim: LoginClaim },
): Promise<Outcome<{ provider: LoginProvider; subject: string }>> {
  const { loginId, loginCode } = claim
  const provider = addressProviderOf(claim.loginType)
  return provider !== null && loginId !== null && loginCode !== null
    ? checkLoginCode(deps.loginCodes, { session, provider, loginId, loginCode })
    : provenIdentity(deps.loginTrust, claim)
}
