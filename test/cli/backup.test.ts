import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, test } from 'node:test'
import { assertAuditClean } from '../support/audit-run.ts'
import {
  assertRefused,
  backup,
  backupEngines,
  changeDatabase,
  editManifest,
  listed,
  makeBackup,
  openMigrated,
  openPlace,
  restore,
} from '../support/backups.ts'
import { startChildServer, temporaryDirectory } from '../support/child-server.ts'
import { deliver, makeLoad, makePlayers } from '../support/payment-load.ts'
import { until } from '../support/redis-server.ts'

const ORDERS = 1_500
const CONNECTIONS = 8

for (const engine of backupEngines()) {
  describe(`npm run backup on ${engine.name}`, () => {
    test('beside a server under payment load it copies one moment, which is restored with nothing lost or granted twice', async (t) => {
      const { variables } = await openPlace(t, engine)
      const server = await startChildServer(t, { variables })
      const token = await server.serverToken()
      const load = makeLoad({ token, uids: await makePlayers(server, 4), count: ORDERS })
      const answered = (): number => load.orders.filter((order) => order.answered !== null).length
      const sending = load.sendAll({ url: server.url, connections: CONNECTIONS })
      await until(async () => answered() >= 50, { withinMs: 60_000 })
      const before = answered()
      const { folder, manifest } = await makeBackup(variables, temporaryDirectory(t))
      const after = answered()
      await sending
      t.diagnostic(`${before} orders answered before the backup, ${after} after it, of ${ORDERS}`)
      assert.ok(after < ORDERS, 'the load must go on all the while, else this test shows nothing')
      assert.ok(manifest.rows.orders >= before, 'what was answered before is in it')
      await server.kill('SIGTERM')

      const fresh = await openPlace(t, engine)
      const told = await restore(fresh.variables, folder, '--json')
      assert.equal(told.code, 0, `${told.stdout}\n${told.stderr}`)
      const restored = JSON.parse(told.stdout)
      assert.equal(restored.as_it_was, true)
      assert.equal(restored.root, manifest.audit.root)
      assert.equal(restored.report.root, manifest.audit.root)
      assert.deepEqual(restored.rows, manifest.rows)
      await assertAuditClean(t, fresh.variables)

      const again = await startChildServer(t, { variables: fresh.variables })
      const newToken = await again.serverToken()
      let replayed = 0
      for (const order of load.orders) {
        const first = order.answered
        order.answered = null
        assert.ok(await deliver(order, { url: again.url, token: newToken }))
        const { body } = order.answered as unknown as NonNullable<typeof first>
        if (body.replayed) replayed += 1
        if (body.replayed) assert.deepEqual({ ...body, replayed: false }, { ...first?.body, replayed: false })
      }
      assert.equal(replayed, manifest.rows.orders, 'what the backup has is replayed, and the rest is granted now')
      await again.kill('SIGTERM')
      await assertAuditClean(t, fresh.variables)
    })

    test('is for its owner only, is named by its time, and says what is in it', async (t) => {
      const { variables } = await openMigrated(t, engine)
      const directory = join(temporaryDirectory(t), 'deep', 'backups')
      const { code, stdout, stderr } = await backup({ ...variables, BACKUP_DIR: directory })
      assert.deepEqual([code, stderr], [0, ''])
      const [name = '', ...more] = listed(directory)
      assert.deepEqual(more, [])
      assert.match(name, /^payment-api-\d{8}T\d{6}\.\d{3}Z$/)
      assert.match(stdout, new RegExp(`^The backup is whole: .*${name}\n`))
      assert.match(stdout, /^The books are clean \(the data/m)
      const files = listed(join(directory, name))
      assert.deepEqual(files, [engine.name === 'sqlite' ? 'data.sqlite' : 'data.sql.gz', 'manifest.json'])
      const modeOf = (...path: string[]): number => statSync(join(directory, ...path)).mode & 0o777
      assert.deepEqual([modeOf(), modeOf(name)], [0o700, 0o700])
      assert.deepEqual(
        files.map((file) => modeOf(name, file)),
        [0o600, 0o600],
      )
    })

    test('keeps the newest and removes older ones, and nothing that is not a whole backup of ours', async (t) => {
      const { variables } = await openMigrated(t, engine)
      const directory = temporaryDirectory(t)
      const first = await makeBackup(variables, directory)
      const second = await makeBackup(variables, directory)
      mkdirSync(join(directory, 'payment-api-20200101T000000.000Z'))
      mkdirSync(join(directory, 'holiday pictures'))
      writeFileSync(join(directory, 'notes.txt'), 'mine')
      writeFileSync(join(first.folder, 'why.txt'), 'before the great migration')
      symlinkSync(second.folder, join(directory, 'latest'))
      const { code, stdout } = await backup(variables, '--to', directory, '--keep', '1')
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`Removed the older backup ${second.folder}`))
      assert.deepEqual(
        listed(directory).filter((name) => !/^payment-api-202[1-9]/.test(name)),
        ['holiday pictures', 'latest', 'notes.txt', 'payment-api-20200101T000000.000Z'],
      )
      assert.deepEqual(listed(first.folder), ['why.txt'], 'what somebody put into a backup stays')
      assert.deepEqual(listed(second.folder), [])
    })

    test('counts only backups of this database that are not from the future, and never removes the one just made', async (t) => {
      const [{ variables }, directory] = [await openMigrated(t, engine), temporaryDirectory(t)]
      const old = await makeBackup(variables, directory)
      assert.match(old.manifest.database, /^[0-9a-f]{64}$/)
      const spoils: [string, object][] = [
        ['of-the-future', { created_at: '2099-01-01T00:00:00.000Z' }],
        ['of-another-database', { database: 'f'.repeat(64) }],
        ['of-another-engine', { engine: engine.name === 'sqlite' ? 'mariadb' : 'sqlite' }],
        ['of-an-older-release', { database: undefined }],
      ]
      for (const [name, changes] of spoils) {
        cpSync(old.folder, join(directory, name), { recursive: true })
        editManifest(join(directory, name), (manifest) => Object.assign(manifest, changes))
      }
      const others = spoils.map(([name]) => name)
      const keepOne = async (): Promise<{ folder: string; removed: string[] }> => {
        const { code, stdout, stderr } = await backup(variables, '--to', directory, '--keep', '1', '--json')
        assert.equal(code, 0, stderr)
        return JSON.parse(stdout)
      }
      const made = await keepOne()
      assert.deepEqual(made.removed, [old.folder])
      assert.deepEqual(listed(directory), [...others, basename(made.folder)].sort())
      const again = await keepOne()
      assert.deepEqual(again.removed, [made.folder])
      const other = await openMigrated(t, engine)
      const { manifest } = await makeBackup(other.variables, directory)
      assert.notEqual(manifest.database, old.manifest.database)
    })

    test('tells by its exit code that the books in it are not clean, and is kept all the same', async (t) => {
      const { variables } = await openMigrated(t, engine)
      await changeDatabase(
        variables,
        `insert into users (app_id, status, user_name, avatar_url, level_hundredths, vip_level, coins, tokens,
          inbox_coins, inbox_tokens, ledger_seq, chain_hash, event_seq, created_at_ms)
        values ('a', 'active', '', '', 0, 0, 5, 0, 0, 0, 0, '${'0'.repeat(64)}', 0, 1)`,
      )
      const directory = temporaryDirectory(t)
      const { code, stdout, stderr } = await backup(variables, '--to', directory, '--json')
      assert.equal(code, 1, stderr)
      assert.match(stderr, /The books are not clean \(I2/)
      assert.equal(JSON.parse(stdout).audit.clean, false)
      assert.equal(listed(directory).length, 1)
      const fresh = await openPlace(t, engine)
      const restored = await restore(fresh.variables, JSON.parse(stdout).folder)
      assert.equal(restored.code, 1)
      assert.match(restored.stdout, /It is what was backed up[\s\S]*The books are not clean/)
    })

    test('before a new release is migrated it copies the older schema, and says that nobody audited it', async (t) => {
      const { variables } = await openMigrated(t, engine)
      await changeDatabase(variables, "delete from schema_migrations where name like '0010%.05'")
      const { folder, manifest } = await makeBackup(variables, temporaryDirectory(t))
      assert.deepEqual([manifest.audit.clean, manifest.audit.verdict_covers], [null, null])
      const fresh = await openPlace(t, engine)
      const { code, stdout } = await restore(fresh.variables, folder)
      assert.equal(code, 0)
      assert.match(stdout, /It is what was backed up[\s\S]*lacks 1 steps of this release: run `npm run migrate`/)
    })

    test('what cannot be backed up is refused and leaves nothing', async (t) => {
      const directory = join(temporaryDirectory(t), 'backups')
      const empty = await openPlace(t, engine)
      assertRefused(await backup(empty.variables, '--to', directory), /no tables yet|there is no database at/)
      const { variables } = await openMigrated(t, engine)
      await changeDatabase(
        variables,
        "insert into schema_migrations (name, timestamp) values ('9000-from-the-future.01', '')",
      )
      assertRefused(await backup(variables, '--to', directory), /from a newer release .*9000-from-the-future/)
      assert.deepEqual(listed(directory), [])
      for (const keep of ['0', '-1', 'all', '1.5']) {
        assertRefused(await backup(variables, `--keep=${keep}`), /Give a whole number from 1/)
      }
    })

    test('clears away what a killed one left behind a day ago, and not what may still be under way', async (t) => {
      const { variables } = await openMigrated(t, engine)
      const directory = temporaryDirectory(t)
      const left = ['.unfinished-payment-api-20200101T000000.000Z-1', '.unfinished-payment-api-20200102T000000.000Z-2']
      for (const name of left) {
        mkdirSync(join(directory, name))
        writeFileSync(join(directory, name, 'data.sqlite'), 'half')
      }
      const aged = join(directory, left[0] ?? '')
      for (const path of [...readdirSync(aged).map((file) => join(aged, file)), aged]) utimesSync(path, 1, 1)
      await makeBackup(variables, directory)
      assert.deepEqual(
        listed(directory).filter((name) => name.startsWith('.')),
        left.slice(1),
      )
    })
  })
}
