import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import type { Database } from './db/database.ts'
import {
  type KeyringReport,
  openAccessTokens,
  openHandoverCodes,
  openKeyring,
  openSessionStore,
} from './features/sessions/index.ts'
import type { Clock } from './kernel/clock.ts'
import type { KeyValueStore } from './kv/kv.ts'

/** What sessions and their tokens are built from. */
export async function openSessions(
  parts: { database: Database; kv: KeyValueStore; clock: Clock; secret: string; logger: Logger },
  { jwtKeys }: Config,
) {
  const { database, kv, clock, secret, logger } = parts
  const keyring = await openKeyring({ database, clock, secret, given: jwtKeys, report: reportKeys(logger) })
  const accessTokens = openAccessTokens({ keyring, clock })
  const stores = { sessions: openSessionStore({ kv, clock }), handoverCodes: openHandoverCodes({ kv, clock }) }
  return { keyring, accessTokens, ...stores }
}

function reportKeys(logger: Logger): KeyringReport {
  return {
    sealed: (kid) =>
      logger.error(`the signing key ${kid} cannot be opened and is left out: it was sealed under another JWT_SECRET`),
    stale: (error) =>
      logger.warn({ err: error }, 'the signing keys could not be read again; those that are known go on'),
  }
}
