import { posix } from 'node:path'
import type { Token } from './tokens.ts'

/** One way out of a file: an import, a re-export, a dynamic import, or a path to another of our files in a string. */
export interface Import {
  readonly specifier: string
  /** The file of ours that it names, from the root of the repository; null when it names a package. */
  readonly target: string | null
  readonly typeOnly: boolean
  /** The names taken, as the other file exports them; `*` for everything. */
  readonly names: readonly string[]
  readonly line: number
}

export interface ImportList {
  readonly imports: readonly Import[]
  /** Lines of dynamic imports whose target only the running program knows: no door can be checked there. */
  readonly unreadableLines: readonly number[]
}

interface Found {
  readonly specifier: string
  readonly typeOnly: boolean
  readonly names: readonly string[]
}

export function importsOf(path: string, tokens: readonly Token[]): ImportList {
  const imports: Import[] = []
  const unreadableLines: number[] = []
  const seen = new Set<number>()
  const add = (found: Found, at: number): void => {
    const token = tokens[at]
    if (token === undefined) return
    imports.push({ ...found, target: targetOf(path, found.specifier), line: token.line })
  }
  tokens.forEach((token, at) => {
    if (token.kind === 'string' && isOurFile(token.text) && !seen.has(at)) {
      add({ specifier: token.text, typeOnly: false, names: ['*'] }, at)
    }
    if (token.kind !== 'word' || tokens[at - 1]?.text === '.') return
    if (token.text === 'import' || token.text === 'export') {
      const from = statementTarget(tokens, at)
      if (from !== null) {
        seen.add(from.at)
        add(from, at)
      }
    }
    if (['import', 'require'].includes(token.text) && isSign(tokens[at + 1], '(')) {
      const argument = tokens[at + 2]
      if (argument?.kind !== 'string') unreadableLines.push(token.line)
      else {
        seen.add(at + 2)
        add({ specifier: argument.text, typeOnly: false, names: ['*'] }, at)
      }
    }
  })
  return { imports, unreadableLines }
}

/** The target of `import ... from 'x'`, `import 'x'` or `export ... from 'x'`; null for any other statement. */
function statementTarget(tokens: readonly Token[], start: number): (Found & { at: number }) | null {
  const isExport = tokens[start]?.text === 'export'
  const first = tokens[start + 1]
  if (first === undefined || isSign(first, '(') || isSign(first, '.')) return null
  if (first.kind === 'string') return { specifier: first.text, typeOnly: false, names: [], at: start + 1 }
  // `import type from './x.ts'` would import a default export called "type": the house has none.
  const wholeIsType = first.text === 'type' && tokens[start + 2]?.text !== 'from'
  let at = wholeIsType ? start + 2 : start + 1
  // An export that re-exports begins with `{` or `*`; anything else declares something here.
  if (isExport && !isSign(tokens[at], '{') && !isSign(tokens[at], '*')) return null
  const clause: Token[] = []
  while (at < tokens.length && !(tokens[at]?.text === 'from' && tokens[at + 1]?.kind === 'string')) {
    const token = tokens[at]
    const ends = token === undefined || (clause.at(-1)?.text === '}' && isSign(clause.at(-1), '}'))
    if (ends) return null
    clause.push(token)
    at++
  }
  const specifier = tokens[at + 1]
  if (specifier === undefined) return null
  const named = namesIn(clause)
  const typeOnly = wholeIsType || (named.length > 0 && named.every((name) => name.typeOnly))
  return { specifier: specifier.text, typeOnly, names: named.map((name) => name.name), at: at + 1 }
}

interface Name {
  readonly name: string
  readonly typeOnly: boolean
}

/** The names in `{ a, type B, c as d }`, `* as all` or a default import. */
function namesIn(clause: readonly Token[]): Name[] {
  const names: Name[] = []
  for (let at = 0; at < clause.length; at++) {
    const token = clause[at]
    if (token === undefined) break
    if (isSign(token, '*')) names.push({ name: '*', typeOnly: false })
    if (token.kind !== 'word') continue
    const next = clause[at + 1]
    const isTypeMark = token.text === 'type' && next?.kind === 'word' && next.text !== 'as'
    if (isTypeMark) at++
    names.push({ name: isTypeMark ? next.text : token.text, typeOnly: isTypeMark })
    if (clause[at + 1]?.text === 'as') at += 2
  }
  return names.filter((name) => name.name !== 'as')
}

function targetOf(path: string, specifier: string): string | null {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null
}

/** A worker or a child process is started from a path in a string: that is a door too. */
function isOurFile(text: string): boolean {
  return /^\.{1,2}\/[\w./-]+\.ts$/.test(text)
}

export function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text
}
