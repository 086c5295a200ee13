import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'

/** How a player logs in, by the number that clients send. */
export const LOGIN_PROVIDERS = ['guest', 'facebook', 'google', 'apple', 'email', 'sms'] as const
export type LoginProvider = (typeof LOGIN_PROVIDERS)[number]

export function loginProviderOf(loginType: number): LoginProvider | null {
  return LOGIN_PROVIDERS[loginType] ?? null
}

/** Whether a bare login id is believed: only where the service is an open mint anyway. */
export type LoginTrust = 'bare_ids' | 'proof'

/** What a client says of itself at login. */
export interface LoginClaim {
  readonly loginType: number
  readonly loginId: string | null
  readonly loginCode: string | null
  /** A token of the platform's, or the credential of a guest. */
  readonly credential: string | null
  readonly nonce: string | null
}

/** The identity that a login has proven, or why it has not. */
export function provenIdentity(
  trust: LoginTrust,
  claim: LoginClaim,
): Outcome<{ provider: LoginProvider; subject: string }> {
  const provider = LOGIN_PROVIDERS[claim.loginType]
  if (provider === undefined || claim.loginId === null) {
    const path = provider === undefined ? 'loginType' : 'loginId'
    return refusedField(path, 'is required')
  }
  // Only a code proves an address, and whoever keeps the codes judges it (prove-identity.ts).
  if (provider === 'email' || provider === 'sms') return refused('proof_required')
  return trust === 'bare_ids' ? accepted({ provider, subject: claim.loginId }) : refused('proof_required')
}
