import type { Clock } from '../kernel/clock.ts'
import { proveByIdToken } from './id-token.ts'
import type { IdentityProvider } from './identity-provider.ts'
import type { KeySet } from './remote-keys.ts'
import type { OidcSettings } from './settings.ts'

/**
 * Sign in with Google, by identity token. An access token is not taken: it would be asked about at Google at every login, and
 * it is handed to other servers, which an identity token never is.
 */
export function openGoogle(
  deps: { clock: Clock; keys: Pick<KeySet, 'find'> },
  settings: OidcSettings,
): IdentityProvider {
  const rules = { ...deps, settings, algorithms: ['RS256', 'ES256'], nonceForm: 'plain' } as const
  return {
    nonceRequired: settings.nonceRequired,
    prove: (proof) => proveByIdToken(rules, proof),
    readNotice: null,
  }
}
