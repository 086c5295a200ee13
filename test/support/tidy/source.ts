import { type ImportList, importsOf } from './imports.ts'
import { type Token, tokensOf } from './tokens.ts'

/** A file as the rules see it. Paths are from the root of the repository, with forward slashes. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly tokens: readonly Token[]
  readonly imports: ImportList
  /** Tests may read the environment, the clock and tables: they ask questions, they do not answer players. */
  readonly isTest: boolean
}

/** One broken rule, where it is broken and what to do. */
export interface Breach {
  readonly rule: string
  readonly path: string
  readonly line: number
  readonly message: string
}

export function sourceOf(path: string, text: string): Source {
  const tokens = tokensOf(text)
  return { path, text, tokens, imports: importsOf(path, tokens), isTest: path.endsWith('.test.ts') }
}
