import type { Static } from 'typebox'
import { invariant, unreachable } from '../kernel/invariant.ts'
import { appchargeConfig, appchargeFaults } from './appcharge.ts'
import type { AppchargeSettings } from './channel-settings/appcharge.ts'
import { type AppleSettings, appleConfig, appleFaults } from './channel-settings/apple.ts'
import type { GoogleSettings } from './channel-settings/google.ts'
import type { SignedSettings } from './channel-settings/signed.ts'
import { STRIPE_API_URL, type StripeSettings, stripeFaults } from './channel-settings/stripe.ts'
import { type XsollaSettings, xsollaConfig } from './channel-settings/xsolla.ts'
import { CHANNEL_TYPE_NAMES, CHANNEL_TYPES, type CHANNELS_SCHEMA, type ChannelType } from './channel-types.ts'
import type { AppConfig, ChannelConfig } from './config.ts'
import { type ConfigFault, faulty, quoted, type Reading, read } from './faults.ts'
import { googleConfig, googleFaults } from './google.ts'
import { isReservedName, parseStrictJson, shapeFaults } from './json-value.ts'
import { VARIABLES } from './schema.ts'
import type { Texts } from './settings.ts'

type ChannelSettings = Static<typeof CHANNELS_SCHEMA>[string]

// The name stands in URLs, order ids and keys. `server` is built in: payments by an app's own server.
const INSTANCE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/
const BUILT_IN_INSTANCE = 'server'

const EXAMPLE = `Set CHANNELS to {"<name>": {"type": "<one of ${CHANNEL_TYPE_NAMES.join(', ')}>", ...}}, for instance ${CHANNEL_TYPES.signed.example}.`

function fault(said: string, remedy: string): ConfigFault {
  return { variable: 'CHANNELS', fault: said, remedy }
}

/** Reads CHANNELS. With `apps: null` (APPS is faulty itself) nothing is said about the apps that channels name. */
export function readChannels(texts: Texts, apps: readonly AppConfig[] | null): Reading<readonly ChannelConfig[]> {
  const json = parseStrictJson(texts.CHANNELS ?? '{}')
  if (!json.ok) return faulty(fault(json.fault, EXAMPLE))
  const shape = shapeFaults(VARIABLES.CHANNELS.value, json.value)
  if (shape.length > 0) return faulty(...shape.map((said) => fault(said, EXAMPLE)))
  const readings = Object.entries(json.value as Record<string, ChannelSettings>).map(([instance, settings]) =>
    readInstance({ instance, settings, apps }),
  )
  const faults = readings.flatMap((reading) => (reading.ok ? [] : reading.faults))
  if (faults.length > 0) return faulty(...faults)
  return read(readings.flatMap((reading) => (reading.ok && reading.value !== null ? [reading.value] : [])))
}

interface Given {
  readonly instance: string
  readonly settings: ChannelSettings
  readonly apps: readonly AppConfig[] | null
}

function readInstance({ instance, settings, apps }: Given): Reading<ChannelConfig | null> {
  const { type: named, appId: appNamed, ...own } = settings
  const type = CHANNEL_TYPE_NAMES.find((known) => known === (named ?? instance))
  const faults = [...nameFaults(instance), ...appFaults({ instance, appNamed, apps })]
  if (type === undefined) {
    const remedy = `Use "type" with one of: ${CHANNEL_TYPE_NAMES.join(', ')}.`
    faults.push(fault(`the channel ${quoted(instance)} has the unknown type ${quoted(named ?? instance)}`, remedy))
    return faulty(...faults)
  }
  for (const said of settingsFaults(type, own)) {
    const remedy = `Give it what the type takes, for instance ${CHANNEL_TYPES[type].example}.`
    faults.push(fault(`the channel ${quoted(instance)}: ${said}`, remedy))
  }
  if (faults.length > 0) return faulty(...faults)
  const further = type === 'apple' ? appleFaults(own as AppleSettings) : []
  if (further.length > 0) {
    return faulty(...further.map(({ said, remedy }) => fault(`the channel ${quoted(instance)}: ${said}`, remedy)))
  }
  const app = apps?.find((each) => appNamed === undefined || each.appId === appNamed)
  return read(app === undefined ? null : channelConfig({ instance, appId: app.appId, type, own }))
}

