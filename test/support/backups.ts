import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { describeFaults, loadConfig } from '../../src/config/load.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { type Cleanup, type FinishedProcess, runProgram } from './child-server.ts'
import { type Engine, type EngineStore, engines } from './engines.ts'
import { testRedis } from './test-redis.ts'

export type Variables = Readonly<Record<string, string>>

/** A backup as `npm run backup --json` tells of it. */
export interface ToldBackup {
  readonly folder: string
  // biome-ignore lint/suspicious/noExplicitAny: assertions are the type of what a test reads.
  readonly manifest: any
}

const dumpInstalled = ['mariadb-dump', 'mysqldump'].some((name) => spawnSync(name, ['--version']).status === 0)

/** Every engine whose backups can be made here; loudly without MySQL where its client program is missing. */
export function backupEngines(): Engine[] {
  const all = engines()
  if (dumpInstalled) return all
  assert.ok(process.env['REQUIRE_ALL'] !== '1', 'REQUIRE_ALL=1 and neither mariadb-dump nor mysqldump is installed')
  process.stderr.write('LEFT OUT: backups of MySQL/MariaDB, as neither mariadb-dump nor mysqldump is installed\n')
  return all.filter(({ name }) => name === 'sqlite')
}

/** A place for a database that is gone after the test, and the variables by which our programs find it. */
export async function openPlace(t: Cleanup, engine: Engine): Promise<{ store: EngineStore; variables: Variables }> {
  const store = await engine.create()
  const redis = engine.name === 'mysql' ? testRedis() : null
  t.after(async () => {
    await store.drop()
    await redis?.drop()
  })
  return { store, variables: { ENV: 'local', DATABASE_URL: store.url, ...store.variables, ...redis?.variables } }
}

/** A database with its schema and a catalogue, and no server. */
export async function openMigrated(t: Cleanup, engine: Engine): Promise<{ store: EngineStore; variables: Variables }> {
  const place = await openPlace(t, engine)
  for (const program of ['src/cli/migrate.ts', 'src/cli/seed.ts']) {
    const { code, stderr } = await runProgram(program, { variables: place.variables })
    assert.equal(code, 0, stderr)
  }
  return place
}

export const backup = (variables: Variables, ...args: string[]): Promise<FinishedProcess> =>
  runProgram('src/cli/backup.ts', { args, variables })

export const restore = (variables: Variables, ...args: string[]): Promise<FinishedProcess> =>
  runProgram('src/cli/restore.ts', { args, variables })

/** Makes a backup that must be whole and clean. */
export async function makeBackup(variables: Variables, directory: string): Promise<ToldBackup> {
  const { code, stdout, stderr } = await backup(variables, '--to', directory, '--json')
  assert.equal(code, 0, stderr)
  const { folder, removed: _, ...manifest } = JSON.parse(stdout)
  return { folder, manifest }
}

/** A command that could not do its work says why in words, and has no stack. */
export function assertRefused({ code, stdout, stderr }: FinishedProcess, words: RegExp): void {
  assert.equal(code, 2, `${stdout}\n${stderr}`)
  assert.equal(stdout, '')
  assert.match(stderr, words)
  assert.doesNotMatch(stderr, /^\s+at /m, 'no stack')
}

/** Everything in a folder; nothing where there is none. */
export function listed(directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}

/** Changes a manifest behind the service's back. */
export function editManifest(folder: string, edit: (manifest: ToldBackup['manifest']) => void): void {
  const file = join(folder, 'manifest.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  edit(manifest)
  writeFileSync(file, JSON.stringify(manifest))
}

/** Puts other data into a backup, with a manifest that says that these are the right ones. */
export function forgeData(folder: string, data: Buffer): void {
  editManifest(folder, (manifest) => {
    writeFileSync(join(folder, manifest.data.file), data)
    manifest.data.bytes = data.length
    manifest.data.sha256 = createHash('sha256').update(data).digest('hex')
  })
}

/** One statement on the database, behind the service's back. */
export async function changeDatabase(variables: Variables, statement: string): Promise<void> {
  await readDatabase(variables, statement)
}

/** The rows that a statement gives. */
export async function readDatabase(variables: Variables, statement: string): Promise<unknown[]> {
  const loaded = loadConfig(variables)
  if (!loaded.ok) throw new Error(describeFaults(loaded.faults))
  const database = await openDatabase(loaded.config.database)
  try {
    const { rows } = await database.inTransaction((tx) => sql.raw(statement).execute(tx))
    return rows
  } finally {
    await database.close()
  }
}
