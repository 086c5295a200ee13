import type { IdentityProviderName, IdentityProviders } from '../../identity-providers/identity-provider.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin } from '../../kernel/security-event.ts'
import { findPlayerByIdentity } from '../players/index.ts'
import { type ActDeps, actOnNotice } from './act-on-notices.ts'
import { ensureNotice } from './queries.ts'
import { type NoticeRoute, newConfirmationCode, noticeKeyOf, noticeKind } from './rules.ts'

export interface NoticeDeps extends ActDeps {
  readonly identityProviders: IdentityProviders
  readonly clock: Clock
}

export interface ReceivedNotice {
  /** Under which its user may ask how it stands; the same for every repeat. */
  readonly confirmationCode: string
}

/**
 * Takes what a platform of logins tells us of one of its users. It is written once, with the player that its user is
 * then, and acted on once: whoever comes back later is not met by a repeat. Where acting fails it stays open, and a job
 * does it; the platform has its answer either way.
 */
export async function receiveNotice(
  deps: NoticeDeps,
  told: { appId: AppId; provider: IdentityProviderName; route: NoticeRoute; rawBody: Uint8Array; origin: Origin },
): Promise<Outcome<ReceivedNotice>> {
  const { appId, provider, route, rawBody, origin } = told
  const platform = deps.identityProviders.find(appId, provider)
  if (!platform?.readNotice) return refused('not_found')
  const nowMs = deps.clock.nowMs()
  const read = await platform.readNotice({ rawBody, nowMs })
  // Whatever is wrong with it, it is not the platform's; only a platform out of reach leaves that undecided.
  if (!read.ok) return read.refusal.code === 'provider_unavailable' ? read : refused('invalid_proof')
  const { subject, key } = read.value
  const kind = noticeKind(route, read.value)
  const code = newConfirmationCode()
  const notice = await deps.database.inTransaction(async (tx) => {
    const player = await findPlayerByIdentity(tx, { appId, provider, subject })
    const isOpen = kind !== 'none' && player !== null
    return ensureNotice(tx, {
      notice_key: noticeKeyOf({ appId, provider, route, key }),
      app_id: appId,
      provider,
      kind,
      subject: isOpen ? subject : null,
      user_id: player?.user_id ?? null,
      confirmation_code: code,
      state: isOpen ? 'open' : 'done',
      received_at_ms: nowMs,
      done_at_ms: isOpen ? null : nowMs,
    })
  })
  if (notice.confirmation_code === code) {
    const playerId = notice.user_id
    deps.record({ kind: 'notice_received', appId, playerId, provider, outcome: null, origin })
  }
  if (notice.state === 'open') {
    await actOnNotice(deps, notice).catch((error: unknown) => deps.report({ error, noticeKey: notice.notice_key }))
  }
  return accepted({ confirmationCode: notice.confirmation_code })
}
