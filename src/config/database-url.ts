import type { DatabaseConfig, MysqlConfig } from './config.ts'
import { type ConfigFault, faulty, quoted, type Reading, read } from './faults.ts'
import type { Texts } from './settings.ts'

const EXAMPLES = 'sqlite:///./payment_api.db, sqlite:////absolute/path.db or mysql://user:password@host:3306/name'

function fault(said: string, remedy: string): { ok: false; faults: readonly ConfigFault[] } {
  return faulty({ variable: 'DATABASE_URL', fault: said, remedy })
}

/** Reads DATABASE_URL. A driver in the scheme (`mysql+aiomysql`) is from older deployments and means nothing here. */
export function readDatabase(texts: Texts): Reading<DatabaseConfig> {
  const url = (texts.DATABASE_URL ?? '').trim()
  const scheme = /^([a-z]+)(?:\+[a-z0-9]+)?:/i.exec(url)?.[1]?.toLowerCase()
  if (scheme === 'sqlite') return readSqlite(url)
  if (scheme === 'mysql' || scheme === 'mariadb') return readMysql(url)
  const said = scheme === undefined ? 'is not a database URL' : `names an unknown kind of database, ${quoted(scheme)}`
  return fault(said, `Set DATABASE_URL to one like ${EXAMPLES}.`)
}

function readSqlite(url: string): Reading<DatabaseConfig> {
  const file = /^[^:]+:\/\/\/(.*)$/s.exec(url)?.[1]
  if (file === undefined) {
    return fault('has too few slashes', 'Write three slashes before a relative path, four before an absolute one.')
  }
  if (file === '' || file.includes(':memory:')) {
    return fault('names no file', 'Name a file: a database in memory loses every order when the server stops.')
  }
  if (/[?#\0]/.test(file) || file.endsWith('/')) {
    return fault('does not end in a file name', 'Name a file and nothing after it; SQLite takes no parameters here.')
  }
  return read({ kind: 'sqlite', file })
}

function readMysql(text: string): Reading<DatabaseConfig> {
  const url = URL.parse(text)
  if (url === null || url.hash !== '') {
    return fault(
      'is not a valid URL',
      'Write mysql://user:password@host:3306/name, with special characters of the password percent-encoded (# is %23, / is %2F, ? is %3F, % is %25).',
    )
  }
  const [user, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded)
  if (user == null || password == null || database == null) {
    return fault('has a broken percent-encoding', 'Write a percent sign in the user, password or name as %25.')
  }
  const faults: ConfigFault[] = []
  const add = (said: string, remedy: string) => faults.push({ variable: 'DATABASE_URL', fault: said, remedy })
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!/^[A-Za-z0-9._:-]+$/.test(host)) add('names no host', 'Name the host of the database: mysql://user@HOST/name.')
  if (url.port === '0') add('names port 0', 'Name the port that the database listens on, or none for 3306.')
  if (user === '') add('names no user', 'Name the user of the database: mysql://USER:password@host/name.')
  if (database === '' || /[/\\\0]/.test(database)) {
    add('names no database', 'End it in the name of the database: mysql://user:password@host/NAME.')
  }
  const tls = readTls(url.searchParams)
  if (!tls.ok) faults.push(...tls.faults)
  if (faults.length > 0 || !tls.ok) return faulty(...faults)
  const port = url.port === '' ? 3306 : Number(url.port)
  return read({ kind: 'mysql', host, port, user, password, database, ...tls.value })
}

const TLS_WORDS = new Map<string, MysqlConfig['tls']>([
  ...['off', 'false', '0', 'disabled'].map((word) => [word, 'off'] as const),
  ...['required'].map((word) => [word, 'required'] as const),
  // Who asks for TLS and says no more means one that an impostor cannot answer.
  ...['verify', 'true', '1'].map((word) => [word, 'verify'] as const),
])

function readTls(parameters: URLSearchParams): Reading<Pick<MysqlConfig, 'tls' | 'tlsCaFile'>> {
  const faults: ConfigFault[] = []
  let tls: MysqlConfig['tls'] | null = null
  let tlsCaFile: string | null = null
  for (const [name, value] of parameters) {
    // The tables are utf8mb4 whatever an older URL says.
    if (name === 'charset' && /^utf8(mb4)?$/i.test(value)) continue
    if (name === 'tls_ca' && value !== '') tlsCaFile = value
    else if (name === 'tls' || name === 'ssl') {
      tls = TLS_WORDS.get(value.toLowerCase()) ?? null
      if (tls === null) faults.push(tlsFault(`has an unknown value of ${name}`))
    } else faults.push(tlsFault(`has the parameter ${quoted(name)}, which means nothing here`))
  }
  if (tlsCaFile !== null && tls !== 'verify' && faults.length === 0) {
    faults.push(tlsFault('has tls_ca but does not verify by it'))
  }
  return faults.length > 0 ? faulty(...faults) : read({ tls: tls ?? 'off', tlsCaFile })
}

function tlsFault(said: string): ConfigFault {
  const remedy = 'Use only ?tls=off, ?tls=required, ?tls=verify (or ssl=true), and with verify &tls_ca=file.pem.'
  return { variable: 'DATABASE_URL', fault: said, remedy }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** The file that stands in for Redis: beside the database, so that one folder holds everything. */
export function keyValueFileBeside(database: DatabaseConfig): string {
  const file = database.kind === 'sqlite' ? database.file : './payment_api.db'
  return `${file.replace(/\.db$/, '')}.kv.db`
}
