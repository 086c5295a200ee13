/**
 * Reads the text of a dump as mysqldump and mariadb-dump write it, byte by byte as Latin-1: whatever stands in it, each
 * byte is one character, and no byte of UTF-8 beyond ASCII can be taken for a sign of SQL.
 */

/** A statement of a dump: what it does, to which table, and its text without the semicolon. */
export interface DumpStatement {
  readonly kind: 'session' | 'drop' | 'create' | 'insert'
  /** Empty for a setting of the session. */
  readonly table: string
  readonly sql: string
}

/** The text is not what a dump of ours has in it. */
export class NotADump extends Error {
  override readonly name = 'NotADump'
}

// The programs begin a new statement at 1 MB; only a single row can be longer, and no body that we take is.
const STATEMENT_LENGTH_MAX = 256 * 1024 * 1024
const COMPLETED = '-- Dump completed'

/** Takes a dump in pieces of any length and gives its statements whole. */
export class StatementReader {
  #held = ''
  #searched = 0
  #completed = false

  /** True once the programs' own last line was read: without it a dump was cut off. */
  get completed(): boolean {
    return this.#completed && this.#held === ''
  }

  /** @throws NotADump */
  push(piece: string): DumpStatement[] {
    this.#held += piece
    const statements: DumpStatement[] = []
    for (;;) {
      this.#skipComments()
      // A line break inside a value is written as two characters, so this is where a statement ends.
      const end = this.#startsComment() ? -1 : this.#held.indexOf(';\n', this.#searched)
      if (end === -1) break
      statements.push(statementOf(this.#held.slice(0, end)))
      this.#held = this.#held.slice(end + 2)
      this.#searched = 0
    }
    this.#searched = Math.max(0, this.#held.length - 1)
    if (this.#held.length > STATEMENT_LENGTH_MAX) throw new NotADump('a statement does not end')
    return statements
  }

  #startsComment(): boolean {
    return this.#held.startsWith('--') || /^\/\*M?!999999/.test(this.#held) || this.#held.startsWith('\n')
  }

  #skipComments(): void {
    while (this.#startsComment()) {
      const end = this.#held.indexOf('\n')
      if (end === -1) return
      if (this.#held.startsWith(COMPLETED)) this.#completed = true
      this.#held = this.#held.slice(end + 1)
      this.#searched = 0
    }
  }
}

const NAME = '`((?:[^`]|``)+)`'
/** All that a dump of tables needs. A statement of another kind is not run, whoever wrote it. */
const FORMS: readonly { kind: DumpStatement['kind']; form: RegExp }[] = [
  { kind: 'insert', form: new RegExp(`^INSERT INTO ${NAME} \\(`) },
  { kind: 'create', form: new RegExp(`^CREATE TABLE ${NAME} \\(\n`) },
  { kind: 'drop', form: new RegExp(`^DROP TABLE IF EXISTS ${NAME}$`) },
  { kind: 'session', form: /^\/\*M?!\d{5,6} SET (?!.*\b(?:GLOBAL|PERSIST|PERSIST_ONLY|PASSWORD)\b)[^;]*\*\/$/i },
]

function statementOf(sql: string): DumpStatement {
  for (const { kind, form } of FORMS) {
    const found = form.exec(sql)
    if (found) return { kind, table: (found[1] ?? '').replaceAll('``', '`'), sql }
  }
  throw new NotADump(`it has a statement that no backup has: ${JSON.stringify(sql.slice(0, 60))}`)
}

/** A row as it is written: each value by its column, quotes and all. */
export type WrittenRow = Readonly<Record<string, string>>

const [QUOTE, BACKSLASH, OPEN, CLOSE, COMMA] = [...`'\\(),`].map((sign) => sign.charCodeAt(0))

/** Counts the rows of an INSERT, and gives each to `onRow` when there is one. @throws NotADump */
export function readRows({ sql }: DumpStatement, onRow: ((row: WrittenRow) => void) | null): number {
  const head = /^INSERT INTO `[^(]+` \(([^)]*)\) VALUES\s/.exec(sql)
  if (!head) throw new NotADump('an INSERT does not name its columns')
  const columns = (head[1] ?? '').split(', ').map((name) => name.slice(1, -1))
  let rows = 0
  for (let at = head[0].length; at < sql.length; ) {
    const code = sql.charCodeAt(at)
    if (code !== OPEN) {
      // Between two rows: a comma, and a line break from some versions.
      if (!/[,\s]/.test(sql.charAt(at))) throw new NotADump('an INSERT has something between its rows')
      at += 1
      continue
    }
    const ends = valueEnds(sql, at + 1)
    if (ends.length !== columns.length) throw new NotADump('a row has another number of values than columns')
    if (onRow) onRow(rowOf(sql, { start: at + 1, ends, columns }))
    rows += 1
    at = (ends.at(-1) ?? at) + 1
  }
  return rows
}

/** Where each value of a row ends; the last one at the bracket that closes the row. */
function valueEnds(sql: string, start: number): number[] {
  const ends: number[] = []
  for (let at = start; at < sql.length; at += 1) {
    const code = sql.charCodeAt(at)
    if (code === QUOTE) at = closingQuote(sql, at + 1)
    else if (code === COMMA) ends.push(at)
    else if (code === CLOSE) return [...ends, at]
  }
  throw new NotADump('a row does not end')
}

function closingQuote(sql: string, start: number): number {
  for (let at = start; at < sql.length; at += 1) {
    const code = sql.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (code === QUOTE) return at
  }
  throw new NotADump('a text does not end')
}

function rowOf(sql: string, where: { start: number; ends: readonly number[]; columns: readonly string[] }): WrittenRow {
  const { start, ends, columns } = where
  const values = ends.map((end, index) => sql.slice(index === 0 ? start : (ends[index - 1] ?? 0) + 1, end))
  return Object.fromEntries(columns.map((column, index) => [column, values[index] ?? '']))
}
