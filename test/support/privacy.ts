import type { Database } from '../../src/db/database.ts'
import { actOnNotices, erasePlayer } from '../../src/features/privacy/index.ts'
import { type NoticeDeps, receiveNotice } from '../../src/features/privacy/receive-notice.ts'
import type { NoticeRoute } from '../../src/features/privacy/rules.ts'
import { openSessionStore, type SessionStore } from '../../src/features/sessions/index.ts'
import type {
  IdentityNotice,
  IdentityProviderName,
  IdentityProviders,
} from '../../src/identity-providers/identity-provider.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import type { AppId, PlayerId } from '../../src/kernel/ids.ts'
import { accepted, refused } from '../../src/kernel/outcome.ts'
import type { SecurityEvent } from '../../src/kernel/security-event.ts'
import { APP_ID, type TestApp } from './test-app.ts'

export const ORIGIN = { address: '203.0.113.7', userAgent: 'a platform', deviceId: null, requestId: 'notice-test' }

/** What privacy works with, on a running app; what it records is noted and kept nowhere else. */
export function privacyOf(app: TestApp, over: { sessions?: SessionStore; database?: Database } = {}) {
  const { kv } = app.service
  const database = over.database ?? app.service.database
  const events: SecurityEvent[] = []
  const failures: string[] = []
  const sessions = over.sessions ?? openSessionStore({ kv, clock: systemClock })
  const deps: NoticeDeps = {
    ...{ database, sessions, clock: systemClock, identityProviders: PLATFORMS },
    record: (event) => void events.push(event),
    report: ({ noticeKey }) => void failures.push(noticeKey),
  }
  return {
    deps,
    sessions,
    events,
    failures,
    erase: (uid: string, appId: string | null = null) =>
      erasePlayer(deps, { appId: appId as AppId | null, playerId: Number(uid) as PlayerId, origin: null }),
    /** A notice as a platform would send it, to the address that it has for it. */
    tell: (
      notice: IdentityNotice,
      from: { provider?: IdentityProviderName; route?: NoticeRoute; appId?: string } = {},
    ) =>
      receiveNotice(deps, {
        ...{ provider: from.provider ?? 'facebook', route: from.route ?? 'deletion' },
        appId: (from.appId ?? APP_ID) as AppId,
        rawBody: Buffer.from(JSON.stringify(notice)),
        origin: ORIGIN,
      }),
    act: () => actOnNotices(deps, new AbortController().signal),
  }
}

/** Platforms of the first app that believe whatever is JSON: what a real one proves is tested with the real ones. */
const PLATFORMS: IdentityProviders = {
  find: (appId, name) =>
    appId !== APP_ID || name === 'google'
      ? null
      : {
          nonceRequired: false,
          prove: async () => refused('invalid_proof'),
          proveFromPage: async () => refused('invalid_proof'),
          readNotice: async ({ rawBody }) => {
            const text = Buffer.from(rawBody).toString()
            if (text.includes('"platform_away"')) return refused('provider_unavailable')
            if (text.includes('"forged"')) return refused('proof_expired')
            return accepted(JSON.parse(text) as IdentityNotice)
          },
        },
}
