import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import BetterSqlite from 'better-sqlite3'
import { StorageUnavailable } from '../errors.ts'
import { openSqlite } from './sqlite.ts'

// As a restore does it: alone on the old file, which waits meanwhile for whoever opens it, then the new one in its place.
const SWAP = `
  const [file, next] = process.argv.slice(1)
  const lock = new (require('better-sqlite3'))(file)
  lock.exec('begin exclusive')
  process.stdout.write('locked')
  setTimeout(() => {
    require('node:fs').renameSync(next, file)
    lock.close()
  }, 500)
`

test('a file that gives way to another while it is opened is not written to', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'payment-api-open-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const [file, next] = [join(directory, 'payment.db'), join(directory, 'next.db')]
  for (const path of [file, next]) new BetterSqlite(path).exec('create table t (n)').close()
  const restore = spawn(process.execPath, ['-e', SWAP, file, next], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(restore, 'exit')
  await once(restore.stdout, 'data')
  await assert.rejects(
    openSqlite({ file }),
    (error) => error instanceof StorageUnavailable && /another file came into the place of/.test(error.message),
  )
  assert.deepEqual(await ended, [0, null])
  const opened = await openSqlite({ file })
  await opened.close()
})
