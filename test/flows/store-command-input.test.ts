import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { runProgram, temporaryDirectory } from '../support/child-server.ts'
import { APP_ID, startApp, type TestApp } from '../support/test-app.ts'

const SQL = "1'; drop table items; --"

// What is typed, the exit code, and what is said of it, all of it.
const HOSTILE: readonly (readonly [args: readonly string[], code: number, told: readonly RegExp[]])[] = [
  [
    [
      'set',
      '1',
      '--coins',
      'NaN',
      '--tokens',
      '-5',
      '--bonus',
      '1e3',
      '--first-bonus',
      '5000',
      '--price',
      'USD=1.999',
      '--price',
      'XXX=1',
      '--price',
      'EUR=',
      '--name-en',
      '',
      '--act-items',
      '{"__proto__": 1}',
      '--note',
      'a\u001b[31m',
    ],
    1,
    [
      /^Nothing was done: 10 faults\.$/m,
      ...[/--coins: "NaN"/, /--tokens: "-5"/, /--bonus: "1e3"/, /first_charge_bonus_percent: must be .* 0 to 1000/],
      ...[/--price: "USD=1\.999"/, /--price: "XXX=1"/, /--price: EUR= removes/, /items\.1\.name_en: must have/],
      ...[/--act-items: /, /note: must be at most 255 characters/],
    ],
  ],
  [
    ['set', '1', '--coins', '99999999999999999999', '--tokens', '9007199254740991'],
    1,
    [/--coins: /, /items\.1\.tokens: /],
  ],
  [
    ['set', '1', '--price', 'USD=', '--on-sale', '--off-sale'],
    1,
    [/items\.1\.price: must be at least one/, /--off-sale: contradicts/],
  ],
  [['set', '1', '--price', 'USD=1', '--price', 'usd=2'], 1, [/USD is given twice/]],
  [
    ['set', '1', '--name-zh', 'a\u0000b'.replace('\u0000', '\u0001'), '--name-en', 'x'.repeat(10_000)],
    1,
    [/name_zh/, /name_en/],
  ],
  [['set', '1', '--act-items', '[{"id":"a","name":"b","num":1.5}]'], 1, [/--act-items/]],
  [['set', '1', '--act-items', '[{"id":"a","name":"b","num":1,"more":1}]'], 1, [/--act-items/]],
  [['set', '1', '--act-items', '[[[['], 1, [/--act-items/]],
  [['set', SQL, '--coins', '1'], 1, [/<item id>/]],
  [['set', '-7', '--coins', '1'], 1, [/<item id>/]],
  [
    ['set', '2147483648', '--name-en', 'a', '--name-zh', 'b', '--price', 'USD=1', '--coins', '1', '--tokens', '1'],
    1,
    [/items\.2147483648\.id/],
  ],
  [
    ['set', '77', '--coins', '5'],
    1,
    [/--name-en: is needed/, /--name-zh: is needed/, /--price: is needed/, /--tokens: is needed/],
  ],
  [
    ['promote', SQL, '--bonus', '0', '--from', '2026-02-30', '--until', 'tomorrow', '--items', '1;2'],
    1,
    [/\.id: /, /bonus_percent/, /--from/, /--until/, /--items/],
  ],
  [
    ['promote', 'p', '--bonus', '5', '--from', '2026-01-02', '--until', '2026-01-01', '--items', '1,99'],
    1,
    [/ends_at_ms: must be after/, /there is no item 99/],
  ],
  [['promote', 'p'], 1, [/--bonus: is needed/, /--from: is needed/, /--until: is needed/]],
  [['promote', 'p', '--end', '--bonus', '5'], 1, [/stands alone/, /no such promotion/]],
  [['promote', 'p', '--remove'], 1, [/no such promotion/]],
  [['gift', '8', '--coins', 'many'], 1, [/<day>: must be/, /--coins/]],
  [['gift', '1', '--coins', '0', '--tokens', '0'], 1, [/daily_gifts\.1: must give at least one/]],
  [['revert', '999'], 1, [/version "999" is not kept/]],
  [['revert', SQL], 1, [/<version>/]],
  [['show', '0'], 1, [/is not kept/]],
  [['history', '--limit', '101'], 1, [/--limit: must be 1 to 100/]],
  [['history', '--limit', '-1'], 1, [/--limit/]],
  [['set', '1', '--expect-version', 'x', '--coins', 'y'], 1, [/--expect-version/, /--coins/]],
  [['set', '1', '--coin', '5'], 2, [/unknown option '--coin'/]],
  [['set', '--coins', '5'], 2, [/missing required argument/]],
  [['set', '1', '2', '--coins', '5'], 2, [/too many arguments/]],
  [['set', '1', '--coins'], 2, [/argument missing/]],
  [['sell', '1'], 2, [/unknown command 'sell'/]],
]

