import { StorageUnavailable } from '../errors.ts'

export interface MysqlVersion {
  readonly engine: 'mysql' | 'mariadb'
  /** Binary and without padding: trailing blanks count. */
  readonly collation: string
}

// What stands behind MySQL's protocol without being it keeps neither its locks nor its checks.
const LOOKALIKES = /tidb|vitess|singlestore|memsql|dolt|oceanbase|starrocks|clickhouse/i

/**
 * Reads what `version()` says. MySQL 8.0.16 is the first that keeps CHECK, MariaDB 10.6 the first with SKIP LOCKED.
 * @throws StorageUnavailable naming an engine that is too old or unknown.
 */
export function readVersion(text: string): MysqlVersion {
  const [, major, minor, patch] = (/^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(text) ?? []).map(Number)
  const lookalike = LOOKALIKES.exec(text)
  if (lookalike || major === undefined || minor === undefined || patch === undefined) {
    throw unfit(`is neither MySQL nor MariaDB (${text})`)
  }
  const number = major * 1_000_000 + minor * 1_000 + patch
  if (/mariadb/i.test(text)) {
    if (number < 10_006_000) throw unfit(`is MariaDB ${major}.${minor}.${patch}, which is too old`)
    return { engine: 'mariadb', collation: 'utf8mb4_nopad_bin' }
  }
  if (number < 8_000_016) throw unfit(`is MySQL ${major}.${minor}.${patch}, which is too old`)
  // The one release that has no binary collation without padding.
  return { engine: 'mysql', collation: number === 8_000_016 ? 'utf8mb4_bin' : 'utf8mb4_0900_bin' }
}

function unfit(said: string): StorageUnavailable {
  return new StorageUnavailable(
    `the server of DATABASE_URL ${said}: point it to MySQL 8.0.16 or newer, or MariaDB 10.6 or newer`,
  )
}
