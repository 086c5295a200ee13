import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'

export const KEY_ALGORITHMS = ['EdDSA', 'HS256'] as const
/** `EdDSA` is Ed25519: others can check its tokens without being able to make any. */
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number]

/** What a key is called, in a token's head and in the configuration. */
export const KID_PATTERN = /^[A-Za-z0-9._-]{1,64}$/

/** The part of a key that everybody may know, as a JWK set shows it. */
export interface PublicKey {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
  readonly kid: string
  readonly alg: 'EdDSA'
  readonly use: 'sig'
}

/** A key ready for use. Nothing of it can be read out again but what is public. */
export interface OpenedKey {
  /** Null for JWT_SECRET itself: its tokens name no key. */
  readonly kid: string | null
  /** The one algorithm of its tokens, whatever their heads say. */
  readonly alg: KeyAlgorithm
  readonly signBy: CryptoKey
  readonly verifyBy: CryptoKey
  /** Null for a key of HS256, of which nothing is public. */
  readonly publicKey: PublicKey | null
}

const SECRET_BYTES = 32
const HMAC = { name: 'HMAC', hash: 'SHA-256' }
// What stands before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410).
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Fresh material for a key of either algorithm: a secret, or the seed of a pair. */
export function newKeyMaterial(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(SECRET_BYTES))
}

/** A name for a new key: the day, for people, and enough that no two are ever the same. */
export function newKid(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 10)}-${randomBytes(6).toString('hex')}`
}

/** Makes a key of its material. */
export async function openKey(of: {
  kid: string | null
  alg: KeyAlgorithm
  material: Uint8Array<ArrayBuffer>
}): Promise<OpenedKey> {
  const { kid, alg, material } = of
  if (alg === 'HS256') {
    const both = await crypto.subtle.importKey('raw', material, HMAC, false, ['sign', 'verify'])
    return { kid, alg, signBy: both, verifyBy: both, publicKey: null }
  }
  const pkcs8 = Buffer.concat([PKCS8_HEAD, material])
  const { x = '' } = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({
    format: 'jwk',
  })
  const [signBy, verifyBy] = await Promise.all([
    crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']),
    crypto.subtle.importKey('raw', Buffer.from(x, 'base64url'), 'Ed25519', true, ['verify']),
  ])
  const named = kid ?? ''
  return { kid, alg, signBy, verifyBy, publicKey: { kty: 'OKP', crv: 'Ed25519', x, kid: named, alg, use: 'sig' } }
}

export function isKeyAlgorithm(text: string): text is KeyAlgorithm {
  return (KEY_ALGORITHMS as readonly string[]).includes(text)
}
