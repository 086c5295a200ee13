import { type KeyObject, sign } from 'node:crypto'

/** Who signs as Apple does: a key, and the chain of certificates that vouches for it, its own first. */
export interface AppleSigner {
  readonly key: KeyObject
  /** DER in base64: leaf, intermediate, root. */
  readonly chain: readonly string[]
}

/** A payload as Apple signs it, for tests and for whoever plays its part. */
export function signForApple({ key, chain }: AppleSigner, payload: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'ES256', x5c: chain })}.${part(payload)}`
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}
