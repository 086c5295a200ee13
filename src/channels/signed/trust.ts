import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { ProvenCaller } from '../channel.ts'
import { isGenuine } from '../timestamped-signature.ts'

/** One configured instance of type `signed`. */
export interface SignedInstance {
  readonly instance: string
  readonly appId: AppId
  readonly secrets: readonly string[]
}

/** Who vouches for a message: an instance of an app, and the one player it may speak of, if it is a player's own. */
export interface TrustedSource {
  readonly appId: AppId
  readonly instance: string
  readonly onlyPlayer: PlayerId | null
}

/** The built-in instance of every app: what its own server says with a token. */
export const SERVER_INSTANCE = 'server'
const SIGNED_INSTANCE_DEFAULT = 'signed'

/**
 * Who may say that money was paid. A server and a signer always. A game client only where the service is an open mint
 * (`local`), and once logged in only for itself: online a player could otherwise grant themselves coins.
 */
export function trustCaller(mint: 'open' | 'closed', caller: ProvenCaller): Outcome<TrustedSource> {
  const { appId } = caller
  switch (caller.kind) {
    case 'signer':
      return accepted({ appId, instance: caller.instance, onlyPlayer: null })
    case 'server':
      return accepted({ appId, instance: SERVER_INSTANCE, onlyPlayer: null })
    case 'client':
      if (mint === 'closed') return refused('channel_not_trusted')
      return accepted({ appId, instance: SERVER_INSTANCE, onlyPlayer: caller.playerId })
  }
}

/**
 * Who signed this body. The name (header `X-Channel`, else the body's `payment_channel`) is a look-up key among the
 * `signed` instances and nothing more: the body is believed only once its bytes are proven.
 */
export function verifySigner(
  instances: readonly SignedInstance[],
  message: {
    signature: string | string[] | undefined
    channelHeader: string | string[] | undefined
    paymentChannel: string | undefined
    rawBody: Uint8Array
    nowMs: number
  },
): Outcome<{ kind: 'signer'; appId: AppId; instance: string }> {
  const { signature, channelHeader, rawBody, nowMs } = message
  const name = typeof channelHeader === 'string' ? channelHeader : (message.paymentChannel ?? SIGNED_INSTANCE_DEFAULT)
  const known = instances.find((one) => one.instance === name)
  if (!known || typeof signature !== 'string') return refused('invalid_signature')
  if (!isGenuine(known.secrets, { header: signature, rawBody, nowMs })) return refused('invalid_signature')
  return accepted({ kind: 'signer', appId: known.appId, instance: known.instance })
}
