import { styleText } from 'node:util'
import type { Row } from './check.ts'

/** How many rows passed and how many did not. */
export function tally(rows: readonly Row[]): { passed: number; failed: number } {
  const passed = rows.filter((row) => row.passed).length
  return { passed, failed: rows.length - passed }
}

/** The checklist in the words that people read; in colours only where `stream` shows them. */
export function describeRows(rows: readonly Row[], { stream }: { stream: NodeJS.WritableStream }): string {
  const paint = (colour: 'green' | 'red' | 'yellow', text: string): string => styleText(colour, text, { stream })
  const width = Math.max(...rows.map(({ check }) => check.length)) + 2
  const { passed, failed } = tally(rows)
  return [
    ...rows.flatMap((row) => [
      `${row.passed ? paint('green', 'pass') : paint('red', 'FAIL')}  ${row.check.padEnd(width)}${row.said}`,
      ...(row.remedy === null ? [] : [`      ${''.padEnd(width)}Remedy: ${row.remedy}`]),
      ...row.notes.map((note) => `      ${''.padEnd(width)}${paint('yellow', 'Note:')} ${note}`),
    ]),
    '',
    `${passed} passed, ${failed} failed`,
  ].join('\n')
}
