import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { auditDatabase } from '../../src/cli/audit/audit-database.ts'
import { runProgram, runProgramUnread } from '../support/child-server.ts'
import { engines } from '../support/engines.ts'
import { type BooksUnderTest, openBooksUnderTest } from './books-under-test.ts'

for (const engine of engines()) {
  describe(`npm run audit on ${engine.name}`, () => {
    let books: BooksUnderTest
    before(async () => {
      books = await openBooksUnderTest(engine)
    })
    afterEach(() => books.mend())
    after(() => books.close())
    const audit = (...args: string[]) => runProgram('src/cli/audit.ts', { args, variables: books.variables })
    const spoil = () =>
      books.plant(({ change, ben }) => change`update users set coins = coins + 1 where user_id = ${ben}`)

    test('says for each invariant that it holds, names the root, and exits with 0', async () => {
      const { code, stdout, stderr } = await audit()
      assert.equal(code, 0, stderr)
      assert.equal(stderr, '')
      assert.match(stdout, /^The books are clean\./)
      assert.equal(stdout.match(/^I\d+ +ok /gm)?.length, 11)
      assert.match(stdout, /Players 7, orders 21, payments 23, ledger transactions \d+, postings \d+\./)
      assert.match(stdout, new RegExp(`Root over all chain heads: ${(await auditDatabase(books.database)).root}`))
      assert.match(stdout, /Took \d+\.\d s\./)
    })

    test('names a breach with its ids and exits with 1', async () => {
      await spoil()
      const { code, stdout } = await audit()
      assert.equal(code, 1)
      assert.match(stdout, /The books are not clean: 1 of 11 invariants are broken\./)
      assert.match(
        stdout,
        /^I2 +1 breach .*\n +a stored balance is not the sum of its postings: user_id=\d+ coins=\d+/m,
      )
    })

    test('prints the same as JSON', async () => {
      await spoil()
      const { code, stdout } = await audit('--json')
      assert.equal(code, 1)
      const report = JSON.parse(stdout)
      const expected = await auditDatabase(books.database)
      assert.deepEqual({ ...report, tookMs: 0 }, JSON.parse(JSON.stringify({ ...expected, tookMs: 0 })))
    })

    test('says by its exit code what it found, also to a reader who has left', async () => {
      assert.deepEqual(await runProgramUnread('src/cli/audit.ts', { variables: books.variables }), {
        code: 0,
        stderr: '',
      })
      await spoil()
      assert.deepEqual(await runProgramUnread('src/cli/audit.ts', { variables: books.variables }), {
        code: 1,
        stderr: '',
      })
    })

    test('keeps quiet when asked to, but for what is broken', async () => {
      const clean = await audit('--quiet')
      assert.deepEqual([clean.code, clean.stdout, clean.stderr], [0, '', ''])
      await spoil()
      const broken = await audit('--quiet')
      assert.equal(broken.code, 1)
      assert.match(broken.stdout, /^I2 +1 breach/)
      assert.equal(broken.stdout.trim().split('\n').length, 2)
    })
  })
}

describe('a command that cannot do its work', () => {
  let directory: string
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'payment-api-command-'))
  })
  after(() => rm(directory, { recursive: true, force: true }))
  const onFile = (name: string) => ({ ENV: 'local', DATABASE_URL: `sqlite:///${join(directory, name)}` })

  test('an audit without a database exits with 2 and makes none', async () => {
    const { code, stdout, stderr } = await runProgram('src/cli/audit.ts', { variables: onFile('none.db') })
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /there is no database at .*none\.db/)
    await assert.rejects(stat(join(directory, 'none.db')), { code: 'ENOENT' })
  })

  test('an audit of a file that is no database exits with 2', async () => {
    await writeFile(
      join(directory, 'notes.txt'),
      'anything but a database, and longer than its header would be\n'.repeat(10),
    )
    const { code, stderr } = await runProgram('src/cli/audit.ts', { variables: onFile('notes.txt') })
    assert.equal(code, 2)
    assert.match(stderr, /cannot open the SQLite file/)
  })

  test('an audit of a database that is out of reach exits with 2', async () => {
    const variables = {
      ENV: 'local',
      DATABASE_URL: 'mysql://root@127.0.0.1:1/payments',
      REDIS_URL: 'redis://127.0.0.1:1',
    }
    const { code, stdout, stderr } = await runProgram('src/cli/audit.ts', { variables })
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /127\.0\.0\.1/)
  })

  test('an audit with a faulty configuration exits with 2 and names the variable', async () => {
    const { code, stderr } = await runProgram('src/cli/audit.ts', {
      variables: { ENV: 'local', DATABASE_URL: 'oracle://x' },
    })
    assert.equal(code, 2)
    assert.match(stderr, /one fault; nothing was done\.\n {2}DATABASE_URL: .*\n {4}Remedy: /)
  })

  test('an audit with an option that there is not exits with 2, not with 1', async () => {
    const { code, stderr } = await runProgram('src/cli/audit.ts', { args: ['--jason'], variables: onFile('none.db') })
    assert.equal(code, 2)
    assert.match(stderr, /unknown option '--jason'/)
  })

  test('a database is migrated and seeded once, and then left as it is', async () => {
    const variables = onFile('new.db')
    const run = async (file: string) => {
      const { code, stdout, stderr } = await runProgram(file, { variables })
      assert.equal(code, 0, stderr)
      return stdout
    }
    assert.match(await run('src/cli/migrate.ts'), /applied 0001-players\.01\n[\s\S]*up to date: \d+ steps applied/)
    assert.match(await run('src/cli/migrate.ts'), /up to date already/)
    assert.match(await run('src/cli/seed.ts'), /com\.funtriolimited\.slots\.casino\.free: seeded/)
    assert.match(await run('src/cli/seed.ts'), /has a catalogue already, left as it is/)
    assert.match(await run('src/cli/audit.ts'), /The books are clean/)
  })

  test('seeding a database without a schema exits with 1 and says what to run', async () => {
    const { code, stderr } = await runProgram('src/cli/seed.ts', { variables: onFile('unmigrated.db') })
    assert.equal(code, 1)
    assert.match(stderr, /npm run migrate/)
  })
})
