/**
 * Cuts TypeScript into tokens, so that a rule never trips over a word in a comment or a string. It knows strings,
 * templates with code inside, comments and regular expressions, and no grammar: enough for the house rules, which the
 * compiler (it offers no API for this) can't check for us.
 */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'sign'
  /** The text as written; of a string or a template, what stands between its quotes. */
  readonly text: string
  readonly line: number
}

// Longest first. `>` stays alone, so that the end of nested type arguments never looks like a shift.
const SIGNS = ['...', '=>', '===', '!==', '??=', '||=', '&&=', '?.', '??', '||', '&&', '==', '!=', '<=', '++', '--']
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$]*/uy
const NUMBER = /\.?[0-9](?:[eE][+-]|[\w.])*/y
// After these words a slash opens a regular expression; after any other word it divides.
const BEFORE_REGEX = new Set('return typeof case in of delete void throw new else do instanceof await yield'.split(' '))

interface Cursor {
  readonly text: string
  at: number
  line: number
  readonly tokens: Token[]
  /** For each open `{`: true when it is the `${` of a template, which then goes on at its `}`. */
  readonly braces: boolean[]
}

export function tokensOf(text: string): Token[] {
  const cursor: Cursor = { text, at: 0, line: 1, tokens: [], braces: [] }
  if (text.startsWith('#!')) skipTo(cursor, lineEnd(cursor))
  while (cursor.at < text.length) readNext(cursor)
  return cursor.tokens
}

function readNext(cursor: Cursor): void {
  const { text, at } = cursor
  const char = text.charAt(at)
  if (/\s/.test(char)) skipTo(cursor, at + 1)
  else if (text.startsWith('//', at)) skipTo(cursor, lineEnd(cursor))
  else if (text.startsWith('/*', at)) skipTo(cursor, endOf(text, { mark: '*/', from: at + 2 }))
  else if (char === "'" || char === '"') readString(cursor, char)
  else if (char === '`') readTemplate(cursor)
  else if (char === '/' && regexMayStart(cursor.tokens.at(-1))) readRegex(cursor)
  else readPlain(cursor)
}

function readPlain(cursor: Cursor): void {
  const word = matchAt(WORD, cursor)
  const number = word === null ? matchAt(NUMBER, cursor) : null
  if (word !== null) push(cursor, { kind: 'word', text: word })
  else if (number !== null) push(cursor, { kind: 'number', text: number })
  else readSign(cursor)
}

function readSign(cursor: Cursor): void {
  const sign = SIGNS.find((candidate) => cursor.text.startsWith(candidate, cursor.at)) ?? cursor.text.charAt(cursor.at)
  if (sign === '{') cursor.braces.push(false)
  const closesTemplateCode = sign === '}' && cursor.braces.pop() === true
  push(cursor, { kind: 'sign', text: sign })
  if (closesTemplateCode) readTemplateText(cursor)
}

function readString(cursor: Cursor, quote: string): void {
  const end = closingIndex(cursor, { from: cursor.at + 1, closes: (char) => char === quote || char === '\n' })
  pushSpan(cursor, { kind: 'string', textFrom: cursor.at + 1, textTo: end, next: end + 1 })
}

function readTemplate(cursor: Cursor): void {
  skipTo(cursor, cursor.at + 1)
  readTemplateText(cursor)
}

/** Reads template text up to its end or to the next `${`, whose code is then cut like any other. */
function readTemplateText(cursor: Cursor): void {
  const { text } = cursor
  const closes = (char: string, at: number) => char === '`' || (char === '$' && text.charAt(at + 1) === '{')
  const end = closingIndex(cursor, { from: cursor.at, closes })
  const opensCode = text.charAt(end) === '$'
  pushSpan(cursor, { kind: 'template', textFrom: cursor.at, textTo: end, next: opensCode ? end : end + 1 })
  if (!opensCode) return
  cursor.at += 1
  cursor.braces.push(true)
  push(cursor, { kind: 'sign', text: '{' })
}

function readRegex(cursor: Cursor): void {
  let inClass = false
  const closes = (char: string) => {
    if (char === '[') inClass = true
    if (char === ']') inClass = false
    return char === '\n' || (char === '/' && !inClass)
  }
  const end = closingIndex(cursor, { from: cursor.at + 1, closes })
  pushSpan(cursor, { kind: 'regex', textFrom: cursor.at + 1, textTo: end, next: end + 1 })
}

function regexMayStart(previous: Token | undefined): boolean {
  if (previous === undefined) return true
  if (previous.kind === 'word') return BEFORE_REGEX.has(previous.text)
  return previous.kind === 'sign' && ![')', ']', '}', '++', '--'].includes(previous.text)
}

interface Search {
  readonly from: number
  readonly closes: (char: string, at: number) => boolean
}

/** Where the first closing character stands that no backslash escapes; the end of the text when there is none. */
function closingIndex({ text }: Cursor, { from, closes }: Search): number {
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '\\') at++
    else if (closes(char, at)) return at
  }
  return text.length
}

interface Span {
  readonly kind: Token['kind']
  readonly textFrom: number
  readonly textTo: number
  readonly next: number
}

function pushSpan(cursor: Cursor, { kind, textFrom, textTo, next }: Span): void {
  cursor.tokens.push({ kind, text: cursor.text.slice(textFrom, textTo), line: cursor.line })
  skipTo(cursor, next)
}

function push(cursor: Cursor, token: Omit<Token, 'line'>): void {
  cursor.tokens.push({ ...token, line: cursor.line })
  cursor.at += token.text.length
}

function skipTo(cursor: Cursor, next: number): void {
  for (let at = cursor.at; at < next; at++) if (cursor.text.charAt(at) === '\n') cursor.line++
  cursor.at = next
}

function matchAt(pattern: RegExp, { text, at }: Cursor): string | null {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? null
}

function lineEnd({ text, at }: Cursor): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

function endOf(text: string, { mark, from }: { mark: string; from: number }): number {
  const at = text.indexOf(mark, from)
  return at === -1 ? text.length : at + mark.length
}
