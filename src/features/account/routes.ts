import { Type } from 'typebox'
import { namedPlayer } from '../../http/auth.ts'
import { UidField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import type { ClientCaller } from '../../kernel/caller.ts'
import type { ErrorCode, Language } from '../../kernel/error-codes.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import type { Origin } from '../../kernel/security-event.ts'
import { isGiftWaiting } from '../daily-gift/index.ts'
import { PlayerFields, playerFields } from '../players/index.ts'
import type { StoreLoginDeps } from './confirm-store-login.ts'
import { consentRoutes } from './consent-routes.ts'
import { identityRoutes } from './identity-routes.ts'
import { type AccountDeps, type LoggedIn, logIn, refreshAccount } from './log-in.ts'
import { loginCodeRoutes } from './login-code-routes.ts'
import {
  claimByAddress,
  claimOf,
  inviterOf,
  LOGIN_TYPES,
  LoginCodeField,
  LoginIdField,
  LoginTypeField,
  PROOF_ERRORS,
  ProofFields,
  ShareIdField,
  ShareIdQueryField,
} from './login-fields.ts'
import { nonceRoutes } from './nonce-routes.ts'
import { revokeSessionsRoutes } from './revoke-sessions-routes.ts'
import type { LoginClaim } from './rules.ts'
import { storeCodeRoutes } from './store-code-routes.ts'

const AccountAnswer = Type.Object({
  ...PlayerFields.properties,
  daily_gift: Type.Integer({ description: "1: today's gift can be claimed now", enum: [0, 1] }),
  is_new: Type.Boolean(),
  msg: Type.String(),
})

const LoginAnswer = Type.Object({
  ...AccountAnswer.properties,
  login_id: Type.Optional(Type.String({ description: 'Of a guest that was just made: the `loginId` of later logins' })),
  credential: Type.Optional(
    Type.String({ description: 'Of a guest that was just made, told this once: the proof of later logins' }),
  ),
})

const ACCOUNT_EXAMPLE = {
  user_id: '10001',
  uid: '10001',
  user_name: 'Player 10001',
  avatar_url: '',
  level: 0,
  vip_level: 0,
  coins: 0,
  tokens: 0,
  is_first_pay: 1,
  daily_gift: 1,
  is_new: true,
  msg: 'Welcome.',
}

const WORDS = {
  welcome: { en: 'Welcome.', zh: '欢迎！' },
  back: { en: 'Welcome back.', zh: '欢迎回来！' },
  refreshed: { en: 'Up to date.', zh: '已更新。' },
} as const

function accountAnswer(
  deps: AccountDeps,
  { player, isNew, guest }: LoggedIn,
  msg: Record<Language, string>,
  language: Language,
) {
  return {
    ...playerFields(player),
    daily_gift: isGiftWaiting(deps, player) ? 1 : 0,
    is_new: isNew,
    msg: msg[language],
    ...(guest === null ? {} : { login_id: guest.loginId, credential: guest.credential }),
  }
}

const LOGIN_ERRORS: readonly ErrorCode[] = [...PROOF_ERRORS, 'session_bound']

const LoginQuery = Type.Object({
  loginType: LoginTypeField,
  loginId: Type.Optional(LoginIdField),
  loginCode: Type.Optional(LoginCodeField),
  shareId: Type.Optional(ShareIdQueryField),
})

const LoginBody = Type.Object({ ...ProofFields, shareId: Type.Optional(ShareIdField) })

const PROOF_WORDS =
  'As GET /login. Proofs of identity are taken here only, never in an address. Type 0 without `loginId` makes a guest ' +
  'and answers the `login_id` and the `credential` of all later logins; sent again on the same session within ten ' +
  `minutes, it answers the same. After too many failures: 429 with Retry-After. loginType: ${LOGIN_TYPES}.`

interface LoginCall {
  readonly caller: ClientCaller
  readonly language: Language
  readonly origin: Origin
  readonly claim: LoginClaim
  readonly by: 'address' | 'body'
  readonly inviterId: PlayerId | null
}

/** The calls about who the player is. */
export function accountRoutes(deps: AccountDeps & StoreLoginDeps) {
  const answerLogin = async (input: LoginCall) => {
    const { caller, claim, by, origin, inviterId } = input
    const loggedIn: Outcome<LoggedIn> = await logIn(deps, { session: caller, claim, by, origin, inviterId })
    if (!loggedIn.ok) return loggedIn
    const words = loggedIn.value.isNew ? WORDS.welcome : WORDS.back
    return accepted(accountAnswer(deps, loggedIn.value, words, input.language))
  }

  return {
    ...identityRoutes(deps),
    ...loginCodeRoutes(deps),
    ...consentRoutes(deps),
    ...nonceRoutes(deps),
    ...revokeSessionsRoutes(deps),
    ...storeCodeRoutes(deps),

    logInByQuery: defineRoute({
      summary: 'Log in',
      description: `Finds or creates the player and binds the session. loginType: ${LOGIN_TYPES}.`,
      tag: 'Account',
      access: 'session',
      limit: 'login',
      query: LoginQuery,
      answer: AccountAnswer,
      errors: ['invalid_fields', ...LOGIN_ERRORS],
      examples: { answer: ACCOUNT_EXAMPLE },
      handle: ({ caller, query, language, origin }) =>
        answerLogin({
          ...{ caller, language, origin, by: 'address' },
          claim: claimByAddress(query),
          inviterId: inviterOf(query.shareId),
        }),
    }),

    logIn: defineRoute({
      summary: 'Log in',
      description: PROOF_WORDS,
      tag: 'Account',
      access: 'session',
      limit: 'login',
      body: LoginBody,
      answer: LoginAnswer,
      errors: LOGIN_ERRORS,
      examples: { body: { loginType: 1, loginId: 'test123' }, answer: ACCOUNT_EXAMPLE },
      handle: ({ caller, body, language, origin }) =>
        answerLogin({
          ...{ caller, language, origin, by: 'body' },
          claim: claimOf(body),
          inviterId: inviterOf(body.shareId),
        }),
    }),

    refresh: defineRoute({
      summary: 'The login answer again, fresh',
      tag: 'Account',
      access: 'player_or_server',
      body: Type.Object({ uid: Type.Optional(UidField) }),
      answer: AccountAnswer,
      errors: ['player_not_found'],
      examples: { body: {}, answer: { ...ACCOUNT_EXAMPLE, is_new: false, msg: 'Up to date.' } },
      handle: async ({ caller, body, language }) => {
        const playerId = namedPlayer(caller, body.uid)
        if (!playerId.ok) return playerId
        const found = await refreshAccount(deps, { appId: caller.appId, playerId: playerId.value })
        return found.ok ? accepted(accountAnswer(deps, found.value, WORDS.refreshed, language)) : found
      },
    }),
  }
}
