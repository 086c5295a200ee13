import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { AppId, SessionId } from '../../kernel/ids.ts'

/** What a guest logs in with again. The credential is shown to the guest and kept by nobody else. */
export interface GuestCredential {
  readonly loginId: string
  readonly credential: string
}

export interface GuestCredentials {
  /**
   * The guest that a session makes: always the same one, so that a first login may be sent again. Whoever does not have
   * the server's secret can work out neither part.
   */
  ofSession(session: { appId: AppId; sessionId: SessionId }): GuestCredential
}

export function openGuestCredentials(deps: { secret: string }): GuestCredentials {
  const key = Buffer.from(hkdfSync('sha256', deps.secret, '', 'payment-api guest credentials', 32))
  const derive = (...parts: string[]): Buffer => createHmac('sha256', key).update(JSON.stringify(parts)).digest()
  return {
    ofSession: ({ appId, sessionId }) => ({
      loginId: `guest_${derive('id', appId, sessionId).subarray(0, 16).toString('hex')}`,
      credential: derive('credential', appId, sessionId).toString('base64url'),
    }),
  }
}

/** The form in which a credential is kept. It is 256 random bits, so that no salt and no slowness are needed. */
export function hashOfCredential(credential: string): string {
  return createHash('sha256').update(credential).digest('hex')
}

// What an unknown guest is compared with, so that it costs the same work: of no credential that anybody can find.
const NOBODYS_HASH = '0'.repeat(64)

/** Whether a credential is the one of this hash, in constant time; without a hash the same work, and never. */
export function isCredentialOf(hash: string | null, credential: string): boolean {
  const given = Buffer.from(hashOfCredential(credential))
  const kept = Buffer.from(hash ?? NOBODYS_HASH)
  const same = given.length === kept.length && timingSafeEqual(given, kept)
  return hash !== null && same
}
