import type { Channels } from '../../channels/channel.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin, RecordSecurityEvent } from '../../kernel/security-event.ts'
import type { ShownStoreCode, StoreCodes } from './store-codes.ts'

export interface StoreLoginDeps {
  readonly storeCodes: StoreCodes
  readonly channels: Pick<Channels, 'forOrder'>
  readonly record: RecordSecurityEvent
}

interface ConfirmInput {
  readonly session: { appId: AppId; sessionId: SessionId; playerId: PlayerId }
  /** The channel whose page it is, as the client names it. */
  readonly channelName: string
  /** Of a login that began on the page; null: it begins here. */
  readonly loginToken: string | null
  readonly origin: Origin
}

/**
 * Gives a player the code by which they come in on the page of a channel of their app. Refusals: `channel_not_found`, and
 * `store_login_not_found` for whatever is wrong with the token.
 */
export async function confirmStoreLogin(
  { storeCodes, channels, record }: StoreLoginDeps,
  { session, channelName, loginToken, origin }: ConfirmInput,
): Promise<Outcome<ShownStoreCode>> {
  const { appId, playerId, sessionId } = session
  const channel = channels.forOrder(appId, channelName)
  if (channel === null) return refused('channel_not_found')
  const by = { appId, instance: channel.instance, sessionId, playerId }
  const shown = loginToken === null ? await storeCodes.issue(by) : await storeCodes.confirm(by, { loginToken })
  const outcome = shown === null ? refused('store_login_not_found') : accepted(shown)
  record({
    ...({ kind: 'store_code_issued', provider: null } as const),
    ...{ appId, playerId, origin, outcome: outcome.ok ? null : outcome.refusal.code },
  })
  return outcome
}
