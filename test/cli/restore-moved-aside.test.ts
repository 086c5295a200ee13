import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  assertRefused,
  backupEngines,
  forgeData,
  makeBackup,
  openMigrated,
  readDatabase,
  restore,
  type Variables,
} from '../support/backups.ts'
import { startChildServer, temporaryDirectory } from '../support/child-server.ts'

for (const engine of backupEngines()) {
  if (engine.name === 'sqlite') continue
  describe('what restore --replace does with the tables of MySQL/MariaDB', () => {
    test('old data are back in their place when the new ones cannot be loaded', async (t) => {
      const { variables } = await openMigrated(t, engine)
      const before = await tablesOf(variables)
      const made = await makeBackup(variables, temporaryDirectory(t))
      await readDatabase(variables, "update items set name_en = 'the old one' where item_id = 1")
      const dump = gunzipSync(readFileSync(join(made.folder, made.manifest.data.file))).toString()
      for (const text of [
        dump.slice(0, -2_000),
        dump.replace('INSERT INTO `items` (', 'INSERT INTO `items` (`no`, '),
      ]) {
        const folder = join(temporaryDirectory(t), 'copy')
        cpSync(made.folder, folder, { recursive: true })
        forgeData(folder, gzipSync(text))
        assertRefused(await restore(variables, folder, '--replace'), /holds its old data again/)
        assert.deepEqual(await tablesOf(variables), before)
        assert.deepEqual(await asideOf(variables), [])
        const [item] = (await readDatabase(variables, 'select name_en from items where item_id = 1')) as {
          name_en: string
        }[]
        assert.equal(item?.name_en, 'the old one')
      }
      const server = await startChildServer(t, { variables })
      await server.logIn('still-here')
    })

    test('without the right to keep the old data nothing is changed, and the right is named', async (t) => {
      const { variables } = await openMigrated(t, engine)
      const url = new URL(variables['DATABASE_URL'] ?? '')
      const [schema, user] = [url.pathname.slice(1), `restore_${randomBytes(6).toString('hex')}`]
      const account = `'${user}'@'127.0.0.1'`
      await readDatabase(variables, `create user ${account} identified by 'of-the-test'`)
      try {
        await readDatabase(variables, `grant all on ${schema}.* to ${account}`)
        const before = await tablesOf(variables)
        const made = await makeBackup(variables, temporaryDirectory(t))
        url.username = user
        url.password = 'of-the-test'
        const limited = { ...variables, DATABASE_URL: url.href }
        const refused = await restore(limited, made.folder, '--replace')
        assertRefused(
          refused,
          /grant create, alter, drop, insert, select on `.*\\_replaced\\_%`\.\* to.*Nothing was changed/,
        )
        assert.deepEqual(await tablesOf(variables), before)
        const [, pattern] = / on (`.*`\.\*) to /.exec(refused.stderr) ?? []
        await readDatabase(variables, `grant create, alter, drop, insert, select on ${pattern} to ${account}`)
        const done = await restore(limited, made.folder, '--replace')
        assert.equal(done.code, 0, done.stderr)
      } finally {
        await readDatabase(variables, `drop user ${account}`)
      }
      assert.equal((await asideOf(variables)).length, 1)
    })
  })
}

/** The schemas into which old tables were moved. */
async function asideOf(variables: Variables): Promise<string[]> {
  const schema = new URL(variables['DATABASE_URL'] ?? '').pathname.slice(1)
  return ((await readDatabase(variables, `show databases like '${schema}\\_replaced\\_%'`)) as object[]).map((row) =>
    String(Object.values(row)[0]),
  )
}

async function tablesOf(variables: Variables): Promise<string[]> {
  return ((await readDatabase(variables, 'show tables')) as object[]).map((row) => String(Object.values(row)[0])).sort()
}
