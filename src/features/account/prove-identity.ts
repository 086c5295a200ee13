import type { AppId, SessionId } from '../../kernel/ids.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import { type LoginClaim, type LoginProvider, type LoginTrust, provenIdentity } from './rules.ts'

/** The identity that a claim proves, or why it does not: the one door for logging in and for linking. */
export async function proveIdentity(
  deps: { loginTrust: LoginTrust },
  { claim }: { session: { appId: AppId; sessionId: SessionId }; claim: LoginClaim },
): Promise<Outcome<{ provider: LoginProvider; subject: string }>> {
  return provenIdentity(deps.loginTrust, claim)
}
