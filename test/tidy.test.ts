import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { breachesIn, describeBreaches, RULE_NAMES, readSources } from './support/tidy/check.ts'
import { SIZE_EXCEPTIONS } from './support/tidy/exceptions.ts'
import { functionsOf } from './support/tidy/functions.ts'
import { CLEAN, PLANTED } from './support/tidy/planted.ts'
import { sourceOf } from './support/tidy/source.ts'
import { tokensOf } from './support/tidy/tokens.ts'

const sourcesOf = (files: Readonly<Record<string, string>>) =>
  Object.entries(files).map(([path, text]) => sourceOf(path, text))

test('the house is tidy', () => {
  const sources = readSources(join(import.meta.dirname, '..'))
  // A checker that reads nothing finds nothing.
  assert.ok(sources.some(({ path }) => path === 'src/kernel/money.ts'))
  assert.ok(sources.some(({ path }) => path === 'test/tidy.test.ts'))
  const breaches = breachesIn(sources, SIZE_EXCEPTIONS)
  if (breaches.length > 0) assert.fail(`\n${describeBreaches(breaches)}`)
})

test('every dependency has a line that says why, and no line outlives its dependency', () => {
  const root = join(import.meta.dirname, '..')
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const installed = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
  const page = readFileSync(join(root, 'docs/decisions/0002-dependencies.md'), 'utf8')
  const explained = Array.from(page.matchAll(/^\| `([^`]+)` \|/gm), ([, name]) => name)
  assert.deepEqual(explained.toSorted(), installed.toSorted())
})

describe('the checker sees', () => {
  for (const { rule, what, files, at } of PLANTED) {
    test(`${what} [${rule}]`, () => {
      const found = breachesIn(sourcesOf(files), []).map((breach) => `${breach.rule} ${breach.path}:${breach.line}`)
      assert.ok(found.includes(`${rule} ${at}`), `expected ${rule} ${at}, found: ${found.join(', ') || 'nothing'}`)
    })
  }

  test('a breach of every rule that it knows', () => {
    const planted = new Set(PLANTED.map(({ rule }) => rule))
    assert.deepEqual([...planted].sort(), [...RULE_NAMES].sort())
  })
})

test('what only looks like a breach is left alone', () => {
  assert.equal(describeBreaches(breachesIn(sourcesOf(CLEAN), [])), '')
})

test('a size exception only shrinks: growing, shrinking unnoticed and lingering are all reported', () => {
  const path = 'src/http/a.ts'
  const breaches = (lines: number, allowed: number) =>
    breachesIn(sourcesOf({ [path]: 'work()\n'.repeat(lines) }), [{ path, lines: allowed, because: 'a test' }])
  assert.equal(describeBreaches(breaches(310, 310)), '')
  assert.match(describeBreaches(breaches(311, 310)), /grew from 310 to 311/)
  assert.match(describeBreaches(breaches(309, 310)), /shrank to 309/)
  assert.match(describeBreaches(breaches(300, 310)), /off the list/)
})

test('functions are measured from their signature to their last brace', () => {
  const text = [
    'export async function first<T extends { a: string }>(',
    '  input: T,',
    '): Promise<{ b: T }> {',
    '  if (input.a) { work() }',
    '}',
    'const second = async ({ a }: Input): Promise<void> => {',
    '  while (a) { work() }',
    '}',
    'class Third {',
    '  get value(): string {',
    `    return \`\${(() => { return 1 })()}\``,
    '  }',
    '}',
    'function aFolderOfTests() {',
    `  test('one', () => {`,
    '    work()',
    '  })',
    '}',
  ].join('\n')
  const found = functionsOf(tokensOf(text)).map(({ name, line, lines }) => `${name} ${line} ${lines}`)
  assert.deepEqual(found, ['first 1 5', 'second 6 3', 'value 10 3', 'a function 11 1', 'test 15 3'])
})
