import { Type } from 'typebox'
import { defineRoute } from '../../http/route.ts'
import { accepted } from '../../kernel/outcome.ts'
import { type LoginNonces, NONCE_TTL_MS } from './login-nonces.ts'

const NonceAnswer = Type.Object({
  nonce: Type.String({ description: 'To be put into the token when the platform is asked for it' }),
  expires_in: Type.Integer({ description: 'Seconds' }),
})

/** The call that gives out nonces for platform tokens. */
export function nonceRoutes({ nonces }: { nonces: LoginNonces }) {
  return {
    issueLoginNonce: defineRoute({
      summary: 'Get a nonce for a platform token',
      description:
        'Good for one login or link of this session, within ten minutes, sent as `nonce` beside the token that carries ' +
        'it. Needed where the app demands it of a platform. Of more than five, the oldest no longer count.',
      tag: 'Account',
      access: 'session',
      limit: 'login',
      answer: NonceAnswer,
      errors: ['sessions_unavailable'],
      examples: { answer: { nonce: '1q1Yv0cO1hYbCr0YJr6Zb0ZkVZt0yT3y7kq7m8mQ2n5E', expires_in: NONCE_TTL_MS / 1000 } },
      handle: async ({ caller }) =>
        accepted({ nonce: await nonces.issue(caller.sessionId), expires_in: NONCE_TTL_MS / 1000 }),
    }),
  }
}
