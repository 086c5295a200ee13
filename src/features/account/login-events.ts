import type { AppId, PlayerId } from '../../kernel/ids.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import type { Origin, RecordSecurityEvent, SecurityEventKind } from '../../kernel/security-event.ts'

/** Whose call it was, about which way to log in, and from where. Never which address, number or id. */
interface About {
  readonly session: { readonly appId: AppId; readonly playerId: PlayerId | null }
  readonly provider: string | null
  readonly origin: Origin
}

/** Writes in the trail what became of a login. */
export function recordLogin(
  record: RecordSecurityEvent,
  about: About,
  outcome: Outcome<{ player: { user_id: PlayerId }; isNew: boolean }>,
): void {
  if (!outcome.ok) {
    recordRefusal(record, 'login_failed', about, outcome)
    return
  }
  const event = { ...eventOf(about), playerId: outcome.value.player.user_id, outcome: null }
  if (outcome.value.isNew) record({ ...event, kind: 'player_created' })
  record({ ...event, kind: 'login' })
}

/** Writes in the trail what became of a link. What was linked before, or is told again, is no news. */
export function recordLink(
  record: RecordSecurityEvent,
  about: About,
  { outcome, changed }: { outcome: Outcome<unknown>; changed: boolean },
): void {
  if (!outcome.ok) recordRefusal(record, 'link_failed', about, outcome)
  else if (changed) record({ ...eventOf(about), kind: 'linked', outcome: null })
}

/** Writes in the trail that a way to log in is gone. */
export function recordUnlink(record: RecordSecurityEvent, about: About): void {
  record({ ...eventOf(about), kind: 'unlinked', outcome: null })
}

/** Writes in the trail that a code was sent, or why not. */
export function recordCode(record: RecordSecurityEvent, about: About, outcome: Outcome<unknown>): void {
  if (!outcome.ok) recordRefusal(record, 'code_sent', about, outcome)
  else record({ ...eventOf(about), kind: 'code_sent', outcome: null })
}

function recordRefusal(
  record: RecordSecurityEvent,
  kind: SecurityEventKind,
  about: About,
  { refusal }: Outcome<unknown> & { ok: false },
): void {
  // A field that is missing is a client's mistake, and nobody's attempt at anything.
  if (refusal.code === 'invalid_fields') return
  const isLocked = refusal.code === 'login_locked'
  record({ ...eventOf(about), kind: isLocked ? 'login_locked' : kind, outcome: refusal.code })
}

function eventOf({ session, provider, origin }: About) {
  return { appId: session.appId, playerId: session.playerId, provider, origin }
}
