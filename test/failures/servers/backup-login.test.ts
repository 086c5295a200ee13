import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertRefused, backup, backupEngines, makeBackup, restore } from '../../support/backups.ts'
import { makeCertificates, opensslInstalled } from '../../support/certificates.ts'
import { runProgram, temporaryDirectory } from '../../support/child-server.ts'
import { mariadbInstalled, serversInstalled, startMariadb } from '../../support/mariadb-server.ts'

const hasDump = backupEngines().some(({ name }) => name === 'mysql')

// What an option file would take for a comment, a quote, an escape or a placeholder.
const PASSWORD = `a#b"c'd\\e\\n%20 f;g=h\`i$j!k ü`

test('a backup logs in with whatever password there is, encrypted as DATABASE_URL says, with the rights of a reader', async (t) => {
  if (!hasDump || !serversInstalled({ mariadbd: mariadbInstalled, openssl: opensslInstalled })) return
  const made = makeCertificates(t)
  const mariadb = await startMariadb(t, [`--ssl-ca=${made.ca}`, `--ssl-cert=${made.cert}`, `--ssl-key=${made.key}`])
  const on = (url: string) => ({ ENV: 'local', DATABASE_URL: url, REDIS_URL: 'redis://127.0.0.1:1' })
  const migrated = await runProgram('src/cli/migrate.ts', { variables: on(mariadb.url) })
  assert.equal(migrated.code, 0, migrated.stderr)
  await mariadb.ask(`create user reader@'127.0.0.1' identified by ? require ssl`, [PASSWORD])
  await mariadb.ask(`grant select on payments.* to reader@'127.0.0.1'`)
  const place = `127.0.0.1:${mariadb.port}/payments`
  const reader = `mysql://reader:${encodeURIComponent(PASSWORD)}@${place}`

  const directory = temporaryDirectory(t)
  const { folder } = await makeBackup(on(`${reader}?tls=required`), directory)
  await makeBackup(on(`${reader}?tls=verify&tls_ca=${made.ca}`), directory)
  assertRefused(await backup(on(`${reader}?tls=verify`), '--to', directory), /certificate is not trusted/)
  assertRefused(await backup(on(reader), '--to', directory), /refuses the user|password/)
  assertRefused(await backup(on(`mysql://reader:wrong@${place}?tls=required`), '--to', directory), /refuses the user/)
  assertRefused(await restore(on(`${reader}?tls=required`), folder, '--replace'), /the database server says: .*denied/)
  // The old tables move to a schema beside: who may not make one is told, and nothing is changed.
  assertRefused(await restore(on(mariadb.url), folder, '--replace'), /create/i)
  await mariadb.ask("grant all on `payments\\_replaced\\_%`.* to payments@'127.0.0.1'")
  const restored = await restore(on(mariadb.url), folder, '--replace')
  assert.equal(restored.code, 0, restored.stderr)
})
