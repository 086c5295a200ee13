import { readFileSync } from 'node:fs'
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2'
import { StorageUnavailable } from '../errors.ts'

/** Where the server is and who asks, as the configuration has read it from `DATABASE_URL`. */
export interface MysqlSettings {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly tls: 'off' | 'required' | 'verify'
  readonly tlsCaFile: string | null
}

/** How long a connection waits for what. */
export interface MysqlPatience {
  readonly connectTimeoutMs: number
  /** Null waits as long as it takes: an audit or an index on a large table may. */
  readonly statementTimeoutMs: number | null
  /** How long to go on asking what became of a commit whose answer was lost. */
  readonly doubtTimeoutMs: number
  /** After this the server ends a session that says nothing, so that a vanished process frees its locks. */
  readonly sessionIdleSeconds: number
}

// Settling takes milliseconds: who waits longer for a row is better off trying anew. Ten tries are twenty seconds.
const ROW_LOCK_WAIT_SECONDS = 2
// A schema change that waits for a table makes everybody behind it wait too.
const TABLE_LOCK_WAIT_SECONDS = 10
const KEEP_ALIVE_DELAY_MS = 10_000

/**
 * Set once when a connection is made, so that no transaction pays for it. The SQL mode replaces the server's own: a
 * value that does not fit is refused, and backslashes escape, which the client's quoting relies on. Without
 * ONLY_FULL_GROUP_BY, which in MariaDB refuses sound queries (a grouped column of a join, named in HAVING).
 */
function sessionStatements({ sessionIdleSeconds }: MysqlPatience): string[] {
  return [
    'set session transaction isolation level read committed',
    `set session sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
      time_zone = '+00:00', autocommit = 1, innodb_lock_wait_timeout = ${ROW_LOCK_WAIT_SECONDS},
      lock_wait_timeout = ${TABLE_LOCK_WAIT_SECONDS}, wait_timeout = ${sessionIdleSeconds}`,
  ]
}

/** Reads what can be read before connecting. @throws StorageUnavailable when the authority's file cannot be read. */
export function connectionOptions(settings: MysqlSettings, patience: MysqlPatience): ConnectionOptions {
  const { host, port, user, password, database } = settings
  return {
    ...{ host, port, user, password, database },
    ...(settings.tls === 'off' ? {} : { ssl: tlsOptions(settings) }),
    connectTimeout: patience.connectTimeoutMs,
    enableKeepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    charset: 'UTF8MB4_BIN',
    timezone: 'Z',
    // Whole numbers come as numbers; one that is too large comes as text and is refused, never rounded.
    supportBigNumbers: true,
    bigNumberStrings: false,
    // An object never becomes SQL, one statement a packet, and no server may ask for a file of ours.
    stringifyObjects: true,
    multipleStatements: false,
    flags: ['-LOCAL_FILES'],
  }
}

function tlsOptions({ tls, tlsCaFile }: MysqlSettings): NonNullable<ConnectionOptions['ssl']> {
  const verify = tls === 'verify'
  const ssl = { rejectUnauthorized: verify, verifyIdentity: verify, minVersion: 'TLSv1.2' }
  if (tlsCaFile === null) return ssl
  try {
    return { ...ssl, ca: readFileSync(tlsCaFile, 'utf8') }
  } catch (error) {
    throw new StorageUnavailable(`cannot read ${tlsCaFile}: mend tls_ca in DATABASE_URL`, { cause: error })
  }
}

/** A connection whose session is set. Throws what mysql2 throws. */
export async function openSession(options: ConnectionOptions, patience: MysqlPatience): Promise<Connection> {
  const connection = createConnection(options)
  // Without a listener an error between two statements would end the process; the next statement tells of it.
  connection.on('error', () => undefined)
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error ? reject(error) : resolve()))
    })
    for (const sql of sessionStatements(patience)) {
      await new Promise<void>((resolve, reject) => {
        connection.query({ sql, timeout: patience.connectTimeoutMs }, (error) => (error ? reject(error) : resolve()))
      })
    }
    return connection
  } catch (error) {
    connection.destroy()
    throw error
  }
}
