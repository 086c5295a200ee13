import assert from 'node:assert/strict'
import { test } from 'node:test'
import BetterSqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { kyselyOn } from './sqlite-driver.ts'

test('a statement that is in use stays prepared while any number of others come and go', async (t) => {
  const file = new BetterSqlite(':memory:')
  t.after(() => file.close())
  const prepared: string[] = []
  const prepare = file.prepare.bind(file)
  t.mock.method(file, 'prepare', (text: string) => {
    prepared.push(text)
    return prepare(text)
  })
  const db = kyselyOn(file)
  for (let n = 0; n < 1000; n++) {
    if (n % 100 === 0) await sql`select 1 as used`.execute(db)
    await sql.raw(`select ${n} as passing`).execute(db)
  }
  assert.equal(prepared.filter((text) => text.includes('used')).length, 1)
  assert.equal(prepared.length, 1001)
  // What nobody uses is given up: memory stays bounded.
  await sql.raw('select 700 as passing').execute(db)
  assert.equal(prepared.length, 1002)
})
