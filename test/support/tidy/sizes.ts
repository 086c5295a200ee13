import { functionsOf } from './functions.ts'
import type { Breach, Source } from './source.ts'

export const FUNCTION_LINES_MAX = 70
export const FILE_LINES_MAX = 300

/** A file or a function that may be longer, and why. The list may only shrink, and so may each number in it. */
export interface SizeException {
  readonly path: string
  /** The function's name; without it the exception is for the file's own length. */
  readonly functionName?: string
  readonly lines: number
  readonly because: string
}

interface Measured {
  readonly path: string
  readonly line: number
  readonly lines: number
  readonly functionName?: string
}

export function sizeBreaches(sources: readonly Source[], exceptions: readonly SizeException[]): Breach[] {
  const breaches: Breach[] = []
  const used = new Set<SizeException>()
  for (const measured of sources.flatMap(tooLong)) {
    const exception = exceptions.find(
      ({ path, functionName }) => path === measured.path && functionName === measured.functionName,
    )
    if (exception !== undefined) used.add(exception)
    const message = sizeFault(measured, exception)
    if (message !== null) breaches.push({ rule: ruleOf(measured), path: measured.path, line: measured.line, message })
  }
  for (const exception of exceptions) {
    if (used.has(exception)) continue
    const message = `nothing here is too long any more: take ${exception.functionName ?? 'the file'} off the list`
    breaches.push({ rule: ruleOf(exception), path: exception.path, line: 1, message })
  }
  return breaches
}

function tooLong({ path, text, tokens }: Source): Measured[] {
  const fileLines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  const functions = functionsOf(tokens)
    .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
    .map(({ name, line, lines }) => ({ path, line, lines, functionName: name }))
  return fileLines > FILE_LINES_MAX ? [{ path, line: 1, lines: fileLines }, ...functions] : functions
}

function sizeFault({ lines, functionName }: Measured, exception: SizeException | undefined): string | null {
  const what = functionName ?? 'the file'
  const max = functionName === undefined ? FILE_LINES_MAX : FUNCTION_LINES_MAX
  if (exception === undefined) return `${what} has ${lines} lines, ${max} at most`
  if (lines > exception.lines) return `${what} grew from ${exception.lines} to ${lines} lines; exceptions only shrink`
  if (lines < exception.lines) return `${what} shrank to ${lines} lines: write that number into the list`
  return null
}

function ruleOf({ functionName }: { functionName?: string }): string {
  return functionName === undefined ? 'file-length' : 'function-length'
}
