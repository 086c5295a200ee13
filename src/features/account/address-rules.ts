import { domainToASCII } from 'node:url'
import type { LoginProvider } from './rules.ts'
import { LOGIN_PROVIDERS } from './rules.ts'

/** The ways to log in whose id is an address, which a code proves. */
export type AddressProvider = Extract<LoginProvider, 'email' | 'sms'>

export function addressProviderOf(loginType: number): AddressProvider | null {
  const provider = LOGIN_PROVIDERS[loginType]
  return provider === 'email' || provider === 'sms' ? provider : null
}

/**
 * The one form of an address, however it was typed: where the code goes, and whose player it is. Null for what is no
 * address of exactly one recipient.
 */
export function normalAddress(provider: AddressProvider, text: string): string | null {
  return provider === 'email' ? normalMailAddress(text) : normalPhoneNumber(text)
}

/** RFC 5321: what a server must be able to take, both of the part before the `@` and of the whole. */
const LOCAL_PART_LENGTH_MAX = 64
const MAIL_ADDRESS_LENGTH_MAX = 254
const DOMAIN_LENGTH_MAX = 253

// No flag `i`: beside `u` it would take the Kelvin sign for a k, and so another mailbox for this one.
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
// domainToASCII stops at `/`, `?`, `#` and `\`, drops line breaks and decodes `%`: a domain has none of these.
const DOMAIN_AS_TYPED = /^(?:[A-Za-z0-9.-]|[^\p{ASCII}\p{C}\s])+$/u

/**
 * Lower case as a whole: the code goes to exactly that address, so whoever owns it proves it. A domain in other letters
 * becomes its `xn--` form, so that one that only looks like another is another.
 */
function normalMailAddress(text: string): string | null {
  const at = text.indexOf('@')
  const [local, typedDomain] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
  if (local.length > LOCAL_PART_LENGTH_MAX || !LOCAL_PART.test(local)) return null
  if (!DOMAIN_AS_TYPED.test(typedDomain)) return null
  const domain = domainToASCII(typedDomain).toLowerCase()
  const labels = domain.split('.')
  if (domain.length > DOMAIN_LENGTH_MAX || labels.length < 2 || !labels.every((label) => LABEL.test(label))) return null
  // An address of a machine is no domain, and no top-level domain is a number.
  if (/^[0-9]+$/.test(labels.at(-1) ?? '')) return null
  const address = `${local.toLowerCase()}@${domain}`
  return address.length <= MAIL_ADDRESS_LENGTH_MAX ? address : null
}

/**
 * E.164: `+`, the country, the number. Full-width digits are what a Chinese keyboard types. A `(0)` after the country is
 * how Europeans write the zero that is dialled at home only: with it, the number would be another one.
 */
function normalPhoneNumber(text: string): string | null {
  const typed = text.normalize('NFKC').replace(/[\s.\u2212\p{Pd}]/gu, '')
  const number = typed.replace(/^(\(?\+[1-9][0-9]{0,2}\)?)\(0\)/, '$1').replace(/[()]/g, '')
  return /^\+[1-9][0-9]{6,14}$/.test(number) ? number : null
}
