import type { LoginProof } from '../../channels/channel.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { originOfChannel } from '../../kernel/security-event.ts'
import { type AddressProvider, normalAddress } from './address-rules.ts'
import { checkGuestCredential } from './check-guest-credential.ts'
import { typedCode } from './code-rules.ts'
import type { ProveDeps } from './prove-identity.ts'
import { LOGIN_PROVIDERS } from './rules.ts'
import type { StoreLoginPlace } from './store-codes.ts'

export type PasswordDeps = Pick<ProveDeps, 'database' | 'loginCodes' | 'attempts' | 'identityProviders'>

type PasswordProof = Extract<LoginProof, { readonly kind: 'password' }>

/** Of what a name is: the normal form of an address, or the id of a guest as it was typed. */
interface Named {
  readonly provider: AddressProvider | 'guest'
  readonly subject: string
}

/** No platform's page has a longer field for a password; nobody's credential comes near it. */
const PASSWORD_CHARS_MAX = 512
/** An address has 254 characters at most. */
const NAME_CHARS_MAX = 255
/** As a login id is at the API: a key of ours, on every database the same. */
const GUEST_ID = /^[^\s\p{Cc}](?:[^\p{Cc}]{0,253}[^\s\p{Cc}])?$/u

/** What the name beside a password is of. A name that reads as an address is one. */
export function meansOfPassword({ name }: Pick<PasswordProof, 'name'>): Named {
  if (name.length > NAME_CHARS_MAX) return { provider: 'guest', subject: name }
  const typed = name.trim()
  for (const provider of ['email', 'sms'] as const) {
    const subject = normalAddress(provider, typed)
    if (subject !== null) return { provider, subject }
  }
  return { provider: 'guest', subject: typed }
}

/**
 * Whom a name and a password prove: a guest and its credential, or an address and the code that was sent there. Failures
 * are counted for the name as at every login, and among those who come by this channel for the name alone: all of them have
 * its server's address, and one guesser must not lock the page for everybody.
 */
export async function provePassword(
  deps: PasswordDeps,
  asked: StoreLoginPlace & { readonly requestId: string; readonly proof: PasswordProof },
): Promise<Outcome<Named>> {
  const { appId, proof } = asked
  const { provider, subject } = meansOfPassword(proof)
  const isTypable = GUEST_ID.test(subject) && subject.isWellFormed() && proof.password.length <= PASSWORD_CHARS_MAX
  if (!isTypable || proof.password === '') return refused('invalid_credential')
  const { address } = originOfChannel(asked)
  const loginType = LOGIN_PROVIDERS.indexOf(provider)
  return deps.attempts.look(
    { appId, loginType, loginId: subject, address, isShared: true },
    async (): Promise<Outcome<Named>> => {
      if (provider === 'guest') {
        // Also where a bare id is believed of the game: on a page there is no game that would say it.
        const { database } = deps
        const typed = { appId, loginId: subject, credential: proof.password }
        return checkGuestCredential({ database, loginTrust: 'proof' }, typed)
      }
      const code = typedCode(proof.password)
      const { codes } = deps.loginCodes
      const isRight = code !== null && (await codes.redeemOfAddress({ appId, provider, address: subject, code }))
      return isRight ? accepted({ provider, subject }) : refused('invalid_code')
    },
  )
}
