import type { Clock } from '../../kernel/clock.ts'
import type { KeyValueStore } from '../../kv/kv.ts'
import { type GuestCredentials, openGuestCredentials } from './guest-credentials.ts'
import { type LoginAttempts, openLoginAttempts } from './login-attempts.ts'
import { type LoginCodes, openLoginCodes } from './login-codes.ts'
import { type LoginNonces, openLoginNonces } from './login-nonces.ts'
import { openStoreCodes, type StoreCodes } from './store-codes.ts'

/** What logins keep in the key-value store, and what they derive from the server's secret. */
export interface LoginMeans {
  readonly codes: LoginCodes
  readonly nonces: LoginNonces
  readonly attempts: LoginAttempts
  readonly guests: GuestCredentials
  readonly storeCodes: StoreCodes
}

/** `countAddresses` is off where calls are not limited by address either: there everybody may come from one. */
export function openLoginMeans(deps: {
  kv: KeyValueStore
  clock: Clock
  secret: string
  countAddresses: boolean
}): LoginMeans {
  return {
    codes: openLoginCodes(deps),
    nonces: openLoginNonces(deps),
    attempts: openLoginAttempts(deps),
    guests: openGuestCredentials(deps),
    storeCodes: openStoreCodes(deps),
  }
}
