import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import Database from 'better-sqlite3'
import { KeyValueUnavailable } from './kv.ts'
import { KeyValueOpenError } from './open-error.ts'
import { openSqliteStore } from './sqlite.ts'

const FOREVER = { ttlMs: null }

function newFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'payment-api-kv-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'kv.db')
}

function heldClock(nowMs = 1_000_000) {
  return {
    now: nowMs,
    nowMs() {
      return this.now
    },
  }
}

test('what was written is there after closing and opening again, with its life', async (t) => {
  const file = newFile(t)
  const clock = heldClock()
  const first = await openSqliteStore({ file, clock })
  await first.set('session', 'kept', { ttlMs: 1_000 })
  await first.increment('count', { ttlMs: 1_000 })
  await first.close()
  const second = await openSqliteStore({ file, clock })
  t.after(() => second.close())
  assert.equal(await second.get('session'), 'kept')
  assert.equal(await second.increment('count', { ttlMs: 1_000 }), 2)
  clock.now += 999
  assert.equal(await second.get('session'), 'kept')
  clock.now += 1
  assert.equal(await second.get('session'), null)
})

test('only our user may read the file and those beside it, also one that was open to all before', async (t) => {
  const file = newFile(t)
  writeFileSync(file, '', { mode: 0o644 })
  const store = await openSqliteStore({ file, clock: heldClock() })
  t.after(() => store.close())
  await store.set('session', 'secret', FOREVER)
  for (const path of [file, `${file}-wal`, `${file}-shm`]) assert.equal(statSync(path).mode & 0o777, 0o600, path)
})

test('three processes open one new file together, and no increment and no first writer is lost', async (t) => {
  const file = newFile(t)
  const script = `
    const { openSqliteStore } = await import(${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)})
    const store = await openSqliteStore({ file: ${JSON.stringify(file)}, clock: { nowMs: () => 1000000 } })
    let firsts = 0, swaps = 0
    for (let n = 0; n < 300; n++) {
      await store.increment('count', { ttlMs: 60000 })
      if (await store.setIfAbsent('first-' + n, 'x', { ttlMs: 60000 })) firsts++
      if (await store.compareAndSet('first-' + n, { expected: 'x', next: 'y', ttlMs: 60000 })) swaps++
      await store.setField('map', process.pid + '-' + n, 'x', { ttlMs: 60000 })
    }
    process.stdout.write(JSON.stringify({ firsts, swaps }))`
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 30_000 })
  const told = (await Promise.all([run(), run(), run()])).map(({ stdout }) => JSON.parse(stdout))
  const store = await openSqliteStore({ file, clock: heldClock() })
  t.after(() => store.close())
  assert.equal(await store.increment('count', { ttlMs: 60_000 }), 901)
  assert.equal((await store.fields('map')).size, 900)
  assert.equal(
    told.reduce((sum, { firsts }) => sum + firsts, 0),
    300,
  )
  assert.equal(
    told.reduce((sum, { swaps }) => sum + swaps, 0),
    300,
  )
})

test('dead rows are swept in small batches until none is left, and the living stay', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const file = newFile(t)
  const clock = heldClock()
  const store = await openSqliteStore({ file, clock })
  const reader = new Database(file, { readonly: true })
  t.after(async () => {
    await store.close()
    reader.close()
  })
  const rows = () => reader.prepare('SELECT count(*) FROM kv').pluck().get()
  for (let n = 0; n < 700; n++) await store.set(`dies-${n}`, 'x', { ttlMs: 1_000 })
  await store.set('lives', 'x', FOREVER)
  await store.set('lives-longer', 'x', { ttlMs: 1_000_000 })
  clock.now += 1_000
  assert.equal(rows(), 702)
  t.mock.timers.tick(30_000)
  assert.equal(rows(), 202)
  t.mock.timers.tick(100)
  assert.equal(rows(), 2)
  await store.set('dies later', 'x', { ttlMs: 1_000 })
  clock.now += 1_000
  t.mock.timers.tick(29_999)
  assert.equal(rows(), 3)
  t.mock.timers.tick(1)
  assert.equal(rows(), 2)
})

test('dead maps are swept too, within the same batch', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const file = newFile(t)
  const clock = heldClock()
  const store = await openSqliteStore({ file, clock })
  const reader = new Database(file, { readonly: true })
  t.after(async () => {
    await store.close()
    reader.close()
  })
  const rows = () => ['kv', 'kv_fields'].map((table) => reader.prepare(`SELECT count(*) FROM ${table}`).pluck().get())
  for (let n = 0; n < 300; n++) await store.set(`dies-${n}`, 'x', { ttlMs: 1_000 })
  for (let n = 0; n < 300; n++) await store.setField(`dies-${n % 7}`, `field-${n}`, 'x', { ttlMs: 1_000 })
  await store.setField('lives', 'field', 'x', { ttlMs: 1_000_000 })
  clock.now += 1_000
  t.mock.timers.tick(30_000)
  assert.deepEqual(rows(), [0, 101])
  assert.equal((await store.fields('dies-6')).size, 0)
  t.mock.timers.tick(100)
  assert.deepEqual(rows(), [0, 1])
})

test('an open store does not keep the process alive', async (t) => {
  const script = `
    const { openSqliteStore } = await import(${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)})
    await openSqliteStore({ file: ${JSON.stringify(newFile(t))}, clock: { nowMs: () => 1 } })`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 15_000 })
})

test('a writer that holds the file makes a write unavailable, not the read, and both work again after it', async (t) => {
  const file = newFile(t)
  const store = await openSqliteStore({ file, clock: heldClock() })
  await store.set('session', 'one', FOREVER)
  const other = new Database(file)
  t.after(async () => {
    await store.close()
    other.close()
  })
  other.exec('BEGIN IMMEDIATE')
  await assert.rejects(store.set('session', 'two', FOREVER), KeyValueUnavailable)
  assert.equal(await store.get('session'), 'one')
  other.exec('ROLLBACK')
  await store.set('session', 'two', FOREVER)
  assert.equal(await store.get('session'), 'two')
})

test('a folder that is not there and a file that is no database are refused by name, with the remedy', async (t) => {
  const file = newFile(t)
  writeFileSync(file, 'this is a shopping list, not a database, and long enough to be looked at'.repeat(20))
  await assert.rejects(openSqliteStore({ file, clock: heldClock() }), (error: Error) => {
    assert.ok(error instanceof KeyValueOpenError)
    assert.match(error.message, /kv\.db can't be used .*may be deleted/)
    return true
  })
  const nowhere = join(file, 'missing', 'kv.db')
  await assert.rejects(openSqliteStore({ file: nowhere, clock: heldClock() }), /folder must exist/)
})

test('a store in memory works and needs no file', async (t) => {
  const store = await openSqliteStore({ file: ':memory:', clock: heldClock() })
  t.after(() => store.close())
  await store.set('session', 'x', FOREVER)
  assert.equal(await store.get('session'), 'x')
})
