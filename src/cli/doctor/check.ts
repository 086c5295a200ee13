import type { KnownConfig } from '../../config/config.ts'
import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'

/** What a look at one thing has found. */
export interface Finding {
  readonly passed: boolean
  /** One line, without a secret. */
  readonly said: string
  /** What to do about it; null when it passed. */
  readonly remedy: string | null
  /** What the operator should know and may decide otherwise. */
  readonly notes: readonly string[]
}

/** A line of the checklist. */
export interface Row extends Finding {
  readonly check: string
}

/** What can be looked at. What is faulty in the configuration is missing from `known`. */
export interface Patient {
  readonly known: KnownConfig
  readonly clock: Clock
  /** The database when it is open, null when it cannot be reached or is not known. */
  readonly database: Database | null
  /** Why it is not open; null when it is, or when the configuration does not say where it is. */
  readonly databaseFailure: string | null
}

/** One thing on the checklist. */
export interface Check {
  readonly name: string
  /** Whose faults in the configuration are told here; with one of them the rest is not looked at. */
  readonly variables: readonly string[]
  /** One finding when it passes, one for each thing that is wrong; none when there is nothing to look at. */
  readonly examine: (patient: Patient) => readonly Finding[] | Promise<readonly Finding[]>
}

export function passed(said: string, notes: readonly string[] = []): Finding[] {
  return [{ passed: true, said, remedy: null, notes }]
}

export function failed(said: string, remedy: string): Finding {
  return { passed: false, said, remedy, notes: [] }
}

/** What is wrong, or, when nothing is, that it passed. */
export function unless(
  faults: readonly Finding[],
  well: { said: string; notes?: readonly string[] },
): readonly Finding[] {
  return faults.length > 0 ? faults : passed(well.said, well.notes)
}