/** What is wrong with a channel's own settings: first their shape, then what they say. */
function settingsFaults(type: ChannelType, own: object): string[] {
  const shape = shapeFaults(CHANNEL_TYPES[type].settings, own)
  if (shape.length > 0) return shape
  if (type === 'appcharge') return appchargeFaults(own as AppchargeSettings)
  if (type === 'stripe') return stripeFaults(own as StripeSettings)
  return type === 'google' ? googleFaults(own as GoogleSettings) : []
}

function nameFaults(instance: string): ConfigFault[] {
  if (instance === BUILT_IN_INSTANCE) {
    return [fault('a channel is named "server", which is built in', 'Give the channel another name.')]
  }
  if (INSTANCE_NAME.test(instance) && !isReservedName(instance)) return []
  const remedy = 'Name it with 1 to 64 of a-z, 0-9, "_" and "-", beginning with a letter or digit.'
  return [fault(`a channel is named ${quoted(instance)}`, remedy)]
}

function appFaults({ instance, appNamed, apps }: Omit<Given, 'settings'> & { appNamed: string | undefined }) {
  if (apps === null) return []
  if (appNamed === undefined) {
    const said = `the channel ${quoted(instance)} names no app, and there are several`
    return apps.length === 1 ? [] : [fault(said, `Add "appId": one of ${apps.map((app) => app.appId).join(', ')}.`)]
  }
  if (apps.some((app) => app.appId === appNamed)) return []
  const said = `the channel ${quoted(instance)} names an app that APPS does not have, ${quoted(appNamed)}`
  return [fault(said, `Use one of ${apps.map((app) => app.appId).join(', ')}, or add the app to APPS.`)]
}

interface Checked {
  readonly instance: string
  readonly appId: AppConfig['appId']
  readonly type: ChannelType
  /** Fits the settings of the type. */
  readonly own: object
}

function channelConfig({ instance, appId, type, own }: Checked): ChannelConfig {
  switch (type) {
    case 'sandbox':
      return { instance, appId, type }
    case 'signed': {
      const { secrets } = own as SignedSettings
      return { instance, appId, type, secrets }
    }
    case 'appcharge':
      return { instance, appId, ...appchargeConfig(own as AppchargeSettings) }
    case 'xsolla':
      return { instance, appId, type, ...xsollaConfig(own as XsollaSettings) }
    case 'stripe': {
      const { secretKey = null, returnUrl = null, priceRule = 'catalogue', ...given } = own as StripeSettings
      const { webhookSecrets, items = {}, apiUrl = STRIPE_API_URL } = given
      return { instance, appId, type, secretKey, webhookSecrets, returnUrl, priceRule, items, apiUrl }
    }
    case 'apple':
      return { instance, appId, type, ...appleConfig(own as AppleSettings) }
    case 'google': {
      const settings = googleConfig(own as GoogleSettings)
      invariant(settings, 'what has faults is not read')
      return { instance, appId, ...settings }
    }
    default:
      return unreachable(type, 'channel type')
  }
}

/** The secrets of a channel that we choose ourselves; a platform's own secret is the platform's to make strong. */
export function chosenSecretsOf(channel: ChannelConfig): readonly string[] {
  return channel.type === 'signed' ? channel.secrets : []
}

/** The secrets by which a channel proves a callback, where a message to one could be played again to another with the same. */
export function provingSecretsOf(channel: ChannelConfig): readonly string[] {
  if (channel.type === 'xsolla') return channel.secretKeys
  return channel.type === 'stripe' ? channel.webhookSecrets : chosenSecretsOf(channel)
}
