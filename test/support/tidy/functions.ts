import { isSign } from './imports.ts'
import type { Token } from './tokens.ts'

export interface FunctionSpan {
  readonly name: string
  readonly line: number
  readonly lines: number
}

// `if (...) {` opens a block and `catch (...) {` a handler: no function begins there.
const BLOCK_WORDS = new Set(['if', 'for', 'while', 'switch', 'catch', 'with'])
// Inside a return type, a brace after one of these opens an object type and not the body.
const TYPE_GOES_ON = new Set([':', '|', '&', '=>', '<', ',', '(', '[', '?'])
const TYPE_WORDS = new Set(['is', 'asserts', 'extends', 'keyof', 'typeof', 'readonly', 'unique', 'infer', 'new'])
// A suite is a folder of tests, not a function that somebody has to read at once.
const SUITE_WORDS = new Set(['describe', 'suite'])
const TEST_WORDS = new Set([...SUITE_WORDS, 'test', 'it'])

/** Every function with a body in braces: declarations, methods, arrows. Suites of tests are left out. */
export function functionsOf(tokens: readonly Token[]): FunctionSpan[] {
  const pairs = pairsOf(tokens)
  const spans: FunctionSpan[] = []
  tokens.forEach((token, at) => {
    const open = isSign(token, '(') ? bodyAfterParameters(tokens, pairs, at) : arrowBody(tokens, at)
    if (open === null) return
    const close = tokens[pairs.closing.get(open) ?? -1]
    const start = isSign(token, '(') ? signatureStart(tokens, at) : arrowStart(tokens, pairs, at)
    const first = tokens[start]
    if (close === undefined || first === undefined || isSuite(tokens, pairs, { start, open })) return
    spans.push({ name: nameAt(tokens, start), line: first.line, lines: close.line - first.line + 1 })
  })
  return spans
}

interface Pairs {
  readonly closing: ReadonlyMap<number, number>
  readonly opening: ReadonlyMap<number, number>
  /** For each token, the innermost bracket that it stands in. */
  readonly parent: readonly number[]
}

function pairsOf(tokens: readonly Token[]): Pairs {
  const closing = new Map<number, number>()
  const opening = new Map<number, number>()
  const parent: number[] = []
  const stack: number[] = []
  tokens.forEach((token, at) => {
    if (token.kind === 'sign' && ')]}'.includes(token.text)) {
      const open = stack.pop()
      if (open !== undefined) {
        closing.set(open, at)
        opening.set(at, open)
      }
    }
    parent.push(stack.at(-1) ?? -1)
    if (token.kind === 'sign' && '([{'.includes(token.text)) stack.push(at)
  })
  return { closing, opening, parent }
}

/** The `{` of the body when the parentheses opened at `open` are parameters, past a return type if there is one. */
function bodyAfterParameters(tokens: readonly Token[], pairs: Pairs, open: number): number | null {
  const before = tokens[open - 1]
  const word = before?.text === 'await' ? tokens[open - 2]?.text : before?.text
  if (before?.kind === 'word' && word !== undefined && BLOCK_WORDS.has(word)) return null
  const close = pairs.closing.get(open)
  if (close === undefined) return null
  if (isSign(tokens[close + 1], '{')) return close + 1
  return isSign(tokens[close + 1], ':') ? bodyAfterType(tokens, pairs, close + 1) : null
}

function bodyAfterType(tokens: readonly Token[], pairs: Pairs, colon: number): number | null {
  let angles = 0
  for (let at = colon + 1; at < tokens.length; at++) {
    const token = tokens[at]
    const previous = tokens[at - 1]
    if (token === undefined || previous === undefined) return null
    const goesOn = TYPE_GOES_ON.has(previous.text) || TYPE_WORDS.has(previous.text)
    if (isSign(token, '{') && !goesOn && angles === 0) return at
    if (token.kind === 'sign' && '([{'.includes(token.text)) at = pairs.closing.get(at) ?? tokens.length
    else if (isSign(token, '<')) angles++
    else if (isSign(token, '>')) angles--
    else if (angles === 0 && endsType(token, previous)) return null
  }
  return null
}

function endsType(token: Token, previous: Token): boolean {
  if (token.kind === 'sign') return [';', '=', ',', ')', ']', '}', '=>', '?'].includes(token.text)
  const wordAfterWord = token.kind === 'word' && previous.kind === 'word'
  return wordAfterWord && !TYPE_WORDS.has(token.text) && !TYPE_WORDS.has(previous.text)
}

function arrowBody(tokens: readonly Token[], at: number): number | null {
  return isSign(tokens[at], '=>') && isSign(tokens[at + 1], '{') ? at + 1 : null
}

/** Back from the parameters to `async`, `export` or whatever opens the signature on the way. */
function signatureStart(tokens: readonly Token[], open: number): number {
  let at = open
  if (isSign(tokens[at - 1], '>')) at = typeParametersStart(tokens, at - 1)
  while (tokens[at - 1]?.kind === 'word' || isSign(tokens[at - 1], '*')) {
    if (isStatementWord(tokens[at - 1])) break
    at--
  }
  return at
}

function isStatementWord(token: Token | undefined): boolean {
  return token?.kind === 'word' && ['return', 'await', 'yield'].includes(token.text)
}

function typeParametersStart(tokens: readonly Token[], close: number): number {
  let angles = 0
  for (let at = close; at >= 0; at--) {
    if (isSign(tokens[at], '>')) angles++
    if (isSign(tokens[at], '<') && --angles === 0) return at
  }
  return close
}

function arrowStart(tokens: readonly Token[], pairs: Pairs, arrow: number): number {
  const parent = pairs.parent[arrow]
  for (let at = arrow - 1; at >= 0 && pairs.parent[at] === parent; at--) {
    const open = pairs.opening.get(at)
    const isParameters = isSign(tokens[at], ')') && (at === arrow - 1 || isSign(tokens[at + 1], ':'))
    if (open === undefined) continue
    if (isParameters) return signatureStart(tokens, open)
    at = open
  }
  return arrow - 1
}

/** The callback of a `describe`, or a function whose own statements are tests: one contract for several engines. */
function isSuite(tokens: readonly Token[], pairs: Pairs, { start, open }: { start: number; open: number }): boolean {
  const callee = tokens[(pairs.parent[start] ?? -1) - 1]
  if (callee?.kind === 'word' && SUITE_WORDS.has(callee.text)) return true
  const close = pairs.closing.get(open) ?? open
  for (let at = open + 1; at < close; at++) {
    const isCall = tokens[at]?.kind === 'word' && isSign(tokens[at + 1], '(') && !isSign(tokens[at - 1], '.')
    if (isCall && pairs.parent[at] === open && TEST_WORDS.has(tokens[at]?.text ?? '')) return true
  }
  return false
}

const NOT_NAMES = new Set(
  'export async function static public private readonly override get set return await yield const let'.split(' '),
)

/** The name that the signature opens with or is assigned to; for a callback, the call that it is handed to. */
function nameAt(tokens: readonly Token[], start: number): string {
  for (let at = start; tokens[at]?.kind === 'word' || isSign(tokens[at], '*'); at++) {
    const text = tokens[at]?.text ?? ''
    if (text !== '*' && !NOT_NAMES.has(text)) return text
  }
  for (let at = start - 1; at >= Math.max(0, start - 12); at--) {
    const token = tokens[at]
    if (token?.kind === 'word' && !NOT_NAMES.has(token.text)) return token.text
    if (token?.kind === 'sign' && [';', '{', '}'].includes(token.text)) break
  }
  return 'a function'
}
