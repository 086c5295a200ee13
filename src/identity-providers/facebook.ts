import { refused } from '../kernel/outcome.ts'
import { type AccessTokenDeps, proveByAccessToken } from './facebook-access-token.ts'
import { exchangeCode } from './facebook-graph.ts'
import { readSignedRequest } from './facebook-signed-request.ts'
import { proveByIdToken } from './id-token.ts'
import type { IdentityProvider } from './identity-provider.ts'
import { isCode, isToken } from './page-login.ts'
import type { KeySet } from './remote-keys.ts'
import type { FacebookSettings } from './settings.ts'

/**
 * Facebook Login: access tokens that Facebook is asked about, and the identity tokens of Limited Login, which its library
 * on iOS gives wherever a player does not want to be tracked. Both name a user by the same id.
 */
export function openFacebook(
  deps: Omit<AccessTokenDeps, 'settings'> & { keys: Pick<KeySet, 'find'> },
  settings: FacebookSettings,
): IdentityProvider {
  const limited = {
    ...{ clock: deps.clock, keys: deps.keys, settings: { ...settings.limited, clientIds: [settings.appId] } },
    ...({ algorithms: ['RS256'], nonceForm: 'plain' } as const),
  }
  const { nonceRequired } = settings.limited
  const { pageRedirectUri: redirectUri } = settings
  return {
    nonceRequired,
    async prove(proof) {
      // Only a token of Limited Login has parts.
      if (proof.credential.includes('.')) return proveByIdToken(limited, proof)
      // An access token holds none, so whoever named one is not answered by it.
      if (nonceRequired || proof.nonce !== null) return refused('proof_wrong_nonce')
      return proveByAccessToken({ ...deps, settings }, proof.credential)
    },
    async proveFromPage({ credential, clientId }) {
      if (clientId !== null && clientId !== settings.appId) return refused('proof_wrong_audience')
      if (isToken(credential)) return proveByIdToken({ ...limited, nonceForm: 'not_ours' }, { credential, nonce: null })
      // An access token has no form of its own: which of the two a page brings is a setting there, and so here.
      if (redirectUri === null) return proveByAccessToken({ ...deps, settings }, credential)
      if (!isCode(credential)) return refused('proof_malformed')
      const token = await exchangeCode({ settings, report: deps.report }, { code: credential, redirectUri })
      return token.ok ? proveByAccessToken({ ...deps, settings }, token.value) : token
    },
    readNotice: async (notice) => readSignedRequest(settings.appSecret, notice),
  }
}
