/** Something that the operator must change before the server starts. Never quotes a secret. */
export interface ConfigFault {
  /** The environment variable to change. */
  readonly variable: string
  readonly fault: string
  readonly remedy: string
}

/** What one concern made of its variables: a value, or the faults that stand in its way. Never both. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

export function read<T>(value: T, warnings: readonly string[] = []): Reading<T> {
  return { ok: true, value, warnings }
}

export function faulty(...faults: readonly ConfigFault[]): { ok: false; faults: readonly ConfigFault[] } {
  return { ok: false, faults }
}

export function faultsOf(reading: Reading<unknown>): readonly ConfigFault[] {
  return reading.ok ? [] : reading.faults
}

export function warningsOf(reading: Reading<unknown>): readonly string[] {
  return reading.ok ? reading.warnings : []
}

export function valueIn<T>(reading: Reading<T>): T | null {
  return reading.ok ? reading.value : null
}

/** One reading of several: their values together, or all of their faults. */
export function combine<T extends object>(readings: { readonly [K in keyof T]: Reading<T[K]> }): Reading<T> {
  const entries = Object.entries<Reading<unknown>>(readings)
  const faults = entries.flatMap(([, reading]) => faultsOf(reading))
  if (faults.length > 0) return faulty(...faults)
  const values = entries.flatMap(([name, reading]) => (reading.ok ? [[name, reading.value] as const] : []))
  return read(
    Object.fromEntries(values) as T,
    entries.flatMap(([, reading]) => warningsOf(reading)),
  )
}

// Enough to recognise a typing mistake; a long value would hide the remedy.
const QUOTED_LENGTH_MAX = 40

/** A value as it may be shown in a fault, on one line and short. For what is no secret. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}...` : text)
}

/** All faults in the words that the console shows, each with its remedy, and what came of them. */
export function describeFaults(faults: readonly ConfigFault[], consequence = 'the server did not start'): string {
  const lines = faults.map(({ variable, fault, remedy }) => `  ${variable}: ${fault}\n    Remedy: ${remedy}`)
  const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`
  return [`The configuration has ${count}; ${consequence}.`, ...lines].join('\n')
}
