import { addressProviderOf, normalAddress } from './address-rules.ts'
import { LOGIN_PROVIDERS, type LoginProvider } from './rules.ts'

/** More than there are ways to log in, several times over; a list of them stays one short answer. */
export const IDENTITIES_MAX = 20

/**
 * The identity that a player names by its type and id, without a proof; an address however it is typed. Null for what
 * can be no identity.
 */
export function namedIdentity(named: {
  loginType: number
  loginId: string
}): { provider: LoginProvider; subject: string } | null {
  const addressProvider = addressProviderOf(named.loginType)
  if (addressProvider !== null) {
    const subject = normalAddress(addressProvider, named.loginId)
    return subject === null ? null : { provider: addressProvider, subject }
  }
  const provider = LOGIN_PROVIDERS[named.loginType]
  return provider === undefined ? null : { provider, subject: named.loginId }
}

// What is hidden is shown as this many stars, however long it is.
const HIDDEN_MAIL = '***'
const HIDDEN_PHONE = '*****'
/** A number this long shows its country and carrier, and its last three digits; a shorter one less. */
const LONG_PHONE_LENGTH = 12
const SHORT_PHONE_LENGTH = 8

/** The id of an identity as its own player is shown it: enough of an address to know it by, not enough to write to. */
export function shownLoginId({ provider, subject }: { provider: string; subject: string }): string {
  if (provider === 'email') {
    const at = subject.lastIndexOf('@')
    return at < 1 ? HIDDEN_MAIL : `${firstCharacter(subject)}${HIDDEN_MAIL}${subject.slice(at)}`
  }
  if (provider === 'sms') {
    if (subject.length >= LONG_PHONE_LENGTH) return `${subject.slice(0, 5)}${HIDDEN_PHONE}${subject.slice(-3)}`
    return subject.length >= SHORT_PHONE_LENGTH
      ? `${subject.slice(0, 3)}${HIDDEN_PHONE}${subject.slice(-1)}`
      : HIDDEN_PHONE
  }
  return subject
}

function firstCharacter(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) ?? 0x2a)
}