const AT_ONCE = 4

// On one engine: what is refused while it is read meets no database.
describe('a command about the store that was typed wrongly', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.close())
  const run = (args: readonly string[]) => runProgram('src/cli/store.ts', { args, variables: app.variables })
  const everything = async () => {
    const { db } = app.service.database
    const tables = [
      'catalogues',
      'items',
      'item_prices',
      'promotions',
      'daily_gift_days',
      'catalogue_versions',
    ] as const
    return Promise.all(tables.map((table) => db.selectFrom(table).selectAll().execute()))
  }

  test('whatever is typed wrongly is told, all of it at once, and changes nothing', async () => {
    const untouched = await everything()
    for (let from = 0; from < HOSTILE.length; from += AT_ONCE) {
      await Promise.all(
        HOSTILE.slice(from, from + AT_ONCE).map(async ([[command = '', ...args], code, told]) => {
          const what = `${command} ${args.join(' ')}`.slice(0, 200)
          const said = await run([command, '--app', APP_ID, ...args])
          assert.deepEqual([said.code, said.stdout], [code, ''], `${what}: ${said.stderr}`)
          for (const words of told) assert.match(said.stderr, words, what)
          // biome-ignore lint/suspicious/noControlCharactersInRegex: none may reach the terminal.
          assert.doesNotMatch(said.stderr, /[\u0000-\u0009\u000b-\u001f]|\n {4}at |Error:/, what)
        }),
      )
    }
    assert.deepEqual(await everything(), untouched)
  })

  test('an app that there is not, or none of two, is told with those that there are', async () => {
    for (const args of [['list'], ['list', '--app', 'nope\u001b'], ['set', '1', '--coins', '5', '--app', SQL]]) {
      const { code, stdout, stderr } = await run(args)
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, /: APPS names com\.funtriolimited\.slots\.casino\.free, com\.example\.other\n$/)
    }
  })

  test('an app without a store is told what to run, and is given none', async (t) => {
    const variables = { DATABASE_URL: `sqlite:///${join(temporaryDirectory(t), 'unseeded.db')}` }
    assert.equal((await runProgram('src/cli/migrate.ts', { variables })).code, 0)
    for (const args of [['list'], ['set', '1', '--coins', '5'], ['list']]) {
      const { code, stdout, stderr } = await runProgram('src/cli/store.ts', { args, variables })
      assert.deepEqual([code, stdout], [1, ''])
      assert.equal(stderr, `Nothing was done: ${APP_ID} has no store yet; run \`npm run seed\`.\n`)
    }
  })

  test('a program is told its faults as JSON', async () => {
    const { code, stdout, stderr } = await run(['set', '1', '--app', APP_ID, '--bonus', '5000', '--json'])
    assert.deepEqual([code, stderr], [1, ''])
    assert.deepEqual(JSON.parse(stdout), {
      app_id: APP_ID,
      error: 'invalid_fields',
      details: [{ path: 'items.1.bonus_percent', message: 'must be a whole number from 0 to 1000' }],
    })
  })
})
