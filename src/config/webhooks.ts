import type { AppConfig, Environment, WebhooksConfig } from './config.ts'
import { type ConfigFault, quoted } from './faults.ts'
import { isLoopback } from './network.ts'
import { weaknessOf } from './secrets.ts'

/** What `webhooks` of an app is written as. */
export interface WebhooksText {
  readonly url: string
  readonly secrets: readonly string[]
  readonly timeoutMs?: number
}

// A game server writes the event down and answers; what takes longer it should do afterwards.
const TIMEOUT_MS = 10_000

export function webhooksSettings(webhooks: WebhooksText | undefined): WebhooksConfig | null {
  if (webhooks === undefined) return null
  const { url, secrets, timeoutMs = TIMEOUT_MS } = webhooks
  return { url, secrets, timeoutMs }
}

export const WEBHOOK_SECRET_REMEDY =
  'Set each to whsec_ and the base64 of 24 to 64 random bytes, for instance: echo whsec_$(openssl rand -base64 32)'
export const WEBHOOK_URL_REMEDY =
  'Set url to the full https address of your game server, like https://game.example.com/payments.'

/** What is wrong with the webhooks of an app, each with its remedy. Quotes neither secret nor address. */
export function webhookFaults(
  webhooks: WebhooksText | undefined,
  env: Environment,
): { said: string; remedy: string }[] {
  if (webhooks === undefined) return []
  const urlFault = webhookUrlFault(webhooks.url, env)
  const faults = urlFault === null ? [] : [{ said: `the url of webhooks ${urlFault}`, remedy: WEBHOOK_URL_REMEDY }]
  if (webhooks.secrets.some((secret) => !isWebhookSecret(secret))) {
    faults.push({ said: 'a secret of webhooks is not in the form of the scheme', remedy: WEBHOOK_SECRET_REMEDY })
  }
  return faults
}

function webhookUrlFault(text: string, env: Environment): string | null {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'is no full URL'
  if (url.username !== '' || url.password !== '') return 'carries a user or password'
  if (url.hash !== '') return 'has a fragment'
  return env === 'online' && !isSafeWebhookUrl(text) ? 'is not encrypted (http)' : null
}

/** What is bought is nobody else's business, so it goes encrypted, or stays on this machine. */
export function isSafeWebhookUrl(text: string): boolean {
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}

function isWebhookSecret(secret: string): boolean {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  const key = Buffer.from(base64, 'base64')
  return key.toString('base64') === base64 && key.length >= 24 && key.length <= 64
}

/** Why a secret of that form may not sign what the game server believes, or null when it may. */
export function webhookSecretWeakness(secret: string): string | null {
  const base64 = secret.slice('whsec_'.length)
  const key = Buffer.from(base64, 'base64').toString('latin1')
  // Random bytes are never all letters; somebody's words are.
  return weaknessOf(base64) ?? (/^[\x20-\x7e]*$/.test(key) ? weaknessOf(key) : null)
}

/** In `online`: words of somebody's own are no key. */
export function weakWebhookSecrets(apps: readonly AppConfig[]): ConfigFault[] {
  return apps.flatMap(({ appId, webhooks }) =>
    (webhooks?.secrets ?? []).flatMap((secret) => {
      const weakness = webhookSecretWeakness(secret)
      if (weakness === null) return []
      const fault = `a secret of the webhooks of ${quoted(appId)} ${weakness}`
      return [{ variable: 'APPS', fault, remedy: WEBHOOK_SECRET_REMEDY }]
    }),
  )
}
