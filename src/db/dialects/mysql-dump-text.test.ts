import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DumpStatement, NotADump, readRows, StatementReader, type WrittenRow } from './mysql-dump-text.ts'

const HEAD = '/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n--\n\n/*!40101 SET NAMES utf8mb4 */;\n'
const TABLE = 'DROP TABLE IF EXISTS `t`;\nCREATE TABLE `t` (\n  `id` bigint(20) NOT NULL\n) ENGINE=InnoDB;\n'
const END = '\n-- Dump completed\n'

function readIn(text: string, pieceLength: number): { statements: DumpStatement[]; completed: boolean } {
  const reader = new StatementReader()
  const statements: DumpStatement[] = []
  for (let at = 0; at < text.length; at += pieceLength)
    statements.push(...reader.push(text.slice(at, at + pieceLength)))
  return { statements, completed: reader.completed }
}

function rowsOf(values: string): WrittenRow[] {
  const rows: WrittenRow[] = []
  const sql = `INSERT INTO \`t\` (\`a\`, \`b\`) VALUES ${values}`
  assert.equal(
    readRows({ kind: 'insert', table: 't', sql }, (row) => void rows.push(row)),
    rows.length,
  )
  return rows
}

test('a dump is read the same in pieces of any length', () => {
  const text = `${HEAD}${TABLE}INSERT INTO \`t\` (\`id\`) VALUES (1),\n(2);\n${END}`
  for (let length = 1; length < 80; length++) {
    const { statements, completed } = readIn(text, length)
    assert.deepEqual(
      statements.map(({ kind, table }) => [kind, table]),
      [
        ['session', ''],
        ['drop', 't'],
        ['create', 't'],
        ['insert', 't'],
      ],
    )
    assert.equal(completed, true)
  }
})

test('a dump that ends before its last line is not complete', () => {
  for (const text of [
    '',
    HEAD,
    `${HEAD}${TABLE}`,
    `${HEAD}${END}INSERT INTO \`t\` (\`id\`) VALUES (1`,
    `${HEAD}-- Dump`,
  ]) {
    assert.equal(readIn(text, 7).completed, false, text)
  }
})

test('what a text says is never taken for the end of it', () => {
  const tricky = ["a'b", 'a\\', "\\'", '),(', ';\n', "'),('", '', 'ü\u0000']
  const written = (text: string): string =>
    `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\0', '\\0')}'`
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom(...tricky)), { minLength: 1 }), (texts) => {
      const rows = texts.map((text, index) => `(${index},${written(text)})`)
      for (const between of [',', ',\n']) {
        assert.deepEqual(
          rowsOf(rows.join(between)),
          texts.map((text, index) => ({ a: String(index), b: written(text) })),
        )
      }
      const statement = `INSERT INTO \`t\` (\`a\`, \`b\`) VALUES ${rows.join(',')}`
      assert.deepEqual(
        readIn(`${statement};\n`, 5).statements.map(({ sql }) => sql),
        [statement],
      )
    }),
  )
})

test('nothing but what a dump of tables needs is taken for a statement of one', () => {
  const evil = [
    'DELETE FROM `t`',
    'GRANT ALL ON *.* TO x',
    'DROP TABLE `t`',
    'DROP TABLE IF EXISTS `t`, `u`',
    'CREATE TRIGGER x',
    'SET GLOBAL a = 1',
    '/*!40101 SET GLOBAL a = 1 */',
    '/*!40101 SET @a = 1, PERSIST b = 2 */',
    '/*!40101 DROP TABLE `t` */',
    '\\! id',
    'INSERT INTO t (a) VALUES (1)',
  ]
  for (const sql of evil) assert.throws(() => readIn(`${sql};\n`, 3), NotADump, sql)
})

test('rows that do not fit their columns are no rows', () => {
  for (const values of ['(1)', '(1,2,3)', '(1,2', "(1,'2)", '(1,2)x(3,4)', '(1,2)(', "(1,'a\\')"]) {
    assert.throws(() => rowsOf(values), NotADump, values)
  }
})
