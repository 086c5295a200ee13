import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Clock } from '../kernel/clock.ts'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import { originFault, proveByIdToken, SKEW_SECONDS } from './id-token.ts'
import type { IdentityNotice, IdentityProvider, RawNotice } from './identity-provider.ts'
import { openTokenEndpoint, proveOidcFromPage } from './page-login.ts'
import type { ReportPlatform } from './platform-call.ts'
import { readSubject } from './profile.ts'
import type { KeySet } from './remote-keys.ts'
import type { AppleExchange, AppleSettings, OidcSettings } from './settings.ts'
import { type Claims, jsonObject, readSignedToken, type SignedTokenRules } from './signed-token.ts'

interface AppleRules extends SignedTokenRules {
  readonly settings: OidcSettings
}

/**
 * Apple tries again for days when we were away, as with its other notices, and is not believed about a time longer ago:
 * whoever has kept a notice could repeat it when its user has come back.
 */
const NOTICE_AGE_SECONDS_MAX = 7 * 24 * 60 * 60

/** A notice is one token of two kilobytes. */
const NOTICE_BYTES_MAX = 16 * 1024

/** What Apple tells, by its own names; both spellings of the second have been seen. All others (mail switched on or off) leave us cold. */
const KINDS: Readonly<Record<string, IdentityNotice['kind']>> = {
  'consent-revoked': 'sign_out',
  'account-delete': 'forget',
  'account-deleted': 'forget',
}

/** Sign in with Apple, by identity token, and what Apple tells of its users afterwards. */
export function openApple(
  deps: { clock: Clock; keys: Pick<KeySet, 'find'>; report: ReportPlatform },
  settings: AppleSettings,
): IdentityProvider {
  // Its documents speak of ES256 and its keys are RS256: the key decides.
  const rules = { ...deps, settings, algorithms: ['RS256', 'ES256'], nonceForm: 'plain_or_sha256' } as const
  const exchange = openTokenEndpoint(deps, settings.pages.tokenUrl)
  return {
    nonceRequired: settings.nonceRequired,
    prove: (proof) => proveByIdToken(rules, proof),
    proveFromPage: (proof) =>
      proveOidcFromPage(
        {
          rules,
          clients: settings.pages.clients,
          exchange: async ({ clientId, code }, by) =>
            exchange({
              ...{ client_id: clientId, code, redirect_uri: by.redirectUri },
              client_secret: await clientSecret(deps.clock, { clientId, by }),
            }),
        },
        proof,
      ),
    readNotice: (notice) => readNotice(rules, notice),
  }
}

const CLIENT_SECRET_AUDIENCE = 'https://appleid.apple.com'
/** Apple takes up to half a year. One that is made for each call need not outlive it, but for clocks that differ. */
const CLIENT_SECRET_SECONDS = 5 * 60

/** In place of a secret text Apple wants a token that the key of our team has signed. */
async function clientSecret(clock: Clock, { clientId, by }: { clientId: string; by: AppleExchange }): Promise<string> {
  const nowSeconds = Math.floor(clock.nowMs() / 1000)
  return new SignJWT({ iss: by.teamId, sub: clientId, aud: CLIENT_SECRET_AUDIENCE })
    .setProtectedHeader({ alg: 'ES256', kid: by.keyId })
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + CLIENT_SECRET_SECONDS)
    .sign(createPrivateKey(by.privateKey))
}

/** `{"payload": "<JWT>"}`, signed with the keys of identity tokens. */
async function readNotice(rules: AppleRules, { rawBody, nowMs }: RawNotice): Promise<Outcome<IdentityNotice>> {
  const payload = rawBody.length <= NOTICE_BYTES_MAX ? jsonObject(rawBody)?.['payload'] : undefined
  if (typeof payload !== 'string') return refused('proof_malformed')
  const read = await readSignedToken(rules, payload)
  if (!read.ok) return read
  const claims = read.value
  const origin = originFault(rules.settings, claims)
  if (origin !== null) return refused(origin)
  const { iat } = claims
  // Its id is a UUID; as a key of ours it is bounded like a subject.
  const key = readSubject(claims['jti'])
  if (typeof iat !== 'number' || key === null) return refused('proof_malformed')
  const ageSeconds = nowMs / 1000 - iat
  if (ageSeconds > NOTICE_AGE_SECONDS_MAX) return refused('proof_expired')
  if (ageSeconds < -SKEW_SECONDS) return refused('proof_not_yet_valid')
  return noticeOf(key, claims['events'])
}

function noticeOf(key: string, events: unknown): Outcome<IdentityNotice> {
  const event = eventOf(events)
  const named = readSubject(event?.['type'])
  if (named === null) return refused('proof_malformed')
  const kind = Object.hasOwn(KINDS, named) ? (KINDS[named] ?? 'none') : 'none'
  const subject = readSubject(event?.['sub'])
  // Of what does not concern us nobody need be named.
  if (subject === null && kind !== 'none') return refused('proof_malformed')
  return accepted({ key, kind, subject: subject ?? '', named })
}

/** JSON inside a string, as Apple sends it; as a plain object too, which is what its documents show. */
function eventOf(events: unknown): Claims | null {
  if (typeof events === 'string') return jsonObject(Buffer.from(events))
  return typeof events === 'object' && events !== null && !Array.isArray(events) ? (events as Claims) : null
}
