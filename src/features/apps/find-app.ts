import { createHash, timingSafeEqual } from 'node:crypto'
import type { AppId } from '../../kernel/ids.ts'

/** A game, as the configuration names it. */
export interface App {
  readonly appId: AppId
  /** The secrets that its servers may use; several at once while one is being replaced. */
  readonly secrets: readonly string[]
  /** Where a player may be sent back to after paying. */
  readonly returnUrls: readonly string[]
  /** Where its day turns, by IANA name. */
  readonly timeZone: string
  /** What a refund of coins that were spent leaves: a balance below zero, or nought and a write-off. */
  readonly refundPolicy: 'debt' | 'cap'
  /** Whether play money of a platform's test mode is settled like real money. */
  readonly testPurchases: boolean
  /** Whether a first login without any identity makes a guest. */
  readonly logins: { readonly guest: boolean }
  /** What an invitation brings; null: nothing. */
  readonly invite: InviteTerms | null
}

/** What both get once an invited player has completed their first order, and how often one inviter does. */
export interface InviteTerms {
  readonly inviter: { readonly coins: number; readonly tokens: number }
  readonly invited: { readonly coins: number; readonly tokens: number }
  readonly rewardsMax: number
}

/** The configured apps. */
export interface Apps {
  readonly all: readonly App[]
  find(appId: string): App | null
  /** The fingerprint of the app's secret that equals the given one, in constant time, or null. */
  matchSecret(app: App, secret: string): string | null
  /** Whether a secret of that fingerprint is still one of the app's. */
  hasSecret(app: App, fingerprint: string): boolean
}

export function openApps(all: readonly App[]): Apps {
  const byId = new Map<string, App>(all.map((app) => [app.appId, app]))
  const fingerprints = new Map(all.map((app) => [app.appId, new Set(app.secrets.map(fingerprintOf))]))
  return {
    all,
    find: (appId) => byId.get(appId) ?? null,
    matchSecret: (app, secret) => {
      // Hashes have one length, so the comparison takes as long for a near miss as for a far one.
      const given = sha256(secret)
      let match: string | null = null
      for (const known of app.secrets) if (timingSafeEqual(sha256(known), given)) match = fingerprintOf(known)
      return match
    },
    hasSecret: (app, fingerprint) => fingerprints.get(app.appId)?.has(fingerprint) ?? false,
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Names a secret without telling it: 64 bits of its hash, under a label of its own. */
function fingerprintOf(secret: string): string {
  return sha256(`app-secret:${secret}`).toString('hex').slice(0, 16)
}
