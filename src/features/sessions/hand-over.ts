import type { PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin } from '../../kernel/security-event.ts'
import { bindSession } from './bind-session.ts'
import { endSession } from './end-sessions.ts'
import type { HandoverSource } from './handover-codes.ts'
import { type IssuedToken, type SessionDeps, startSession } from './issue-token.ts'

/** Gives a player a code by which a browser opens a session of theirs, once. */
export async function issueHandover(
  deps: SessionDeps,
  { origin, ...of }: HandoverSource & { origin: Origin },
): Promise<string> {
  const code = await deps.handoverCodes.issue(of)
  const { appId, playerId } = of
  deps.record({ kind: 'handover_issued', appId, playerId, provider: null, outcome: null, origin })
  return code
}

/** A session that a code has opened. */
export interface HandedOver {
  readonly playerId: PlayerId
  readonly issued: IssuedToken
}

/** Trades a code for a session of its player. Whatever is wrong with it, there is one refusal: `invalid_handover`. */
export async function redeemHandover(
  deps: SessionDeps,
  input: { appId: string; code: string; origin: Origin },
): Promise<Outcome<HandedOver>> {
  const app = deps.apps.find(input.appId)
  if (!app) return refused('invalid_app')
  const { appId } = app
  const tell = (outcome: Outcome<HandedOver>, playerId: PlayerId | null): Outcome<HandedOver> => {
    const kind = outcome.ok ? 'handover_redeemed' : 'handover_refused'
    const code = outcome.ok ? null : outcome.refusal.code
    deps.record({ kind, appId, playerId, provider: null, outcome: code, origin: input.origin })
    return outcome
  }
  const source = await deps.handoverCodes.redeem({ appId, code: input.code })
  if (source === null) return tell(refused('invalid_handover'), null)
  return tell(await openSession(deps, { source, origin: input.origin }), source.playerId)
}

async function openSession(
  deps: SessionDeps,
  { source, origin }: { source: HandoverSource; origin: Origin },
): Promise<Outcome<HandedOver>> {
  const { appId, playerId } = source
  if (!(await isStill(deps, source))) return refused('invalid_handover')
  const { sessionId, issued } = await startSession(deps, appId)
  const bound = await bindSession(deps, {
    ...{ sessionId, playerId, userAgent: origin.userAgent },
    openedBy: source.sessionId,
  })
  // All sessions of the player are being ended in this moment.
  if (!bound.ok) return bound.refusal.code === 'session_revoked' ? refused('invalid_handover') : bound
  // Again, now that this one is listed: whoever ends all sessions of the player sees it, or has ended the one behind it.
  if (await isStill(deps, source)) return accepted({ playerId, issued })
  await endSession(deps, { sessionId, playerId })
  return refused('invalid_handover')
}

/** A session that has ended hands nothing over. */
async function isStill({ sessions }: SessionDeps, { appId, sessionId, playerId }: HandoverSource): Promise<boolean> {
  const session = await sessions.find(sessionId)
  return session?.appId === appId && session.playerId === playerId
}
