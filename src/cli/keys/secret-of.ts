import type { Config } from '../../config/config.ts'
import { systemClock } from '../../kernel/clock.ts'
import { signingSecret } from '../../kv/kept-secret.ts'
import { KeyValueUnavailable } from '../../kv/kv.ts'
import { openKeyValueStore } from '../../kv/open.ts'
import { KeyValueOpenError } from '../../kv/open-error.ts'
import { CommandRefused } from '../command.ts'

/** JWT_SECRET, or the one that `local` keeps beside its sessions: the servers' own, so that they open what it seals. */
export async function secretOf({ jwtSecret, keyValue }: Config): Promise<string> {
  if (jwtSecret !== null) return jwtSecret
  const settings =
    keyValue.kind === 'sqlite'
      ? { ...keyValue, clock: systemClock }
      : ({ kind: 'redis', prefix: keyValue.prefix, config: keyValue.sessions } as const)
  try {
    const kv = await openKeyValueStore(settings)
    try {
      return await signingSecret(kv, jwtSecret)
    } finally {
      await kv.close()
    }
  } catch (error) {
    const isAway = error instanceof KeyValueOpenError || error instanceof KeyValueUnavailable
    throw isAway ? new CommandRefused(error.message) : error
  }
}
