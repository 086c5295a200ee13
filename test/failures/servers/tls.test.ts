import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { loadConfig } from '../../../src/config/load.ts'
import { openDatabase } from '../../../src/db/open-database.ts'
import { makeCertificates, opensslInstalled } from '../../support/certificates.ts'
import { mariadbInstalled, serversInstalled, startMariadb } from '../../support/mariadb-server.ts'

test('MySQL over TLS is encrypted when asked, and with `verify` only a trusted certificate will do', async (t) => {
  if (!serversInstalled({ mariadbd: mariadbInstalled, openssl: opensslInstalled })) return
  const made = makeCertificates(t)
  const mariadb = await startMariadb(t, [`--ssl-ca=${made.ca}`, `--ssl-cert=${made.cert}`, `--ssl-key=${made.key}`])
  assert.equal(await cipherOf(mariadb.url), '')
  assert.match(await cipherOf(`${mariadb.url}?tls=required`), /^TLS/)
  assert.match(await cipherOf(`${mariadb.url}?tls=verify&tls_ca=${made.ca}`), /^TLS/)
  await assert.rejects(cipherOf(`${mariadb.url}?tls=verify`), /certificate is not trusted/)
})

/** The cipher of a connection as the server sees it; empty when there is none. */
async function cipherOf(url: string): Promise<string> {
  const loaded = loadConfig({ ENV: 'local', DATABASE_URL: url })
  assert.ok(loaded.ok, 'the URL is understood')
  const database = await openDatabase(loaded.config.database)
  try {
    const { rows } = await sql<{ Value: string }>`show session status like 'Ssl_cipher'`.execute(database.db)
    return rows[0]?.Value ?? ''
  } finally {
    await database.close()
  }
}
