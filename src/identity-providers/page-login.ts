import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import { type IdTokenRules, proveByIdToken } from './id-token.ts'
import type { PageProof, ProvenSubject } from './identity-provider.ts'
import { platformUnavailable, postToPlatform, type ReportPlatform } from './platform-call.ts'
import type { PageClient } from './settings.ts'

/** Whether it is an identity token. Codes may have dots as well; the head of a token is always an object of JSON. */
export function isToken(credential: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(credential)
}

/** Whether it can be an authorization code: one to a few hundred visible characters, at every platform. */
export function isCode(credential: string): boolean {
  return /^[\x21-\x7e]{1,2048}$/.test(credential)
}

interface OidcPages<Exchange> {
  readonly rules: IdTokenRules
  readonly clients: readonly PageClient<Exchange>[]
  /** Gives the identity token that a code is good for. */
  exchange(of: { clientId: string; code: string }, by: Exchange): Promise<Outcome<string>>
}

/**
 * Whom the proof of a page is of. It must be made for the client that the page names, or else for one of those that pages
 * have: a token that was made for the game itself is another audience.
 */
export async function proveOidcFromPage<Exchange>(
  { rules, clients, exchange }: OidcPages<Exchange>,
  { credential, clientId }: PageProof,
): Promise<Outcome<ProvenSubject>> {
  const meant = clientId === null ? clients : clients.filter((client) => client.clientId === clientId)
  if (meant.length === 0) return refused('proof_wrong_audience')
  const proveFor = (token: string, clientIds: readonly string[]) => {
    const settings = { ...rules.settings, clientIds, nonceRequired: false }
    return proveByIdToken({ ...rules, settings, nonceForm: 'not_ours' }, { credential: token, nonce: null })
  }
  if (isToken(credential)) {
    return proveFor(
      credential,
      meant.map((client) => client.clientId),
    )
  }
  const able = meant.flatMap((client) => (client.exchange === null ? [] : [{ ...client, by: client.exchange }]))
  const [client, other] = able
  if (client === undefined || !isCode(credential)) return refused('proof_malformed')
  // A code does not say for whom it is, and is lost by being shown for the wrong one.
  if (other !== undefined) return refused('proof_wrong_audience')
  const token = await exchange({ clientId: client.clientId, code: credential }, client.by)
  return token.ok ? proveFor(token.value, [client.clientId]) : token
}

/** Exchanges authorization codes at a token endpoint of OAuth 2.0 (RFC 6749, section 4.1.3). */
export function openTokenEndpoint({ report }: { report: ReportPlatform }, url: string) {
  const fail = (reason: string): Outcome<never> => {
    const about = { platform: new URL(url).host, reason }
    report(about, 'a login platform exchanges no codes; are the secret and redirectUri of pageClients right?')
    return platformUnavailable()
  }
  return async (form: Readonly<Record<string, string>>): Promise<Outcome<string>> => {
    const answer = await postToPlatform(url, { grant_type: 'authorization_code', ...form })
    if (!answer.answered) return fail(answer.reason)
    const { id_token: token, error } = (answer.json ?? {}) as { id_token?: unknown; error?: unknown }
    // A code that is wrong, used or over. All else that is refused is wrong with us, and says nothing of a player.
    if (error === 'invalid_grant') return refused('invalid_proof')
    if (answer.status === 200 && typeof token === 'string') return accepted(token)
    return fail(typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : `status ${answer.status}, no token`)
  }
}
