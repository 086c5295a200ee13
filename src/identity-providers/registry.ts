import type { AppId } from '../kernel/ids.ts'
import type { IdentityProviders } from './identity-provider.ts'
import type { LoginSettings } from './settings.ts'

/** Builds every platform that an app has set up. */
export function openIdentityProviders(
  _apps: readonly { readonly appId: AppId; readonly logins: LoginSettings }[],
): IdentityProviders {
  return { find: () => null }
}
