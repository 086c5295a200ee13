import type { AppId } from '../kernel/ids.ts'
import { invariant } from '../kernel/invariant.ts'
import { accepted } from '../kernel/outcome.ts'
import { type AppchargeInstance, openAppchargeChannel } from './appcharge/index.ts'
import { type AppleInstance, openAppleChannel } from './apple/index.ts'
import type { Channel, Channels } from './channel.ts'
import { type GoogleInstance, openGoogleChannel } from './google/index.ts'
import { openSandboxChannel, type SandboxInstance, type SandboxPlatform } from './sandbox/index.ts'
import { openSignedChannel, type SignedInstance } from './signed/index.ts'
import { openStripeChannel, type StripeInstance } from './stripe/index.ts'
import { openXsollaChannel, type XsollaInstance } from './xsolla/index.ts'

/** A configured instance, by its type. */
export type ChannelInstance =
  | ({ readonly type: 'sandbox' } & SandboxInstance)
  | ({ readonly type: 'signed' } & SignedInstance)
  | ({ readonly type: 'appcharge' } & AppchargeInstance)
  | ({ readonly type: 'xsolla' } & XsollaInstance)
  | ({ readonly type: 'stripe' } & StripeInstance)
  | ({ readonly type: 'apple' } & AppleInstance)
  | ({ readonly type: 'google' } & GoogleInstance)

/** What the channels of a type need beside their own settings. */
export interface ChannelMeans {
  /** Null where no channel is of that type. */
  readonly sandbox: { readonly platformOf: (instance: string) => SandboxPlatform; readonly secret: string } | null
}

const SERVER_INSTANCE = 'server'

/** The channels, and each of them once: for work that goes through them all. */
export interface OpenedChannels extends Channels {
  readonly all: readonly Channel[]
}

/**
 * Opens every configured channel; a new type is one case here. `standIn`: an app's sandbox also takes the orders for
 * channels that it does not have, so that a game can be tried before its platforms are set up. `further`: channels of
 * platforms that somebody else plays.
 */
export function openChannels(
  instances: readonly ChannelInstance[],
  { means, standIn, further = [] }: { means: ChannelMeans; standIn: boolean; further?: readonly Channel[] },
): OpenedChannels {
  const opened = new Map(instances.map((instance) => [instance.instance, openChannel(instance, means)]))
  for (const channel of further) opened.set(channel.instance, channel)
  const sandboxes = new Map<AppId, Channel>()
  for (const { type, instance, appId } of instances) {
    const channel = opened.get(instance)
    if (type === 'sandbox' && channel && !sandboxes.has(appId)) sandboxes.set(appId, channel)
  }
  return {
    all: [...opened.values()],
    byInstance: (instance) => opened.get(instance) ?? null,
    forOrder: (appId, name) => {
      if (name === SERVER_INSTANCE) return serverChannel(appId)
      const channel = opened.get(name)
      if (channel?.appId === appId) return channel
      return standIn ? (sandboxes.get(appId) ?? null) : null
    },
  }
}

function openChannel(instance: ChannelInstance, means: ChannelMeans): Channel {
  switch (instance.type) {
    case 'sandbox': {
      const { appId, instance: name } = instance
      invariant(means.sandbox, 'a sandbox has its platform')
      const { platformOf, secret } = means.sandbox
      return openSandboxChannel({ appId, instance: name }, { platform: platformOf(name), secret })
    }
    case 'signed':
      return openSignedChannel(instance)
    case 'appcharge':
      return openAppchargeChannel(instance)
    case 'xsolla':
      return openXsollaChannel(instance)
    case 'stripe':
      return openStripeChannel(instance)
    case 'apple':
      return openAppleChannel(instance)
    case 'google':
      return openGoogleChannel(instance)
  }
}

/** The instance that every app has: its own server takes the payment and tells us with its token. */
function serverChannel(appId: AppId): Channel {
  return { instance: SERVER_INSTANCE, appId, openCheckout: async () => accepted({ kind: 'external' }) }
}
