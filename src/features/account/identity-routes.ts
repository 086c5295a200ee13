import { Type } from 'typebox'
import type { Row } from '../../db/schema.ts'
import { defineRoute } from '../../http/route.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'
import { shownLoginId } from './identity-rules.ts'
import { linkIdentity } from './link-identity.ts'
import type { AccountDeps } from './log-in.ts'
import { claimOf, LOGIN_TYPES, LoginIdField, LoginTypeField, PROOF_ERRORS, ProofFields } from './login-fields.ts'
import { LOGIN_PROVIDERS, type LoginProvider } from './rules.ts'
import { unlinkIdentity } from './unlink-identity.ts'

const IdentitiesAnswer = Type.Object({
  identities: Type.Array(
    Type.Object({
      login_type: Type.Integer({ description: LOGIN_TYPES }),
      login_id: Type.String({ description: 'Of a mail address and a phone number the ends only' }),
      linked_at: Type.String({ description: 'ISO 8601, UTC' }),
    }),
    { description: 'Every way in which this player logs in, oldest first' },
  ),
  msg: Type.String(),
})

const WORDS = {
  linked: { en: 'The login is linked.', zh: '登录方式已绑定。' },
  unlinked: { en: 'The login is unlinked.', zh: '登录方式已解绑。' },
} as const

function identitiesAnswer(identities: readonly Row<'identities'>[], msg: string) {
  return {
    identities: identities.map((identity) => ({
      login_type: LOGIN_PROVIDERS.indexOf(identity.provider as LoginProvider),
      login_id: shownLoginId(identity),
      linked_at: isoTime(identity.created_at_ms),
    })),
    msg,
  }
}

const GUEST_EXAMPLE = { login_type: 0, login_id: 'device-7f3a', linked_at: '2026-11-01T09:30:00.000Z' }
const MAIL_EXAMPLE = { login_type: 4, login_id: 'a***@example.com', linked_at: '2026-11-01T09:31:00.000Z' }

/** The calls about the ways in which a player logs in. */
export function identityRoutes(deps: AccountDeps) {
  const telling = (words: Record<Language, string>, language: Language) => (identities: readonly Row<'identities'>[]) =>
    identitiesAnswer(identities, words[language])
  return {
    linkIdentity: defineRoute({
      summary: 'Add a way to log in',
      description:
        'Takes the fields of `POST /login`, proven in the same way. What is linked already changes nothing; ' +
        'a player has at most 20.',
      tag: 'Account',
      access: 'player',
      // A guess at a code is one, wherever it is made.
      limit: 'login',
      body: Type.Object(ProofFields),
      answer: IdentitiesAnswer,
      errors: [...PROOF_ERRORS, 'player_not_found', 'identity_taken', 'too_many_identities'],
      examples: {
        body: { loginType: 4, loginId: 'anna@example.com', loginCode: '482913' },
        answer: { identities: [GUEST_EXAMPLE, MAIL_EXAMPLE], msg: WORDS.linked.en },
      },
      idempotencyKey: 'header',
      handle: ({ caller, body, language, idempotencyKey, origin }) =>
        linkIdentity(deps, {
          session: caller,
          claim: claimOf(body),
          origin,
          reply: { key: idempotencyKey, tell: telling(WORDS.linked, language) },
        }),
    }),

    unlinkIdentity: defineRoute({
      summary: 'Remove a way to log in',
      description: 'The last one cannot be removed. Coins, orders and sessions stay with the player.',
      tag: 'Account',
      access: 'player',
      body: Type.Object({ loginType: LoginTypeField, loginId: LoginIdField }),
      answer: IdentitiesAnswer,
      errors: ['player_not_found', 'identity_not_found', 'last_identity'],
      examples: {
        body: { loginType: 0, loginId: 'device-7f3a' },
        answer: { identities: [MAIL_EXAMPLE], msg: WORDS.unlinked.en },
      },
      idempotencyKey: 'header',
      handle: ({ caller, body, language, idempotencyKey, origin }) =>
        unlinkIdentity(deps, {
          player: caller,
          named: body,
          origin,
          reply: { key: idempotencyKey, tell: telling(WORDS.unlinked, language) },
        }),
    }),
  }
}
