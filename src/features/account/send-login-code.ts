import type { Language } from '../../kernel/error-codes.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import type { Origin, RecordSecurityEvent } from '../../kernel/security-event.ts'
import { type AddressProvider, normalAddress } from './address-rules.ts'
import { CODE_TTL_MS, RESEND_AFTER_MS } from './code-rules.ts'
import type { LoginCodeDeps } from './login-codes.ts'
import { recordCode } from './login-events.ts'

interface SendInput {
  readonly session: { appId: AppId; sessionId: SessionId; playerId: PlayerId | null }
  readonly provider: AddressProvider
  readonly loginId: string
  readonly language: Language
  readonly origin: Origin
}

/**
 * Sends a code that proves an address. Whether anybody plays under it is never looked up, so that no answer can tell.
 * Refusals: `login_type_unavailable`, `invalid_fields`, `too_many_requests`, and `code_not_sent`, after which no code is
 * left that could be used, and which costs the address nothing but the wait until the next.
 */
export async function sendLoginCode(
  deps: LoginCodeDeps & { record: RecordSecurityEvent },
  input: SendInput,
): Promise<Outcome<{ expiresInMs: number; resendAfterMs: number }>> {
  const outcome = await issueAndSend(deps, input)
  recordCode(deps.record, input, outcome)
  return outcome
}

async function issueAndSend(
  { codes, messengers }: LoginCodeDeps,
  input: SendInput,
): Promise<Outcome<{ expiresInMs: number; resendAfterMs: number }>> {
  const { session, provider, language } = input
  const messenger = messengers[provider]
  if (messenger === null) return refused('login_type_unavailable')
  const address = normalAddress(provider, input.loginId)
  if (address === null) return refusedField('loginId', ADDRESS_FAULTS[provider])
  if (!messenger.reaches(address)) return refusedField('loginId', 'is of a country that no codes are sent to')
  const purpose = { appId: session.appId, sessionId: session.sessionId, provider, address }
  const send = await codes.takeSend(purpose, { from: input.origin.address })
  if (!send.taken) return refused('too_many_requests', { retryAfterSeconds: Math.ceil(send.waitMs / 1000) })

  // Kept before it is sent: a mail is never without its code, and a code that nobody got is guessed by nobody.
  const issued = await codes.issue(purpose)
  const { sent } = await messenger.sendLoginCode({
    to: address,
    code: issued.code,
    language,
    validMinutes: CODE_TTL_MS / 60_000,
  })
  if (sent) return accepted({ expiresInMs: CODE_TTL_MS, resendAfterMs: RESEND_AFTER_MS })
  await issued.withdraw()
  await send.giveBack()
  return refused('code_not_sent', { retryAfterSeconds: RESEND_AFTER_MS / 1000 })
}

const ADDRESS_FAULTS = {
  email: 'must be one mail address',
  sms: 'must be one phone number with its country, like +8613800000000',
} as const
