import { sql } from 'kysely'
import type { Db, EngineReport } from '../database.ts'

interface Fault {
  readonly fault: string
  readonly remedy: string
}

// Off, or found and not mended: a page torn by a power cut is then lost.
const NO_DOUBLEWRITE = new Set(['OFF', '0', 'DETECT_ONLY'])

/** What a MySQL or MariaDB server says of its durability. Every account may read these settings. */
export async function describeMysql(db: Db): Promise<EngineReport> {
  const { rows } = await sql<{ Variable_name: string; Value: string }>`show global variables where Variable_name in
    ('version', 'innodb_flush_log_at_trx_commit', 'innodb_doublewrite', 'sync_binlog', 'log_bin')`.execute(db)
  // A variable and not a function: nothing that is written ever takes its time from here.
  const asked = await sql<{ seconds: number | string }>`select @@timestamp as seconds`.execute(db)
  const settings = new Map(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]))
  const version = settings.get('version') ?? 'of an unknown version'
  return {
    version: `${/mariadb/i.test(version) ? 'MariaDB' : 'MySQL'} ${version}`,
    faults: faultsOf(settings),
    notes: notesOf(settings),
    clockMs: Math.round(Number(asked.rows[0]?.seconds) * 1000),
  }
}

function faultsOf(settings: ReadonlyMap<string, string>): Fault[] {
  const faults: Fault[] = []
  const flush = settings.get('innodb_flush_log_at_trx_commit')
  if (flush !== undefined && flush !== '1') {
    faults.push({
      fault: `a commit is answered before it is on disk (innodb_flush_log_at_trx_commit is ${flush})`,
      remedy: 'Set innodb_flush_log_at_trx_commit=1 in the configuration of the database server.',
    })
  }
  const doublewrite = settings.get('innodb_doublewrite')?.toUpperCase()
  if (doublewrite !== undefined && NO_DOUBLEWRITE.has(doublewrite)) {
    faults.push({
      fault: `a power cut can tear a page for good (innodb_doublewrite is ${doublewrite})`,
      remedy:
        'Set innodb_doublewrite=ON in the configuration of the database server, unless its file system writes pages whole.',
    })
  }
  return faults
}

function notesOf(settings: ReadonlyMap<string, string>): string[] {
  if (settings.get('log_bin')?.toUpperCase() !== 'ON') {
    return ['there is no binary log: between two backups nothing can be rolled forward']
  }
  const sync = settings.get('sync_binlog')
  if (sync === undefined || sync === '1') return []
  return [`sync_binlog is ${sync}: a power cut can leave a replica, or a roll-forward, short of the last commits`]
}
