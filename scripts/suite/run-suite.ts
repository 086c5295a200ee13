import { globSync } from 'node:fs'
import { join, sep } from 'node:path'
import { type EventData, run } from 'node:test'
import { spec } from 'node:test/reporters'
import { pathToFileURL } from 'node:url'
import { COVERAGE_EXCLUDE, COVERAGE_INCLUDE, type CoverageVerdict, coverageVerdict } from './coverage.ts'
import { needsOf, skippedLines, testedLine } from './engines.ts'

const ROOT = join(import.meta.dirname, '../..')
const TEST_GLOBS = ['src/**/*.test.ts', 'test/**/*.test.ts']
/** Test files at once. Two keep two cores busy; more make the race tests wait for the processor. */
const CONCURRENCY = 2
/** A single test that takes longer than this has hung. */
const TEST_TIMEOUT_MS = 120_000

export interface SuiteOptions {
  /** Parts of paths; a file is run when its path contains one of them. Empty: all files. */
  readonly filters: readonly string[]
  readonly namePatterns: readonly string[]
  readonly coverage: boolean
}

interface Tally {
  tests: number
  passed: number
  failed: number
  /** Names of tests that were skipped or are still to do. */
  readonly untested: string[]
  coverage: EventData.TestCoverage | null
}

/** Runs the suite, says what it left out, and ends with the line `N passed, N failed`. The exit code. */
export async function runSuite(options: SuiteOptions): Promise<number> {
  const needs = needsOf(process.env)
  const files = testFiles(options.filters)
  print([testedLine(needs), ...skippedLines(needs)])
  const tally: Tally = { tests: 0, passed: 0, failed: 0, untested: [], coverage: null }
  if (files.length > 0) await runFiles(files, { options, tally })
  const missing = needs.filter(({ isHere, isRequired }) => isRequired && !isHere)
  // A gate that asked for every engine has no reason left to skip a test.
  const maySkip = needs.some(({ isRequired }) => !isRequired)
  const verdict = verdictOf(options, tally)
  const faults = [
    ...verdict.faults,
    ...(tally.tests === 0 ? ['NO TEST RAN'] : []),
    ...(maySkip ? [] : tally.untested.map((name) => `NOT TESTED: ${name}`)),
  ]
  const skipped = maySkip ? tally.untested.map((name) => `SKIPPED: ${name}`) : []
  const failed = tally.failed + missing.length + faults.length
  print([...verdict.lines, ...skipped, ...skippedLines(needs), ...faults])
  print([`${tally.passed} passed, ${failed} failed`])
  return failed === 0 ? 0 : 1
}

/** A run that was to be measured and was not has not passed: the figure is part of the gate. */
function verdictOf({ coverage: isMeasured }: SuiteOptions, { coverage }: Tally): CoverageVerdict {
  if (coverage !== null) return coverageVerdict(ROOT, coverage)
  return {
    lines: [],
    faults: isMeasured ? ['COVERAGE: the run was to be measured, and no measurement came of it'] : [],
  }
}

function testFiles(filters: readonly string[]): string[] {
  return TEST_GLOBS.flatMap((glob) => globSync(glob, { cwd: ROOT }))
    .map((path) => path.split(sep).join('/'))
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter.replace(/^\.\//, ''))))
    .sort()
}

async function runFiles(
  files: readonly string[],
  { options, tally }: { options: SuiteOptions; tally: Tally },
): Promise<void> {
  const events = run({
    cwd: ROOT,
    files: files.map((path) => join(ROOT, path)),
    concurrency: CONCURRENCY,
    testNamePatterns: [...options.namePatterns],
    execArgv: [
      `--test-timeout=${TEST_TIMEOUT_MS}`,
      '--import',
      pathToFileURL(join(import.meta.dirname, 'deadline.ts')).href,
    ],
    coverage: options.coverage,
    coverageIncludeGlobs: [COVERAGE_INCLUDE],
    coverageExcludeGlobs: [COVERAGE_EXCLUDE],
  })
  events.on('test:summary', ({ file, counts }) => {
    if (file !== undefined) return
    const { tests, passed, skipped, todo } = counts
    tally.tests = tests
    tally.passed = passed
    // What was cut off, by its timeout or because its file ended, has not passed either.
    tally.failed = tests - passed - skipped - todo
  })
  events.on('test:coverage', (coverage) => {
    tally.coverage = coverage
  })
  events.on('test:pass', (test) => noteUntested(test, tally))
  events.on('test:fail', (test) => noteUntested(test, tally))
  await report(events)
}

function noteUntested(test: EventData.TestPass | EventData.TestFail, { untested }: Tally): void {
  const reason = test.skip ?? test.todo
  if (reason === undefined || reason === false) return
  untested.push(`${test.name}${typeof reason === 'string' && reason !== '' ? ` (${reason})` : ''}`)
}

/** On a terminal every test is shown; elsewhere only what failed, so that a log stays short enough to be read. */
async function report(events: ReturnType<typeof run>): Promise<void> {
  // The coverage table and the totals are printed by us, after everything else.
  const hidden = process.stdout.isTTY ? ['test:coverage'] : ['test:coverage', 'test:start', 'test:pass']
  const shown = events.compose(async function* (source: AsyncIterable<{ type: string }>) {
    for await (const event of source) if (!hidden.includes(event.type)) yield event
  })
  for await (const text of shown.compose(new spec())) process.stdout.write(text)
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`)
}
