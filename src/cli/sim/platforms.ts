import type { Config } from '../../config/config.ts'
import { CommandRefused } from '../command.ts'
import { appchargeType } from './appcharge.ts'
import type { ChannelOf, ChannelType, SimPlatform, SimPlatformType } from './platform.ts'
import { sandboxType } from './sandbox.ts'
import { signedType } from './signed.ts'
import { stripeType } from './stripe.ts'
import { xsollaType } from './xsolla.ts'

/** The types of platforms that can be played; a new one is a file and a line here. */
export const SIM_PLATFORMS: { readonly [T in ChannelType]?: SimPlatformType<T> } = {
  sandbox: sandboxType,
  signed: signedType,
  appcharge: appchargeType,
  xsolla: xsollaType,
  stripe: stripeType,
}

export const SIM_TYPES = Object.keys(SIM_PLATFORMS) as ChannelType[]

/** Plays the platform of a configured channel. */
export async function openPlatform<T extends ChannelType>(channel: ChannelOf<T>, config: Config): Promise<SimPlatform> {
  // The table gives each type its own.
  const type = SIM_PLATFORMS[channel.type] as SimPlatformType<T> | undefined
  if (type === undefined) throw new CommandRefused(`${channel.type} cannot be played`)
  return type.open(channel, config)
}
