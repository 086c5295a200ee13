import { StorageUnavailable, TransactionConflict, UniqueViolation } from '../errors.ts'

/** The connection went away. What was not committed is gone; whoever knows that nothing was may run it again. */
export class ConnectionLost extends StorageUnavailable {}

/** What mysql2 throws: the server's own refusal has a number, a broken connection has a code of the network. */
export interface MysqlError extends Error {
  readonly code?: string
  readonly errno?: number
  readonly fatal?: boolean
  readonly sqlState?: string
}

// The server's numbers, because its messages differ between engines, versions and languages.
const DUPLICATES = new Set([
  1062, // ER_DUP_ENTRY
  1586, // ER_DUP_ENTRY_WITH_KEY_NAME
])

const CONFLICTS = new Set([
  1213, // ER_LOCK_DEADLOCK, and what Galera answers when a certification fails
  1205, // ER_LOCK_WAIT_TIMEOUT
  1180, // ER_ERROR_DURING_COMMIT
  1020, // ER_CHECKREAD: MariaDB 11.6+, a row changed under a snapshot
  1412, // ER_TABLE_DEF_CHANGED: a migration ran meanwhile
  3101, // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: a group of servers refused it at the commit
])

// The server itself says that it hangs up.
const HANGS_UP = new Set([
  1053, // ER_SERVER_SHUTDOWN
  1927, // ER_CONNECTION_KILLED (MariaDB)
  3169, // ER_SESSION_WAS_KILLED
  4031, // ER_CLIENT_INTERACTION_TIMEOUT
])

// This server cannot serve us now, but another behind the same name may: the connection is not used again.
const WRONG_SERVER = new Set([
  1290, // ER_OPTION_PREVENTS_STATEMENT: read-only
  1792, // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  1836, // ER_READ_ONLY_MODE
  1047, // ER_UNKNOWN_COM_ERROR: a Galera node that is not in sync
])

const UNAVAILABLE = new Set([
  ...WRONG_SERVER,
  ...[1021, 1114, 1030], // the disk is full, the table is full, the storage engine failed
  ...[1037, 1038, 1041, 1206], // out of memory, or of room for locks
  ...[1040, 1203, 1226, 1129], // too many connections, or too many mistakes
  ...[1044, 1045, 1049, 1130, 1227, 3159], // the account, the schema or TLS is not as it was when we started
  ...[1317, 1969, 3024], // somebody or something stopped the statement
  ...[1158, 1159, 1160, 1161], // the network, as the server saw it
])

/** True when the connection must not be used again, whatever it was used for. */
export function endsConnection(error: unknown): boolean {
  return isLost(error as MysqlError) || WRONG_SERVER.has((error as MysqlError).errno ?? 0)
}

/** Turns what the driver throws into our own kinds of failure; anything else is a bug and stays as it is. */
export function translateMysqlError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StorageUnavailable) return error
  const { errno, code, sqlState, message } = error as MysqlError
  const number = errno ?? 0
  if (DUPLICATES.has(number)) return new UniqueViolation(message, { cause: error })
  // SQL states of class 40 say that the transaction was rolled back, whatever the number of the reason.
  if (CONFLICTS.has(number) || sqlState?.startsWith('40')) return new TransactionConflict(message, { cause: error })
  const said = `the database: ${message} (${code ?? 'no code'})`
  if (isLost(error)) return new ConnectionLost(said, { cause: error })
  if (UNAVAILABLE.has(number)) return new StorageUnavailable(said, { cause: error })
  return error
}

function isLost({ errno, code, fatal, sqlState }: MysqlError): boolean {
  if (HANGS_UP.has(errno ?? 0)) return true
  // An error that the server states has an SQL state; of those only the ones above end the connection.
  return sqlState === undefined && (fatal === true || /^(PROTOCOL_CONNECTION_LOST|E[A-Z]+)$/.test(code ?? ''))
}
