import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import { openLoginMeans } from './features/account/index.ts'
import type { IdentityProviders } from './identity-providers/identity-provider.ts'
import { openIdentityProviders, type ProviderDeps } from './identity-providers/registry.ts'
import type { Clock } from './kernel/clock.ts'
import type { KeyValueStore } from './kv/kv.ts'
import { openKeyValueStore } from './kv/open.ts'
import { KeyValueOpenError } from './kv/open-error.ts'
import { type MessageLog, openMessengers } from './messaging/open-messengers.ts'

/** The platforms that players log in by, with a cache for what Facebook has said a moment ago. */
export async function openLoginPlatforms(
  kv: KeyValueStore,
  { config, clock, logger }: { config: Config; clock: Clock; logger: Logger },
): Promise<IdentityProviders & { close(): Promise<void> }> {
  const ownCache = await openSocialCache(config, logger)
  const report: ProviderDeps['report'] = (about, words) => logger.warn(about, words)
  const providers = openIdentityProviders(config.apps, { clock, report, cache: ownCache ?? kv })
  return { ...providers, close: async () => ownCache?.close() }
}

/** A database of its own on Redis, where Facebook is set up; null: beside the sessions. Without a cache one can still start. */
async function openSocialCache({ apps, keyValue }: Config, logger: Logger): Promise<KeyValueStore | null> {
  if (keyValue.kind !== 'redis' || apps.every(({ logins }) => logins.facebook === null)) return null
  try {
    const { prefix, socialIdentities } = keyValue
    return await openKeyValueStore({ kind: 'redis', prefix, config: socialIdentities })
  } catch (error) {
    if (!(error instanceof KeyValueOpenError)) throw error
    logger.warn({ err: error }, 'the cache of social identities cannot be used; it is kept beside the sessions')
    return null
  }
}

/** What logins are proven by, and the ways of codes to players; in `local` the mailbox takes what no provider is set up for. */
export async function openLogins(
  { kv, clock, secret, logger }: { kv: KeyValueStore; clock: Clock; secret: string; logger: Logger },
  { env, messaging, http }: Config,
) {
  const log: MessageLog = { info: (line) => logger.info(line), warn: (about, line) => logger.warn(about, line) }
  const messengers = await openMessengers({ kv, clock, log }, { ...messaging, mailbox: env === 'local' })
  const countAddresses = http.rateLimit.loginPerMinute > 0
  return { ...openLoginMeans({ kv, clock, secret, countAddresses }), messengers }
}
