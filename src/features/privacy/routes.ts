import { Type } from 'typebox'
import { defineRoute } from '../../http/route.ts'
import type { IdentityProviderName } from '../../identity-providers/identity-provider.ts'
import type { ErrorCode, Language } from '../../kernel/error-codes.ts'
import type { AppId } from '../../kernel/ids.ts'
import { accepted } from '../../kernel/outcome.ts'
import type { Origin } from '../../kernel/security-event.ts'
import { type NoticeDeps, receiveNotice } from './receive-notice.ts'
import type { NoticeRoute } from './rules.ts'

export interface PrivacyDeps extends NoticeDeps {
  /** Where the world reaches this program, asked when a link is written. */
  readonly publicUrl: () => string
}

const Params = Type.Object({
  app_id: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
    maxLength: 128,
    description: 'The app that the platform knows by this address',
  }),
})

const MessageAnswer = Type.Object({ msg: Type.String() })
const DeletionAnswer = Type.Object({
  url: Type.String({ description: 'A page that tells in words how the deletion stands' }),
  confirmation_code: Type.String({ description: 'The same for every repeat' }),
  msg: Type.String(),
})

const WORDS: Record<Language, string> = { en: 'Received.', zh: '已收到。' }
const CODE_EXAMPLE = '7d1f0c5e9a3b4826b0f4c1d2e3a49586'

interface NoticeCall {
  readonly params: { readonly app_id: string }
  readonly rawBody: Uint8Array
  readonly language: Language
  readonly origin: Origin
}

/** The calls by which the platforms of logins tell us of their users. */
export function privacyRoutes(deps: PrivacyDeps) {
  return {
    appleEvents: plainRoute(deps, {
      from: { provider: 'apple', route: 'events' },
      summary: 'Apple tells of an account',
      description:
        'Server-to-server notification of Sign in with Apple, `{"payload": "<JWT>"}`. Consent withdrawn: the sessions ' +
        'of its player end. Account deleted: the identity goes, and with the last one the player is erased.',
    }),
    facebookDeauthorize: plainRoute(deps, {
      from: { provider: 'facebook', route: 'deauthorize' },
      summary: 'A Facebook user has removed the app',
      description: 'Form field `signed_request`. The sessions of their player end; the identity stays.',
    }),
    facebookDeletion: deletionRoute(deps),
  }
}

interface From {
  readonly provider: IdentityProviderName
  readonly route: NoticeRoute
}

function receive(deps: PrivacyDeps, call: NoticeCall, from: From) {
  const { rawBody, origin } = call
  return receiveNotice(deps, { ...from, appId: call.params.app_id as AppId, rawBody, origin })
}

const ERRORS = ['not_found', 'invalid_proof', 'provider_unavailable'] as const satisfies readonly ErrorCode[]

/** A notice whose platform reads nothing but the status. */
function plainRoute(deps: PrivacyDeps, { from, ...words }: { from: From; summary: string; description: string }) {
  return defineRoute({
    ...words,
    tag: 'Privacy',
    access: 'webhook',
    params: Params,
    answer: MessageAnswer,
    errors: ERRORS,
    examples: { answer: { msg: WORDS.en } },
    handle: async (call) => {
      const received = await receive(deps, call, from)
      return received.ok ? accepted({ msg: WORDS[call.language] }) : received
    },
  })
}

function deletionRoute(deps: PrivacyDeps) {
  return defineRoute({
    summary: 'A Facebook user asks for their data to be deleted',
    description:
      'Form field `signed_request`. The identity goes, and with the last one the player is erased. A repeat is ' +
      'answered the same code and does nothing more.',
    tag: 'Privacy',
    access: 'webhook',
    params: Params,
    answer: DeletionAnswer,
    errors: ERRORS,
    examples: {
      answer: {
        url: `https://pay.example.com/deletion/${CODE_EXAMPLE}`,
        confirmation_code: CODE_EXAMPLE,
        msg: WORDS.en,
      },
    },
    handle: async (call) => {
      const received = await receive(deps, call, { provider: 'facebook', route: 'deletion' })
      if (!received.ok) return received
      const { confirmationCode } = received.value
      return accepted({
        url: `${deps.publicUrl()}/deletion/${confirmationCode}`,
        confirmation_code: confirmationCode,
        msg: WORDS[call.language],
      })
    },
  })
}
