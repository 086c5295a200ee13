import { createHmac, generateKeyPairSync, sign } from 'node:crypto'

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** An access token with these claims, signed as HS256 with any secret, under any header. */
export function hs256Token(secret: string | Uint8Array, claims: object, header: object = {}): string {
  const input = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** What a genuine token of a session, or of a game's server, says; `nowMs` is when it was made. */
export function genuineClaims(about: Readonly<Record<string, unknown>>, nowMs: number): Record<string, unknown> {
  const iat = Math.floor(nowMs / 1000)
  return { iss: 'payment-api', iat, exp: iat + 10_800, ...about }
}

/** The same token with other claims, its signature left as it was. */
export function withClaims(token: string, change: object): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  return `${header}.${part({ ...claims, ...change })}.${signature}`
}

export function claimsIn(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
}

/** A token that nobody has signed. */
export function unsignedToken(claims: object): string {
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`
}

/** A token signed by a key of somebody else's, with its own key in the header for whoever would believe it. */
export function strangersToken(claims: object): string {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const jwk = publicKey.export({ format: 'jwk' })
  const input = `${part({ alg: 'EdDSA', typ: 'JWT', kid: 'of-a-stranger', jwk })}.${part(claims)}`
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`
}
