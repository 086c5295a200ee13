import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import {
  assertRefused,
  backup,
  backupEngines,
  listed,
  makeBackup,
  openMigrated,
  openPlace,
  restore,
  type Variables,
} from '../support/backups.ts'
import { runCommand, temporaryDirectory } from '../support/child-server.ts'
import { until } from '../support/redis-server.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const hasPrlimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0
// Each start of the program takes longer than the whole backup: a kill that came too late is tried again.
const KILL_TRIES = 20

for (const engine of backupEngines()) {
  describe(`a backup that is broken off on ${engine.name}`, () => {
    test('kill -9 in the middle leaves nothing that a restore would take', async (t) => {
      const place = await openMigrated(t, engine)
      const [directory, logins] = [temporaryDirectory(t), temporaryDirectory(t)]
      const variables = { ...place.variables, TMPDIR: logins }
      const left = await killInTheMiddle({ variables, directory, signal: 'SIGKILL' })
      assert.match(left, /^\.unfinished-/)
      const fresh = await openPlace(t, engine)
      assertRefused(await restore(fresh.variables, join(directory, left)), /no whole backup: it was interrupted/)
      const { folder } = await makeBackup(variables, directory)
      assert.equal((await restore(fresh.variables, folder)).code, 0)
      assert.deepEqual(listed(logins), [], 'a login that was left is gone with the next backup')
    })

    test('a signal takes everything away again', async (t) => {
      const { variables } = await openMigrated(t, engine)
      const [directory, TMPDIR] = [temporaryDirectory(t), temporaryDirectory(t)]
      const left = await killInTheMiddle({ variables: { ...variables, TMPDIR }, directory, signal: 'SIGTERM' })
      assert.deepEqual([left, listed(TMPDIR)], ['', []])
    })

    test('a disk that has no room for it leaves nothing, and says so', async (t) => {
      if (!hasPrlimit) {
        assert.ok(process.env['REQUIRE_ALL'] !== '1', 'REQUIRE_ALL=1 and there is no prlimit here')
        process.stderr.write('LEFT OUT: a backup on a full disk, as there is no prlimit here\n')
        return
      }
      const { variables } = await openMigrated(t, engine)
      const directory = join(temporaryDirectory(t), 'backups')
      const program = [process.execPath, join(ROOT, 'src/cli/backup.ts'), '--to', directory]
      // Opening a SQLite file that a server has just closed writes 32 kB beside it; a dump is some kilobytes.
      const bytesMax = engine.name === 'sqlite' ? 65_536 : 1_024
      // Its own coverage would be cut off at the same size, and with it that of the whole suite lost.
      const args = ['-u', 'NODE_V8_COVERAGE', 'prlimit', `--fsize=${bytesMax}`, ...program]
      const finished = await runCommand('env', { args, variables })
      assertRefused(finished, /no room for it|disk I\/O error|database or disk is full/)
      assert.deepEqual(listed(directory), [])
    })
  })

  if (engine.name === 'mysql') {
    describe('the client program of the server', () => {
      test('is named with its package where it is missing', async (t) => {
        const { variables } = await openMigrated(t, engine)
        const directory = join(temporaryDirectory(t), 'backups')
        const finished = await backup({ ...variables, PATH: temporaryDirectory(t) }, '--to', directory)
        assertRefused(finished, /install the package mariadb-client/)
        assert.deepEqual(listed(directory), [])
      })

      test('that ends badly, or too early, is a failure and leaves nothing', async (t) => {
        const { variables } = await openMigrated(t, engine)
        const directory = join(temporaryDirectory(t), 'backups')
        const cases: [string, RegExp][] = [
          ['head -c 4000; exit 0', /its text is cut off/],
          ['head -c 4000; echo it fell over >&2; exit 3', /mariadb-dump failed: it fell over/],
          ['cat; exit 2', /failed: it ended with exit code 2/],
          ['sed "s/^-- Dump completed/-- Dump/"', /its text is cut off/],
          ['sed "s/^DROP TABLE IF EXISTS .users.;/DELETE FROM users;/"', /a statement that no backup has/],
          ['head -c 4000; kill -9 $$', /mariadb-dump failed: .*No backup was made/],
          ['true', /its text is cut off/],
        ]
        for (const [spoiled, words] of cases) {
          const PATH = `${fakeDump(t, { first: '', through: spoiled })}:${process.env['PATH']}`
          assertRefused(await backup({ ...variables, PATH }, '--to', directory), words)
          assert.deepEqual(listed(directory), [], spoiled)
        }
      })

      test('is never given the password where others can see it, and the file with it is gone', async (t) => {
        const { variables } = await openMigrated(t, engine)
        const [seen, directory] = [join(temporaryDirectory(t), 'seen'), temporaryDirectory(t)]
        const TMPDIR = temporaryDirectory(t)
        const folder = fakeDump(t, {
          first: `( echo "$*"; stat -c %a "$(echo "$1" | cut -d= -f2)" ) > ${seen} 2>&1`,
          through: 'cat',
        })
        const PATH = `${folder}:${process.env['PATH']}`
        const { code, stderr } = await backup({ ...variables, PATH, TMPDIR }, '--to', directory)
        assert.equal(code, 0, stderr)
        const said = readFileSync(seen, 'utf8')
        assert.match(said, /--single-transaction --quick/)
        assert.doesNotMatch(said, /--user|--password| -p/)
        assert.match(said, /^600$/m)
        assert.deepEqual(listed(TMPDIR), [])
      })
    })
  }
}

/** A `mariadb-dump` that does something first and whose output goes through something, in a folder for the PATH. */
function fakeDump(t: TestContext, { first, through }: { first: string; through: string }): string {
  const folder = temporaryDirectory(t)
  const real = ['mariadb-dump', 'mysqldump']
    .map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim())
    .find((path) => path !== '')
  const lines = [
    '#!/bin/bash',
    `if [ "$1" = --version ]; then exec ${real} --version; fi`,
    first,
    `${real} "$@" | ( ${through} )`,
    // What the last part of the pipe has ended with is what the script ends with.
    'exit $?',
  ]
  for (const name of ['mariadb-dump', 'mysqldump']) {
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  return folder
}

/** Ends a backup while its folder has data in it; tells what is left in the directory, or '' when nothing is. */
async function killInTheMiddle(how: {
  variables: Variables
  directory: string
  signal: NodeJS.Signals
}): Promise<string> {
  const { variables, directory, signal } = how
  for (let attempt = 1; attempt <= KILL_TRIES; attempt++) {
    const before = new Set(listed(directory))
    const program = [join(ROOT, 'src/cli/backup.ts'), '--to', directory]
    const child: ChildProcess = spawn(process.execPath, program, {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], HOME: tmpdir(), ...variables },
      stdio: 'ignore',
    })
    const ended = once(child, 'exit')
    const hasData = async (): Promise<boolean> =>
      child.exitCode !== null ||
      listed(directory).some((name) => name.startsWith('.') && listed(join(directory, name)).length > 0)
    await until(hasData, { withinMs: 30_000 })
    child.kill(signal)
    await ended
    const added = listed(directory).filter((name) => !before.has(name))
    if (added.every((name) => name.startsWith('.'))) return added[0] ?? ''
  }
  throw new Error(`the backup was whole ${KILL_TRIES} times before the kill came`)
}
