import type { PlatformLogin } from '../../channels/channel.ts'
import { refused } from '../../kernel/outcome.ts'

/** Lets players in on pages that a payment platform runs. */
export function openPlatformLogin(): PlatformLogin {
  return {
    logIn: async () => refused('login_type_unavailable'),
    begin: async () => refused('login_type_unavailable'),
  }
}
