import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { KeyAlgorithm } from './signing-key.ts'

/** Locks the material of keys away, so that whoever reads the database alone can sign nothing. */
export interface KeySeal {
  seal(of: SealedAs & { material: Uint8Array }): string
  /** Null when it was sealed under another secret or for another key, or was changed since. */
  open(of: SealedAs & { sealed: string }): Uint8Array<ArrayBuffer> | null
}

/** What a key is kept as. Bound into its seal: no row can pass for another. */
interface SealedAs {
  readonly kid: string
  readonly alg: KeyAlgorithm
}

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
// A later form stands beside this one for as long as there are keys in it.
const FORM = 'v1'

/** AES-256-GCM under a key of its own, which is derived from JWT_SECRET. */
export function openKeySeal(secret: string): KeySeal {
  const wrap = Buffer.from(hkdfSync('sha256', secret, '', 'payment-api signing keys', 32))
  const boundTo = ({ kid, alg }: SealedAs): Buffer => Buffer.from(JSON.stringify([FORM, kid, alg]))
  return {
    seal({ material, ...as }) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, wrap, nonce, { authTagLength: TAG_BYTES }).setAAD(boundTo(as))
      const sealed = Buffer.concat([nonce, cipher.update(material), cipher.final(), cipher.getAuthTag()])
      return `${FORM}.${sealed.toString('base64url')}`
    },
    open({ sealed, ...as }) {
      const [form, text = ''] = sealed.split('.', 2)
      const bytes = Buffer.from(text, 'base64url')
      if (form !== FORM || bytes.length <= NONCE_BYTES + TAG_BYTES) return null
      const decipher = createDecipheriv(CIPHER, wrap, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAAD(boundTo(as)).setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        const opened = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]
        return new Uint8Array(Buffer.concat(opened))
      } catch {
        // The one thing that fails here is the tag: the wrong secret, another key's row, or bytes that were changed.
        return null
      }
    },
  }
}
