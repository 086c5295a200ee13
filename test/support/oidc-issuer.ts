import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import type { Clock } from '../../src/kernel/clock.ts'

export type TokenClaims = Readonly<Record<string, unknown>>

/** How the address of the keys answers: as it should, not at all, never to an end, or with something else. */
export type KeysAnswer = 'keys' | 'down' | 'hang' | 'page' | 'no_keys' | 'huge' | 'elsewhere'

/** An issuer of identity tokens on loopback, with keys that can be changed. */
export interface OidcIssuer {
  readonly issuer: string
  readonly keysUrl: string
  /** How often somebody has asked for the keys. */
  readonly keyFetches: number
  readonly kid: string
  /** What an honest token for a player says; `undefined` in `changes` leaves a claim out. */
  claims(changes?: TokenClaims): TokenClaims
  /** An honest token, but for what `changes` says. */
  token(changes?: TokenClaims): Promise<string>
  /** A token as somebody else would write it: any header, any text, signed as `how` says. */
  written(how: Written): string
  publicPem(): string
  answerWith(answer: KeysAnswer): void
  /** A new key signs from now on. `withdrawn`: the old ones are not given out any more. */
  rotate(old: 'kept' | 'withdrawn'): void
  stop(): Promise<void>
}

export interface Written {
  readonly header?: TokenClaims
  readonly claims?: TokenClaims
  /** Instead of claims: any text in their place. */
  readonly payload?: string
  readonly by?: 'issuer' | 'stranger' | 'nobody' | { hmac: string } | { hash: 'RSA-SHA512' } | 'issuer_ec'
}

/** Beside its RSA keys an issuer has one for ES256, under this name. */
export const EC_KID = 'ec'

interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

const HOUR_SECONDS = 3600

export async function startOidcIssuer(of: { clock: Clock; issuer: string; audience: string }): Promise<OidcIssuer> {
  const keys: SigningKey[] = [newKey()]
  const stranger = newKey()
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let answer: KeysAnswer = 'keys'
  let keyFetches = 0
  const server = createServer((_request, response) => {
    keyFetches += 1
    if (answer === 'hang') return
    if (answer === 'down') return void response.writeHead(500).end('{}')
    if (answer === 'elsewhere') return void response.writeHead(302, { location: '/elsewhere' }).end()
    const bodies = {
      page: '<html></html>',
      no_keys: '{"keys":[]}',
      huge: `{"keys":[],"more":"${'x'.repeat(100_000)}"}`,
      keys: JSON.stringify({
        keys: [...keys.map(publicJwk), { ...ec.publicKey.export({ format: 'jwk' }), kid: EC_KID, use: 'sig' }],
      }),
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(bodies[answer])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const current = (): SigningKey => keys[0] ?? stranger
  const claims = (changes: TokenClaims = {}): TokenClaims => {
    const now = Math.floor(of.clock.nowMs() / 1000)
    const honest = { iss: of.issuer, aud: of.audience, sub: `user-${randomUUID()}`, iat: now, exp: now + HOUR_SECONDS }
    return { ...honest, ...changes }
  }
  return {
    issuer: of.issuer,
    keysUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    get keyFetches() {
      return keyFetches
    },
    get kid() {
      return current().kid
    },
    claims,
    token: (changes) =>
      new SignJWT(claims(changes))
        .setProtectedHeader({ alg: 'RS256', kid: current().kid, typ: 'JWT' })
        .sign(current().privateKey),
    written: (how) => written(how, { honest: claims(), key: current(), stranger, ec: ec.privateKey }),
    publicPem: () => current().publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    answerWith: (next) => {
      answer = next
    },
    rotate: (old) => {
      if (old === 'withdrawn') keys.length = 0
      keys.unshift(newKey())
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function newKey(): SigningKey {
  return { kid: randomUUID(), ...generateKeyPairSync('rsa', { modulusLength: 2048 }) }
}

function publicJwk({ kid, publicKey }: SigningKey): object {
  return { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }
}

function written(
  { header, claims, payload, by = 'issuer' }: Written,
  known: { honest: TokenClaims; key: SigningKey; stranger: SigningKey; ec: KeyObject },
): string {
  const { honest, key, stranger, ec } = known
  const head = JSON.stringify({ alg: 'RS256', kid: key.kid, ...header })
  const text = payload ?? JSON.stringify({ ...honest, ...claims })
  const data = `${base64url(head)}.${base64url(text)}`
  const signature = (): Buffer => {
    if (by === 'nobody') return Buffer.alloc(0)
    if (by === 'stranger') return sign('RSA-SHA256', Buffer.from(data), stranger.privateKey)
    if (by === 'issuer_ec') return sign('sha256', Buffer.from(data), { key: ec, dsaEncoding: 'ieee-p1363' })
    if (by === 'issuer') return sign('RSA-SHA256', Buffer.from(data), key.privateKey)
    if ('hmac' in by) return createHmac('sha256', by.hmac).update(data).digest()
    return sign(by.hash, Buffer.from(data), key.privateKey)
  }
  return `${data}.${signature().toString('base64url')}`
}

export function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}
