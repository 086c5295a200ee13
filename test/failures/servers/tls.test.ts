import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { loadConfig } from '../../../src/config/load.ts'
import { openDatabase } from '../../../src/db/open-database.ts'
import { mariadbInstalled, serversInstalled, startMariadb } from '../../support/mariadb-server.ts'

const opensslInstalled = spawnSync('openssl', ['version']).status === 0

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

/** An authority and a server's certificate for 127.0.0.1, good for a day and worth nothing. */
function makeCertificates(t: TestContext): { ca: string; cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'payment-api-tls-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string): string => join(folder, name)
  const openssl = (...words: string[]): void => {
    const { status, stderr } = spawnSync('openssl', words)
    assert.equal(status, 0, String(stderr))
  }
  const newKey = ['-newkey', 'rsa:2048', '-nodes']
  const authority = ['-subj', '/CN=test-authority', '-addext', 'basicConstraints=critical,CA:TRUE', '-days', '1']
  openssl('req', '-x509', ...newKey, '-keyout', file('ca.key'), '-out', file('ca.pem'), ...authority)
  openssl('req', ...newKey, '-keyout', file('server.key'), '-out', file('server.csr'), '-subj', '/CN=localhost')
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('names')]
  openssl('x509', '-req', '-in', file('server.csr'), ...signer, '-out', file('server.pem'), '-days', '1')
  // The server runs as a user of its own and must read them.
  chmodSync(folder, 0o755)
  for (const name of ['ca.pem', 'server.pem', 'server.key']) chmodSync(file(name), 0o644)
  return { ca: file('ca.pem'), cert: file('server.pem'), key: file('server.key') }
}
