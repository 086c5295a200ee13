import { globSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { EventData } from 'node:test'

/** What must be run by tests: the code that decides about money and players. */
export const COVERAGE_INCLUDE = 'src/features/**/*.ts'
export const COVERAGE_EXCLUDE = '**/*.test.ts'
const LINE_PERCENT_MIN = 90
const BRANCH_PERCENT_MIN = 90
/** How many of the least covered files are worth a line. */
const FILES_SHOWN_MAX = 10

interface FileCoverage {
  readonly path: string
  readonly lines: number
  readonly linesRun: number
  readonly branches: number
  readonly branchesRun: number
}

export interface CoverageVerdict {
  readonly lines: string[]
  readonly faults: string[]
}

/** The figures, least covered files first, and what is below the floor. */
export function coverageVerdict(root: string, { summary }: EventData.TestCoverage): CoverageVerdict {
  const loaded = summary.files.map((file) => ({
    path: relative(root, file.path).split(sep).join('/'),
    lines: file.totalLineCount,
    linesRun: file.coveredLineCount,
    branches: file.totalBranchCount,
    branchesRun: file.coveredBranchCount,
  }))
  const files = [...loaded, ...unloadedFiles(root, new Set(loaded.map(({ path }) => path)))]
  if (files.length === 0) return { lines: [], faults: [`COVERAGE: no file of ${COVERAGE_INCLUDE} was measured`] }
  const linePercent = percent(sum(files, 'linesRun'), sum(files, 'lines'))
  const branchPercent = percent(sum(files, 'branchesRun'), sum(files, 'branches'))
  const faults = [
    ...floorFault('lines', { found: linePercent, min: LINE_PERCENT_MIN }),
    ...floorFault('branches', { found: branchPercent, min: BRANCH_PERCENT_MIN }),
  ]
  const lines = [
    ...leastCovered(files),
    `Coverage of ${COVERAGE_INCLUDE}: lines ${linePercent.toFixed(1)} %, branches ${branchPercent.toFixed(1)} % (${files.length} files)`,
  ]
  return { lines, faults }
}

/**
 * Files that no test ever imported: the runner leaves them out, as if they were not there. They count with all their
 * lines, unless types are all that they hold.
 */
function unloadedFiles(root: string, loaded: ReadonlySet<string>): FileCoverage[] {
  return globSync(COVERAGE_INCLUDE, { cwd: root })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => !path.endsWith('.test.ts') && !loaded.has(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => holdsCode(text))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length, linesRun: 0, branches: 1, branchesRun: 0 }))
}

function holdsCode(text: string): boolean {
  return /^(?:export )?(?:(?:abstract |async )?(?:function|const|let|class)\b|\{|\*)/m.test(text)
}

function leastCovered(files: readonly FileCoverage[]): string[] {
  return files
    .map((file) => ({ ...file, linePercent: percent(file.linesRun, file.lines) }))
    .filter(({ linePercent }) => linePercent < LINE_PERCENT_MIN)
    .sort((a, b) => a.linePercent - b.linePercent)
    .slice(0, FILES_SHOWN_MAX)
    .map(({ path, linePercent }) => `  ${linePercent.toFixed(0).padStart(3)} % ${path}`)
}

function floorFault(what: string, { found, min }: { found: number; min: number }): string[] {
  return found >= min ? [] : [`COVERAGE: ${found.toFixed(1)} % of ${what}, at least ${min} % wanted`]
}

function sum(files: readonly FileCoverage[], key: 'lines' | 'linesRun' | 'branches' | 'branchesRun'): number {
  return files.reduce((total, file) => total + file[key], 0)
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : (part / whole) * 100
}
