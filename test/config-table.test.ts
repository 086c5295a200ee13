import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { parseEnv } from 'node:util'
import { configTable, envExample, stalePages, withConfigTable } from '../scripts/readme-config-table.ts'
import { loadConfig } from '../src/config/load.ts'
import { localDefaults } from '../src/config/local.ts'
import { VARIABLE_NAMES } from '../src/config/schema.ts'

const MARKS = ['<!-- config-table:start -->', '<!-- config-table:end -->'] as const
const readme = (table: string) => `# Title\n\n${MARKS[0]}\n${table}\n${MARKS[1]}\n\nThe end.\n`

test('the table has one row for each variable, in both languages, with as many cells as its head', () => {
  for (const language of ['en', 'zh'] as const) {
    const rows = configTable(language).split('\n')
    assert.equal(rows.length, VARIABLE_NAMES.length + 2)
    for (const row of rows) assert.equal(row.replaceAll('\\|', '').split('|').length, 6, row)
  }
})

test('the table replaces what stands between its marks and nothing else', () => {
  const once = withConfigTable(readme('old'), 'en')
  assert.equal(once, readme(configTable('en')))
  assert.equal(withConfigTable(once, 'en'), once)
  assert.throws(() => withConfigTable('no marks', 'en'), /config-table:start/)
})

test('the example file, with every line switched on, is the local default', () => {
  const written = parseEnv(envExample().replaceAll(/^#(?=[A-Z_]+=)/gm, ''))
  for (const name of VARIABLE_NAMES) assert.equal(written[name], localDefaults[name] ?? '', name)
  assert.deepEqual(loadConfig(written), loadConfig({}))
})

test('a page that lags behind the schema is found, and one without marks is told apart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pages-'))
  try {
    await writeFile(join(folder, 'README.md'), readme('old'))
    await writeFile(join(folder, 'README.zh-CN.md'), 'no marks')
    await writeFile(join(folder, '.env.example'), envExample())
    const stale = await stalePages(pathToFileURL(`${folder}/`))
    assert.deepEqual(
      stale.map(({ file, fault }) => [file, fault === null]),
      [
        ['README.md', true],
        ['README.zh-CN.md', false],
      ],
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('.env.example says what the schema says', async () => {
  const stale = await stalePages(new URL('../', import.meta.url))
  assert.ok(!stale.some(({ file }) => file === '.env.example'), 'run: npm run readme')
})

test('both READMEs quote the sample of production, which the doctor is tried on, to the letter', async () => {
  const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8')
  const settings = (await read('deploy/online.env.example'))
    .split('\n')
    .filter((line) => line !== '' && !/^#/.test(line))
  const quoted = `\`\`\`sh\n${settings.join('\n')}\n\`\`\``
  for (const page of ['README.md', 'README.zh-CN.md']) assert.ok((await read(page)).includes(quoted), page)
})

test('both READMEs show the tables of variables as the schema has them', async () => {
  const stale = await stalePages(new URL('../', import.meta.url))
  assert.deepEqual(stale, [], 'run: npm run readme')
})
