import type { Clock } from '../kernel/clock.ts'
import type { AppId } from '../kernel/ids.ts'
import type { KeyValueStore } from '../kv/kv.ts'
import { openApple } from './apple.ts'
import { openFacebook } from './facebook.ts'
import { openGoogle } from './google.ts'
import type { IdentityProvider, IdentityProviderName, IdentityProviders } from './identity-provider.ts'
import { type ReportPlatform, reportCalmly } from './platform-call.ts'
import { anyKeySet, type KeySet, openKeySet } from './remote-keys.ts'
import type { LoginSettings } from './settings.ts'

export interface ProviderDeps {
  readonly clock: Clock
  readonly report: ReportPlatform
  /** For what a platform said a moment ago. It may be away at any time. */
  readonly cache: KeyValueStore
}

type AppProviders = Readonly<Record<IdentityProviderName, IdentityProvider | null>>

/** Builds every platform that an app has set up. Apps whose platforms have their keys at one address share them. */
export function openIdentityProviders(
  apps: readonly { readonly appId: AppId; readonly logins: LoginSettings }[],
  { clock, report, cache }: ProviderDeps,
): IdentityProviders {
  const deps = { clock, cache, report: reportCalmly({ clock, report }) }
  const sets = new Map<string, KeySet>()
  const keySet = (url: string): KeySet => {
    const set = sets.get(url) ?? openKeySet(deps, url)
    sets.set(url, set)
    return set
  }
  const depsFor = ({ keysUrls }: { keysUrls: readonly string[] }) => ({
    ...deps,
    keys: anyKeySet(keysUrls.map(keySet)),
  })
  const providersOf = ({ facebook, google, apple }: LoginSettings): AppProviders => ({
    facebook: facebook && openFacebook(depsFor(facebook.limited), facebook),
    google: google && openGoogle(depsFor(google), google),
    apple: apple && openApple(depsFor(apple), apple),
  })
  const byApp = new Map(apps.map(({ appId, logins }) => [appId, providersOf(logins)]))
  return { find: (appId, name) => byApp.get(appId)?.[name] ?? null }
}
