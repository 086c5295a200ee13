import type { Clock } from '../kernel/clock.ts'
import { proveByIdToken } from './id-token.ts'
import type { IdentityProvider } from './identity-provider.ts'
import { openTokenEndpoint, proveOidcFromPage } from './page-login.ts'
import type { ReportPlatform } from './platform-call.ts'
import type { KeySet } from './remote-keys.ts'
import type { GoogleSettings } from './settings.ts'

/**
 * Sign in with Google, by identity token. An access token is not taken: it would be asked about at Google at every login, and
 * it is handed to other servers, which an identity token never is.
 */
export function openGoogle(
  deps: { clock: Clock; keys: Pick<KeySet, 'find'>; report: ReportPlatform },
  settings: GoogleSettings,
): IdentityProvider {
  const rules = { ...deps, settings, algorithms: ['RS256', 'ES256'], nonceForm: 'plain' } as const
  const exchange = openTokenEndpoint(deps, settings.pages.tokenUrl)
  return {
    nonceRequired: settings.nonceRequired,
    prove: (proof) => proveByIdToken(rules, proof),
    proveFromPage: (proof) =>
      proveOidcFromPage(
        {
          rules,
          clients: settings.pages.clients,
          exchange: async ({ clientId, code }, { clientSecret, redirectUri }) =>
            exchange({ client_id: clientId, client_secret: clientSecret, code, redirect_uri: redirectUri }),
        },
        proof,
      ),
    readNotice: null,
  }
}
