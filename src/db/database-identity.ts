import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import type { Database } from './database.ts'
import type { DatabaseSettings } from './open-database.ts'

/**
 * Names a database by where it is: the same as long as it stays there, without a secret, and with nothing to be read
 * from it. Of a SQLite file, which must exist, it is the real path that counts.
 */
export function databaseIdentity(settings: DatabaseSettings, { engine }: Pick<Database, 'engine'>): string {
  const place =
    settings.kind === 'sqlite'
      ? [realpathSync(settings.file)]
      : [settings.host.toLowerCase(), settings.port, settings.database]
  return createHash('sha256')
    .update(JSON.stringify([engine, ...place]))
    .digest('hex')
}
