import type { ErrorCode } from '../../src/kernel/error-codes.ts'
import { base64url, EC_KID, type OidcIssuer, type TokenClaims, type Written } from './oidc-issuer.ts'

/** A body of a login that must be refused, and with which code. */
export interface RefusedLogin {
  readonly named: string
  readonly code: ErrorCode
  readonly body: { readonly credential: string; readonly nonce?: string; readonly loginId?: string }
}

/** What nobody may log in with, wherever identity tokens are taken; `others` issues tokens that are good elsewhere. */
export async function refusedTokens(issuer: OidcIssuer, others: { clientId: string }): Promise<RefusedLogin[]> {
  const now = Number(issuer.claims()['iat'])
  const changed = (named: string, code: ErrorCode, changes: TokenClaims) =>
    issuer.token(changes).then((credential): RefusedLogin => ({ named, code, body: { credential } }))
  const wrote = (named: string, code: ErrorCode, how: Written): RefusedLogin => ({
    ...{ named, code },
    body: { credential: issuer.written(how) },
  })
  return [
    ...(await Promise.all([
      changed('one that has expired', 'proof_expired', { iat: now - 7200, exp: now - 61 }),
      changed('one that never expires', 'proof_expired', { exp: undefined }),
      changed('one of tomorrow', 'proof_not_yet_valid', { iat: now + 61 }),
      changed('one that holds from tomorrow on', 'proof_not_yet_valid', { nbf: now + 61 }),
      changed('one that lives for a week', 'invalid_proof', { exp: now + 7 * 86_400 }),
      changed('one of another issuer', 'proof_wrong_issuer', { iss: 'https://issuer.example.com' }),
      changed('one whose issuer is a list', 'proof_wrong_issuer', { iss: [issuer.issuer] }),
      changed('one that names no issuer', 'proof_wrong_issuer', { iss: undefined }),
      changed("one for another game's client", 'proof_wrong_audience', { aud: others.clientId }),
      changed('one for nobody', 'proof_wrong_audience', { aud: undefined }),
      changed('one for an empty list', 'proof_wrong_audience', { aud: [] }),
      changed('one for us and somebody else', 'proof_wrong_audience', {
        aud: [issuer.claims()['aud'], 'https://elsewhere.example.com'],
      }),
      changed('one of nobody', 'proof_malformed', { sub: undefined }),
      changed('one of an empty name', 'proof_malformed', { sub: '' }),
      changed('one of a number', 'proof_malformed', { sub: 12_345 }),
      changed('one of a name with a line break', 'proof_malformed', { sub: 'user\nadmin' }),
      changed('one of a name with a blank at its end', 'proof_malformed', { sub: 'user ' }),
      changed('one of a name of 256 characters', 'proof_malformed', { sub: 'u'.repeat(256) }),
      changed('one whose expiry is a text', 'proof_malformed', { exp: String(now + 60) }),
      changed('one with a nonce, where the client names none', 'proof_wrong_nonce', { nonce: 'n-1' }),
    ])),
    ...writtenTokens(issuer, wrote),
    ...(await refusedNonces(issuer)),
  ]
}

function writtenTokens(
  issuer: OidcIssuer,
  wrote: (named: string, code: ErrorCode, how: Written) => RefusedLogin,
): RefusedLogin[] {
  const jwk = { kty: 'RSA', n: 'AQAB', e: 'AQAB' }
  const genuine = issuer.written({})
  const [header, , signature] = genuine.split('.')
  const text = (named: string, credential: string): RefusedLogin => ({
    ...{ named, code: 'proof_malformed' },
    body: { credential },
  })
  return [
    wrote('one signed by a stranger', 'invalid_proof', { by: 'stranger' }),
    wrote('one by a stranger, with a key of its own inside', 'invalid_proof', {
      header: { jwk, jku: `${issuer.keysUrl}/jku`, x5u: `${issuer.keysUrl}/x5u`, x5c: ['MIIB'] },
      by: 'stranger',
    }),
    wrote('one without a signature that says it has one', 'invalid_proof', { by: 'nobody' }),
    wrote('one of algorithm none', 'proof_wrong_algorithm', { header: { alg: 'none' }, by: 'nobody' }),
    wrote('one of algorithm None', 'proof_wrong_algorithm', { header: { alg: 'None' }, by: 'nobody' }),
    wrote('one of algorithm none by a key that nobody knows', 'proof_wrong_algorithm', {
      header: { alg: 'none', kid: 'made-up' },
      by: 'nobody',
    }),
    wrote('one of HS256 with our public key as its secret', 'proof_wrong_algorithm', {
      header: { alg: 'HS256' },
      by: { hmac: issuer.publicPem() },
    }),
    wrote('one of RS512 by the right key', 'proof_wrong_algorithm', {
      header: { alg: 'RS512' },
      by: { hash: 'RSA-SHA512' },
    }),
    wrote('one of ES256 that names an RSA key', 'proof_wrong_algorithm', {
      header: { alg: 'ES256' },
      by: 'issuer_ec',
    }),
    wrote('one of RS256 that names a key for ES256', 'proof_wrong_algorithm', { header: { kid: EC_KID } }),
    wrote('one of a list of algorithms', 'proof_wrong_algorithm', { header: { alg: ['RS256'] } }),
    wrote('one by a key that nobody knows', 'proof_unknown_key', { header: { kid: 'made-up' }, by: 'stranger' }),
    wrote('one that names no key', 'proof_unknown_key', { header: { kid: undefined } }),
    wrote('one that names a path as its key', 'proof_unknown_key', { header: { kid: '../../etc/passwd' } }),
    wrote('one that needs an extension', 'proof_malformed', { header: { crit: ['exp'] } }),
    wrote('one whose payload is not encoded', 'proof_malformed', { header: { b64: false } }),
    wrote('one with a header of two kilobytes', 'proof_malformed', { header: { x5c: ['x'.repeat(1500)] } }),
    wrote('one that says a list', 'proof_malformed', { payload: '[]' }),
    wrote('one that says nothing', 'proof_malformed', { payload: '' }),
    text('one with another payload under its signature', `${header}.%%%%.${signature}`),
    text('one of two parts', `${genuine.split('.').slice(0, 2).join('.')}`),
    text('one of five parts', `${genuine}.e30.e30`),
    text('one whose header is no JSON', `${base64url('{"alg":')}.e30.AAAA`),
    text('a word', 'token'),
    {
      named: 'one whose payload was changed after it was signed',
      code: 'invalid_proof',
      body: { credential: `${header}.${base64url(JSON.stringify(issuer.claims({ sub: 'admin' })))}.${signature}` },
    },
  ]
}

async function refusedNonces(issuer: OidcIssuer): Promise<RefusedLogin[]> {
  const code = 'proof_wrong_nonce'
  return [
    { named: 'one with another nonce', code, body: { credential: await issuer.token({ nonce: 'n-1' }), nonce: 'n-2' } },
    {
      named: 'one whose nonce is a list',
      code,
      body: { credential: await issuer.token({ nonce: ['n'] }), nonce: 'n' },
    },
    { named: 'one without the nonce of the client', code, body: { credential: await issuer.token(), nonce: 'n-1' } },
    {
      named: 'one of another user than the client says',
      code: 'proof_wrong_user',
      body: { credential: await issuer.token(), loginId: 'somebody-else' },
    },
  ]
}
