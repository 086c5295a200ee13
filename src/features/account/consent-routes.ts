import { Type } from 'typebox'
import { defineRoute } from '../../http/route.ts'
import type { AccountDeps } from './log-in.ts'
import { setConsent } from './set-consent.ts'

const WORDS = {
  given: { en: 'Your consent is recorded.', zh: '已记录您的同意。' },
  withdrawn: { en: 'Your consent is withdrawn.', zh: '已撤回您的同意。' },
} as const

/** The call by which a player agrees to what is told of them, or no longer does. */
export function consentRoutes(deps: Pick<AccountDeps, 'database' | 'clock'>) {
  return {
    setConsent: defineRoute({
      summary: 'Agree that stores are told how purchases were used',
      description:
        'A store that is asked for a refund asks in turn how the purchase was used. Without this consent it is told ' +
        'nothing. It can be withdrawn at any time; what was told until then stays told.',
      tag: 'Account',
      access: 'player',
      body: Type.Object({ purchase_data: Type.Boolean({ description: 'Whether the player agrees' }) }),
      answer: Type.Object({ purchase_data: Type.Boolean(), msg: Type.String() }),
      errors: ['player_not_found'],
      examples: { body: { purchase_data: true }, answer: { purchase_data: true, msg: WORDS.given.en } },
      idempotencyKey: 'header',
      handle: ({ caller, body, language, idempotencyKey }) =>
        setConsent(deps, {
          player: caller,
          isGiven: body.purchase_data,
          reply: {
            key: idempotencyKey,
            tell: (isGiven) => ({
              purchase_data: isGiven,
              msg: (isGiven ? WORDS.given : WORDS.withdrawn)[language],
            }),
          },
        }),
    }),
  }
}
