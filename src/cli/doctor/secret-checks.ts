import { chosenSecretsOf } from '../../config/channels.ts'
import type { KnownConfig } from '../../config/config.ts'
import { strongSecretRemedy, weaknessOf } from '../../config/secrets.ts'
import { isSafeWebhookUrl, WEBHOOK_URL_REMEDY, weakWebhookSecrets } from '../../config/webhooks.ts'
import { type Check, failed, passed, unless } from './check.ts'

export const ENVIRONMENT: Check = {
  name: 'environment',
  variables: ['ENV'],
  examine: ({ known }) =>
    unless(
      known.env === 'online'
        ? []
        : [failed('ENV is local, in which everybody is believed', 'Set ENV=online before players reach this server.')],
      { said: 'ENV is online' },
    ),
}

export const JWT_SECRET: Check = {
  name: 'jwt-secret',
  variables: ['JWT_SECRET'],
  examine: ({ known: { jwtSecret } }) => {
    const weakness = jwtSecret == null ? 'is not set' : weaknessOf(jwtSecret)
    const faults = weakness === null ? [] : [failed(`JWT_SECRET ${weakness}`, strongSecretRemedy('JWT_SECRET'))]
    return unless(faults, { said: 'JWT_SECRET is long and not a placeholder' })
  },
}

export const APP_SECRETS: Check = {
  name: 'app-secrets',
  variables: ['APPS'],
  examine: ({ known: { apps = [] } }) => {
    const faults = apps.flatMap(({ appId, secrets }) =>
      weaknessesIn(secrets).map((weakness) =>
        failed(`the secret of the app "${appId}" ${weakness}`, strongSecretRemedy(`the appSecret of "${appId}"`)),
      ),
    )
    const notes = apps.filter(({ secrets }) => secrets.length > 1).map(({ appId }) => rotationNote(`app "${appId}"`))
    return unless(faults, { said: `${apps.length} apps, each with strong secrets`, notes })
  },
}

export const CHANNEL_SECRETS: Check = {
  name: 'channel-secrets',
  variables: ['CHANNELS'],
  examine: ({ known: { channels = [] } }) => {
    const faults = channels.flatMap((channel) =>
      weaknessesIn(chosenSecretsOf(channel)).map((weakness) => {
        const where = `a secret of the channel "${channel.instance}"`
        return failed(`${where} ${weakness}`, strongSecretRemedy(where))
      }),
    )
    for (const { type, instance } of channels) {
      if (type !== 'sandbox') continue
      const said = `the channel "${instance}" is of type sandbox, which grants without money`
      faults.push(failed(said, `Take "${instance}" out of CHANNELS.`))
    }
    if (channels.length === 0) {
      return passed('no channels', ["only the apps' own servers can tell of payments: see CHANNELS"])
    }
    return unless(faults, { said: `${channels.length} channels, each with strong secrets` })
  },
}

/** Where the game servers are told of orders: encrypted, and signed by what nobody can guess. */
export const WEBHOOKS: Check = {
  name: 'webhooks',
  variables: [],
  examine: ({ known: { apps, env } }) => {
    if (apps === undefined) return []
    const told = apps.flatMap(({ appId, webhooks }) => (webhooks === null ? [] : [{ appId, ...webhooks }]))
    const faults = [
      ...told
        .filter(({ url }) => !isSafeWebhookUrl(url))
        .map(({ appId }) => failed(`events of "${appId}" go out unencrypted`, WEBHOOK_URL_REMEDY)),
      // Online the configuration refuses them, and they would be told twice.
      ...(env === 'local' ? weakWebhookSecrets(apps) : []).map(({ fault, remedy }) => failed(fault, remedy)),
    ]
    const notes = [
      ...apps
        .filter(({ webhooks }) => webhooks === null)
        .map(({ appId }) => `the game server of "${appId}" is told of no order: see "webhooks" of APPS`),
      ...told.filter(({ secrets }) => secrets.length > 1).map(({ appId }) => rotationNote(`endpoint of "${appId}"`)),
    ]
    return unless(faults, { said: `${told.length} of ${apps.length} apps tell their game server of orders`, notes })
  },
}

function weaknessesIn(secrets: readonly string[]): string[] {
  return secrets.flatMap((secret) => weaknessOf(secret) ?? [])
}

function rotationNote(where: string): string {
  return `the ${where} has several secrets: take the old ones away when the exchange is done`
}

/** One secret for two purposes is lost twice at once. Those of two channels are compared by the configuration. */
export const SECRETS_APART: Check = {
  name: 'secrets-apart',
  variables: [],
  examine: ({ known }) => {
    const owners = new Map<string, string>()
    const faults = secretsOf(known).flatMap(({ secret, where }) => {
      const owner = owners.get(secret)
      owners.set(secret, owner ?? where)
      if (owner === undefined || owner === where) return []
      return [failed(`${owner} and ${where} are the same`, strongSecretRemedy(`each of them apart from the other`))]
    })
    return unless(faults, { said: 'no secret stands in two places' })
  },
}

function secretsOf({ jwtSecret, jwtKeys, apps = [], channels = [], metrics }: KnownConfig) {
  const token = metrics?.mode === 'guarded' ? metrics.token : null
  return [
    ...(jwtSecret == null ? [] : [{ secret: jwtSecret, where: 'JWT_SECRET' }]),
    ...(jwtKeys ?? []).map((key) => ({
      secret: key.alg === 'HS256' ? key.secret : key.seed,
      where: `the key "${key.kid}" of JWT_KEYS`,
    })),
    ...(token === null ? [] : [{ secret: token, where: 'METRICS_TOKEN' }]),
    ...apps.flatMap(({ appId, secrets }) => secrets.map((secret) => ({ secret, where: `a secret of "${appId}"` }))),
    ...apps.flatMap(({ appId, webhooks }) =>
      (webhooks?.secrets ?? []).map((secret) => ({ secret, where: `a secret of the webhooks of "${appId}"` })),
    ),
    // Two channels with one secret are refused where the configuration is read, and would be told twice.
    ...channels.flatMap((channel) =>
      chosenSecretsOf(channel).map((secret) => ({ secret, where: 'a secret of a channel' })),
    ),
  ]
}
