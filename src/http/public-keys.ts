import type { FastifyInstance } from 'fastify'

/** Long enough to spare us, and no longer than a new key waits before it signs. */
const FRESH_SECONDS = 60

const KEY = {
  type: 'object',
  properties: {
    kty: { type: 'string' },
    crv: { type: 'string' },
    x: { type: 'string', description: 'The public key, base64url' },
    kid: { type: 'string', description: "As in a token's head" },
    alg: { type: 'string' },
    use: { type: 'string' },
  },
}
const EXAMPLE = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  kid: '2026-11-01-5d41402abc4b',
  alg: 'EdDSA',
  use: 'sig',
}

/** `/.well-known/jwks.json` (RFC 7517): by these keys anybody can check our tokens. Whatever reads it wants it bare. */
export function mountPublicKeys(server: FastifyInstance, read: () => readonly object[]): void {
  server.get(
    '/.well-known/jwks.json',
    {
      schema: {
        tags: ['Sessions'],
        security: [],
        summary: 'The public keys of access tokens',
        description: 'A JSON Web Key Set. Keys of EdDSA only: of one that signs by HS256 nothing is public.',
        response: {
          200: {
            description: 'Those that sign, will sign, or have signed tokens that still live',
            type: 'object',
            properties: { keys: { type: 'array', items: KEY } },
            examples: [{ keys: [EXAMPLE] }],
          },
        },
      },
    },
    async (_, reply) => {
      reply.raw.setHeader('cache-control', `public, max-age=${FRESH_SECONDS}`)
      return { keys: read() }
    },
  )
}
