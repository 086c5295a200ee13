import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import BetterSqlite from 'better-sqlite3'
import { createConnection } from 'mysql2/promise'
import {
  assertRefused,
  backup,
  backupEngines,
  editManifest,
  forgeData,
  listed,
  makeBackup,
  openMigrated,
  openPlace,
  restore,
  type ToldBackup,
  type Variables,
} from '../support/backups.ts'
import { startChildServer, temporaryDirectory } from '../support/child-server.ts'
import { engines } from '../support/engines.ts'

const [sqlite] = engines()

for (const engine of backupEngines()) {
  describe(`npm run restore on ${engine.name}`, () => {
    let kept: { directory: string; made: ToldBackup }
    const undone: (() => unknown)[] = []
    before(async () => {
      const suite = { after: (work: () => unknown) => void undone.push(work) }
      const { variables } = await openMigrated(suite, engine)
      const directory = temporaryDirectory(suite)
      kept = { directory, made: await makeBackup(variables, directory) }
    })
    after(async () => {
      for (const undo of undone) await undo()
    })

    /** A copy of the one backup, to be spoilt. */
    function copied(t: TestContext): string {
      const folder = join(temporaryDirectory(t), 'copy')
      cpSync(kept.made.folder, folder, { recursive: true })
      return folder
    }
    const dataOf = (folder: string): string => join(folder, kept.made.manifest.data.file)

    test('a backup that is damaged, cut off, mixed up or not whole is refused, and nothing is made', async (t) => {
      const spoilt: [string, RegExp, (folder: string) => void][] = [
        ['one byte is flipped', /does not have the hash/, (folder) => flipByte(dataOf(folder))],
        ['its end is missing', /bytes where its manifest says/, (folder) => truncateSync(dataOf(folder), 100)],
        ['the data are missing', /is missing: the backup is not whole/, (folder) => rmSync(dataOf(folder))],
        ['there is no manifest', /there is no manifest\.json/, (folder) => rmSync(join(folder, 'manifest.json'))],
        [
          'it has the manifest of another',
          /does not have the hash|bytes where/,
          (folder) =>
            editManifest(folder, (manifest) => {
              manifest.data.sha256 = 'f'.repeat(64)
            }),
        ],
        [
          'the manifest is of another program',
          /not a manifest of a backup of this service/,
          (folder) => writeFileSync(join(folder, 'manifest.json'), '{"format": "something-else", "format_version": 1}'),
        ],
        ['the manifest is no JSON', /is not valid JSON/, (folder) => writeFileSync(join(folder, 'manifest.json'), 'x')],
        ['the manifest is null', /not a manifest/, (folder) => writeFileSync(join(folder, 'manifest.json'), 'null')],
        [
          'the manifest lacks the root',
          /is damaged: .*root/,
          (folder) =>
            editManifest(folder, (manifest) => {
              delete manifest.audit.root
            }),
        ],
        [
          'the manifest names a file elsewhere',
          /is damaged: .*file/,
          (folder) =>
            editManifest(folder, (manifest) => {
              manifest.data.file = '../data.sqlite'
            }),
        ],
        [
          'the format is newer',
          /written by a newer release \(format 2\)/,
          (folder) =>
            editManifest(folder, (manifest) => {
              manifest.format_version = 2
            }),
        ],
        [
          'the schema is newer',
          /from a newer release .*9000-from-the-future\.01/,
          (folder) =>
            editManifest(folder, (manifest) => {
              manifest.schema_steps.push('9000-from-the-future.01')
            }),
        ],
      ]
      const fresh = await openPlace(t, engine)
      for (const [how, words, spoil] of spoilt) {
        const folder = copied(t)
        spoil(folder)
        const finished = await restore(fresh.variables, folder)
        t.diagnostic(`${how}: ${finished.stderr.trim()}`)
        assertRefused(finished, words)
      }
      assertRefused(await restore(fresh.variables, join(kept.directory, 'nowhere')), /no folder of a backup/)
      assert.equal((await restore(fresh.variables)).code, 2)
      const whole = await restore(fresh.variables, kept.made.folder)
      assert.equal(whole.code, 0, `the place is still empty:\n${whole.stderr}`)
    })

    test('a place that holds data is refused, and with --replace its data give way', async (t) => {
      const { variables } = await openMigrated(t, engine)
      assertRefused(await restore(variables, kept.made.folder), /holds .*--replace\. Nothing was changed/)
      const done = await restore(variables, kept.made.folder, '--replace')
      assert.equal(done.code, 0, done.stderr)
      assert.match(done.stdout, /It is what was backed up[\s\S]*The books are clean/)
      const aside = /The old (?:file was kept as|tables were kept in the schema) ([^:\n]*)/.exec(done.stdout)?.[1] ?? ''
      if (engine.name === 'mysql') {
        assert.match(aside, /_replaced_\d{8}t\d{6}_\d{3}z$/)
        const [row] = (await ask(variables, `select count(*) as kept from ${aside}.items`)) as { kept: number }[]
        assert.ok(Number(row?.kept) > 0, 'the old data are all there')
        return
      }
      const old = new BetterSqlite(aside, { readonly: true })
      t.after(() => old.close())
      assert.ok(Number(old.prepare('select count(*) from items').pluck().get()) > 0, 'the old data are all there')
    })

    test('a server that has the place open is not robbed of it', async (t) => {
      const { variables } = await openPlace(t, engine)
      const server = await startChildServer(t, { variables })
      const { token } = await server.logIn('at-work')
      assertRefused(
        await restore(variables, kept.made.folder, '--replace'),
        /open.*stop it first\. Nothing was changed/,
      )
      assert.equal((await server.call('POST', '/api/v1/refresh', { token, body: {} })).status, 200)
      await server.kill('SIGTERM')
      assert.equal((await restore(variables, kept.made.folder, '--replace')).code, 0)
    })

    test('a manifest that says another root, or other rows, than the data have is found out', async (t) => {
      const folder = copied(t)
      editManifest(folder, (manifest) => {
        manifest.audit.root = 'a'.repeat(64)
        manifest.rows.items += 1
      })
      const { code, stdout } = await restore((await openPlace(t, engine)).variables, folder)
      assert.equal(code, 1)
      assert.match(stdout, /IT IS NOT WHAT WAS BACKED UP:\n {2}the root is .*\n {2}items has \d+ rows/)
    })

    test('a backup of one engine does not go into another', async (t) => {
      if (sqlite === undefined || engine.name === 'sqlite') return
      const { variables } = await openPlace(t, sqlite)
      assertRefused(await restore(variables, kept.made.folder), /is of m.*, and DATABASE_URL names sqlite/)
    })

    if (engine.name === 'mysql') {
      test('statements that no backup has are not run, and a restore that fails leaves the schema empty', async (t) => {
        const dump = gunzipSync(readFileSync(dataOf(kept.made.folder))).toString()
        const marker = 'DROP TABLE IF EXISTS `users`;\n'
        assert.ok(dump.includes(marker))
        const forged: [string, RegExp][] = [
          ...["grant all on *.* to 'thief'@'%'", 'DELETE FROM `payments`', 'DROP DATABASE `mysql`', '\\! id'].map(
            (evil): [string, RegExp] => [dump.replace(marker, `${evil};\n${marker}`), /a statement that no backup has/],
          ),
          [dump.replace(marker, `/*!40101 SET GLOBAL max_connections=1 */;\n${marker}`), /that no backup has/],
          [dump.slice(0, dump.indexOf(marker)), /its text is cut off/],
          [dump.replace('-- Dump completed', '-- Dump'), /its text is cut off/],
          [dump.replace('INSERT INTO `items` (', 'INSERT INTO `items` (`nothing`, '), /the table items: /],
        ]
        const fresh = await openPlace(t, engine)
        for (const [text, words] of forged) {
          const folder = copied(t)
          forgeData(folder, gzipSync(text))
          assertRefused(await restore(fresh.variables, folder), words)
          assert.deepEqual(await tablesOf(fresh.variables), [])
        }
        const folder = copied(t)
        forgeData(folder, gzipSync(dump).subarray(0, -40))
        assertRefused(await restore(fresh.variables, folder), /unexpected end of file/)
        assert.deepEqual(await tablesOf(fresh.variables), [])
      })

      test('tables that are not ours are never dropped', async (t) => {
        const { variables } = await openMigrated(t, engine)
        await ask(variables, 'create table holiday_pictures (id int primary key)')
        const finished = await restore(variables, kept.made.folder, '--replace')
        assertRefused(finished, /tables that are not ours \(holiday_pictures\).*Nothing was changed/)
        assert.ok((await tablesOf(variables)).includes('users'))
      })

      test('a schema on which a restore did not end is started on by no server', async (t) => {
        const { variables } = await openMigrated(t, engine)
        await ask(variables, "insert into schema_migrations (name, timestamp) values ('restore-unfinished', '')")
        assertRefused(
          await backup(variables, '--to', temporaryDirectory(t)),
          /a restore into this database did not end/,
        )
        await assert.rejects(startChildServer(t, { variables }), /a restore into this database did not end/)
        assert.equal((await restore(variables, kept.made.folder, '--replace')).code, 0)
      })

      test('a schema that does not exist is made', async (t) => {
        const { variables } = await openPlace(t, engine)
        const schema = new URL(variables['DATABASE_URL'] ?? '').pathname.slice(1)
        await ask(variables, `drop database ${schema}`)
        assert.equal((await restore(variables, kept.made.folder)).code, 0)
      })
    } else {
      test('what an old file left beside it is not played into the new one', async (t) => {
        const { variables } = await openPlace(t, engine)
        const file = (variables['DATABASE_URL'] ?? '').replace('sqlite:///', '')
        writeFileSync(`${file}-wal`, 'left by a file that is gone')
        assertRefused(await restore(variables, kept.made.folder), /-wal is still there/)
        assert.equal((await restore(variables, kept.made.folder, '--replace')).code, 0)
        const aside = listed(join(file, '..')).find((name) => /\.replaced-.*-wal$/.test(name))
        assert.equal(readFileSync(join(file, '..', aside ?? ''), 'utf8'), 'left by a file that is gone')
      })

      test('a file that is no database is moved aside as it is', async (t) => {
        const { variables } = await openPlace(t, engine)
        const file = (variables['DATABASE_URL'] ?? '').replace('sqlite:///', '')
        writeFileSync(file, 'these are notes\n'.repeat(500))
        assertRefused(await restore(variables, kept.made.folder), /cannot be read as a database/)
        const { code, stdout, stderr } = await restore(variables, kept.made.folder, '--replace')
        assert.equal(code, 0, stderr)
        const aside = /The old file was kept as (.*)/.exec(stdout)?.[1] ?? ''
        assert.match(readFileSync(aside, 'utf8'), /^these are notes/)
      })
    }
  })
}

function flipByte(file: string): void {
  const bytes = readFileSync(file)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

async function ask(variables: Variables, statement: string): Promise<unknown> {
  const connection = await createConnection(variables['DATABASE_URL'] ?? '')
  try {
    return (await connection.query(statement))[0]
  } finally {
    await connection.end()
  }
}

async function tablesOf(variables: Variables): Promise<string[]> {
  return ((await ask(variables, 'show tables')) as object[]).map((row) => String(Object.values(row)[0]))
}
