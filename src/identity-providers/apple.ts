import type { Clock } from '../kernel/clock.ts'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import { originFault, proveByIdToken, SKEW_SECONDS } from './id-token.ts'
import type { IdentityNotice, IdentityProvider, RawNotice } from './identity-provider.ts'
import { readSubject } from './profile.ts'
import type { KeySet } from './remote-keys.ts'
import type { OidcSettings } from './settings.ts'
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
  deps: { clock: Clock; keys: Pick<KeySet, 'find'> },
  settings: OidcSettings,
): IdentityProvider {
  // Its documents speak of ES256 and its keys are RS256: the key decides.
  const rules = { ...deps, settings, algorithms: ['RS256', 'ES256'], nonceForm: 'plain_or_sha256' } as const
  return {
    nonceRequired: settings.nonceRequired,
    prove: (proof) => proveByIdToken(rules, proof),
    readNotice: (notice) => readNotice(rules, notice),
  }
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
