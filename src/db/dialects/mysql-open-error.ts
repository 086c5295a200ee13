import { StorageUnavailable } from '../errors.ts'
import type { MysqlError } from './mysql-errors.ts'
import type { MysqlSettings } from './mysql-session.ts'

const CERTIFICATE = /CERT|SIGNATURE|ISSUER|ALTNAME|CHAIN|SELF_SIGNED/
const TLS = /^(ERR_SSL|ERR_TLS|HANDSHAKE_(NO_)?SSL|EPROTO)/

/** Why the database cannot be opened, in one line that names the setting to mend and never the password. */
export function explainOpenError(error: unknown, settings: MysqlSettings): StorageUnavailable {
  const cause = (
    error instanceof StorageUnavailable && error.cause instanceof Error ? error.cause : error
  ) as MysqlError
  const remedy = remedyFor(cause, settings)
  const { host, port } = settings
  return new StorageUnavailable(`cannot open the database at ${host}:${port}: ${remedy}`, { cause: error })
}

function remedyFor({ errno, code = '', message }: MysqlError, settings: MysqlSettings): string {
  const { host, port, user, database, tls } = settings
  if (CERTIFICATE.test(code))
    return `its certificate is not trusted (${code}): mend tls_ca, or the host, in DATABASE_URL`
  // The driver hides which of the two it was.
  if (code === 'HANDSHAKE_SSL_ERROR')
    return `its certificate is not trusted, or its TLS is not ours (${code}): mend tls_ca or ?tls=${tls} in DATABASE_URL`
  if (TLS.test(code)) return `it does not speak TLS with us (${code}): mend ?tls=${tls} in DATABASE_URL`
  switch (errno) {
    case 1045:
    case 1698:
      return `it refuses the user ${user} with this password: mend the user or the password in DATABASE_URL`
    case 1044:
      return `the user ${user} may not use the database ${database}: grant it, or mend the name in DATABASE_URL`
    case 1049:
      return `there is no database ${database}: create it, or mend the name in DATABASE_URL`
    case 1130:
      return `it takes no connection from this machine for the user ${user}: grant it there, or mend DATABASE_URL`
    case 3159:
      return 'it insists on TLS: add ?tls=verify to DATABASE_URL'
    case 1040:
      return 'it has too many connections: raise max_connections there, or start fewer WORKERS'
    case 1203:
    case 1226:
      return `the user ${user} has too many connections: raise max_user_connections there, or start fewer WORKERS`
    default:
  }
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} is unknown: mend the host in DATABASE_URL`
    case 'ECONNREFUSED':
      return `nobody listens on port ${port}: start the database, or mend the host or port in DATABASE_URL`
    case 'ETIMEDOUT':
    case 'PROTOCOL_SEQUENCE_TIMEOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no answer from ${host}: mend the host or port in DATABASE_URL, or the firewall between`
    default:
      return `${message} (${code || 'no code'}): mend DATABASE_URL`
  }
}
