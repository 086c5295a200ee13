import { Type } from 'typebox'
import { defineRoute } from '../../http/route.ts'
import { accepted, refused } from '../../kernel/outcome.ts'
import { addressProviderOf } from './address-rules.ts'
import type { AccountDeps } from './log-in.ts'
import { sendLoginCode } from './send-login-code.ts'

const CodeRequest = Type.Object({
  loginType: Type.Integer({ enum: [4, 5], description: '4 e-mail, 5 SMS' }),
  loginId: Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^[^\\u0000-\\u001f\\u007f]*$',
    description: 'One mail address, or one phone number with its country: +8613800000000',
  }),
})

const CodeAnswer = Type.Object({
  expires_in: Type.Integer({ description: 'Seconds that the code can be used for' }),
  resend_after: Type.Integer({ description: 'Seconds after which another may be asked for' }),
  msg: Type.String(),
})

const WORDS = {
  en: 'A code is on its way. It can be used for five minutes.',
  zh: '验证码已发送，五分钟内有效。',
} as const

/** The call that sends a login code. */
export function loginCodeRoutes({ loginCodes, record }: Pick<AccountDeps, 'loginCodes' | 'record'>) {
  return {
    sendLoginCode: defineRoute({
      summary: 'Send a login code by mail or SMS',
      description:
        'Sends six digits to an address; the same session then logs in with them as `loginCode`. The answer is the same ' +
        'whether or not anybody plays under the address. Only the newest code of a session counts, for five minutes, ' +
        'five tries and one login. An address is sent a code every 60 seconds, 5 an hour and 10 a day at most; a session ' +
        'sends 10 a day, to 5 addresses; from one client address 20 an hour; an app 1000 SMS an hour: beyond that 429, with `Retry-After`. In the query of `GET /login` the `+` of a phone number is written `%2B`.',
      tag: 'Account',
      access: 'session',
      limit: 'login',
      body: CodeRequest,
      answer: CodeAnswer,
      errors: ['login_type_unavailable', 'too_many_requests', 'code_not_sent'],
      examples: {
        body: { loginType: 4, loginId: 'player@example.com' },
        answer: { expires_in: 300, resend_after: 60, msg: WORDS.en },
      },
      handle: async ({ caller, body, language, origin }) => {
        const provider = addressProviderOf(body.loginType)
        if (provider === null) return refused('login_type_unavailable')
        const { loginId } = body
        const sent = await sendLoginCode(
          { ...loginCodes, record },
          { session: caller, provider, loginId, language, origin },
        )
        if (!sent.ok) return sent
        const { expiresInMs, resendAfterMs } = sent.value
        return accepted({
          expires_in: expiresInMs / 1000,
          resend_after: resendAfterMs / 1000,
          msg: WORDS[language],
        })
      },
    }),
  }
}
