import type { AppId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { type AddressProvider, normalAddress } from './address-rules.ts'
import { typedCode } from './code-rules.ts'
import type { LoginCodeDeps } from './login-codes.ts'

/**
 * Uses up the code of a session and gives the address that it proves. Whatever is wrong, the answer is the same
 * `invalid_code`: it never tells a guesser what was right.
 */
export async function checkLoginCode(
  { codes }: LoginCodeDeps,
  input: {
    session: { appId: AppId; sessionId: SessionId }
    provider: AddressProvider
    loginId: string
    loginCode: string
  },
): Promise<Outcome<{ provider: AddressProvider; subject: string }>> {
  const { session, provider } = input
  const address = normalAddress(provider, input.loginId)
  const code = typedCode(input.loginCode)
  if (address === null || code === null) return refused('invalid_code')
  const { appId, sessionId } = session
  const proven = await codes.redeem({ appId, sessionId, provider, address, code })
  return proven ? accepted({ provider, subject: address }) : refused('invalid_code')
}
