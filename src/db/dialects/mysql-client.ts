import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { BackupRefused } from '../errors.ts'
import type { MysqlSettings } from './mysql-session.ts'

/** The program that dumps, and whose it is: the two families have options of their own. */
export interface DumpProgram {
  readonly name: string
  readonly family: 'mysql' | 'mariadb'
}

/** Finds the server's own dump program on the PATH. @throws BackupRefused naming the package when there is none. */
export function findDumpProgram(engine: 'mysql' | 'mariadb'): DumpProgram {
  const names = engine === 'mariadb' ? ['mariadb-dump', 'mysqldump'] : ['mysqldump', 'mariadb-dump']
  for (const name of names) {
    const { status, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' })
    if (status === 0) return { name, family: /mariadb/i.test(stdout) ? 'mariadb' : 'mysql' }
  }
  throw new BackupRefused(
    'neither mariadb-dump nor mysqldump is on the PATH: install the package mariadb-client (Debian, Ubuntu) or mysql-client',
  )
}

/**
 * The arguments of a dump that sees one moment, takes no locks and needs no more rights than to read. Its comments stay,
 * because the last of them is how the program says that it came to its end.
 */
export function dumpArguments({ family }: DumpProgram, how: { optionFile: string; database: string }): string[] {
  const moment = ['--single-transaction', '--quick', '--skip-lock-tables', '--skip-add-locks', '--skip-disable-keys']
  const text = ['--hex-blob', '--default-character-set=utf8mb4', '--complete-insert', '--order-by-primary']
  const left = ['--no-tablespaces', '--skip-triggers', '--skip-dump-date']
  // A dump of one schema is no replica, and older servers have no statistics to ask for.
  const own = family === 'mysql' ? ['--set-gtid-purged=OFF', '--column-statistics=0'] : []
  return [`--defaults-file=${how.optionFile}`, ...moment, ...text, ...left, ...own, '--', how.database]
}

/**
 * Writes how to log in where only we can read it: what stands in arguments is shown to everybody on the machine.
 * `remove` may be called again.
 */
export function writeOptionFile(
  settings: MysqlSettings,
  { family }: DumpProgram,
): { file: string; remove: () => void } {
  removeLeftLogins()
  const folder = mkdtempSync(join(tmpdir(), `${LOGIN_FOLDER}${process.pid}-`))
  const remove = (): void => {
    process.off('exit', remove)
    rmSync(folder, { recursive: true, force: true })
  }
  // A signal ends the process without a word to who waits for the program.
  process.once('exit', remove)
  try {
    const file = join(folder, 'client.cnf')
    const { host, port, user, password } = settings
    const lines = [
      '[client]',
      `host=${quoted(host)}`,
      `port=${port}`,
      // `localhost` would mean a socket file to these programs.
      'protocol=tcp',
      `user=${quoted(user)}`,
      `password=${quoted(password)}`,
      ...tlsLines(settings, { family, folder }),
    ]
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' })
    return { file, remove }
  } catch (error) {
    remove()
    throw error
  }
}

const LOGIN_FOLDER = 'payment-api-login-'

/** What processes left that were killed before they could take it away. */
function removeLeftLogins(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^payment-api-login-([0-9]+)-/.exec(name)?.[1] ?? process.pid)
    if (pid === process.pid || isAlive(pid)) continue
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
    } catch {
      // Another user's: theirs to remove.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** As option files want it: quoted, so that a `#` is no comment, and with its escapes. */
function quoted(text: string): string {
  const escapes = new Map([
    ['\\', '\\\\'],
    ['"', '\\"'],
    ['\n', '\\n'],
    ['\r', '\\r'],
    ['\t', '\\t'],
  ])
  return `"${text.replaceAll(/[\\"\n\r\t]/g, (sign) => escapes.get(sign) ?? sign)}"`
}

function tlsLines({ tls, tlsCaFile }: MysqlSettings, how: { family: DumpProgram['family']; folder: string }): string[] {
  const mariadb = how.family === 'mariadb'
  // `loose-`: a version that has no such option yet does not check either.
  if (tls === 'off') return [mariadb ? 'skip-ssl' : 'ssl-mode=DISABLED']
  if (tls === 'required') {
    return mariadb ? ['ssl', 'loose-skip-ssl-verify-server-cert'] : ['ssl-mode=REQUIRED']
  }
  const ca = `ssl-ca=${quoted(tlsCaFile ?? publicAuthorities(how.folder))}`
  return mariadb ? ['ssl', 'ssl-verify-server-cert', ca] : ['ssl-mode=VERIFY_IDENTITY', ca]
}

/** Those that the service itself believes, so that both believe the same. */
function publicAuthorities(folder: string): string {
  const file = join(folder, 'authorities.pem')
  writeFileSync(file, rootCertificates.join('\n'), { mode: 0o600, flag: 'wx' })
  return file
}
