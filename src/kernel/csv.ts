/**
 * Reads comma-separated values as spreadsheets and platforms write them (RFC 4180): cells in quotes may hold commas, quotes
 * and line ends. Lines without a cell are left out. Null where a quote is never closed.
 */
export function parseCsv(text: string): { readonly line: number; readonly cells: readonly string[] }[] | null {
  const rows: { line: number; cells: string[] }[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/gy
  // A byte order mark says nothing here.
  const start = text.startsWith('\uFEFF') ? 1 : 0
  pattern.lastIndex = start
  let line = 1
  let row: { line: number; cells: string[] } = { line, cells: [] }
  while (pattern.lastIndex < text.length || row.cells.length > 0) {
    const match = pattern.exec(text)
    if (match === null) return null
    const [all, quoted, plain = '', end] = match
    row.cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    line += all.match(/\r\n|\n|\r/g)?.length ?? 0
    if (end === ',') {
      if (pattern.lastIndex < text.length) continue
      row.cells.push('')
    }
    if (row.cells.length > 1 || row.cells[0] !== '') rows.push(row)
    row = { line, cells: [] }
    if (pattern.lastIndex >= text.length) break
  }
  return rows
}

/** A line of comma-separated values. A cell that a spreadsheet would take for a formula is made a text. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return cells.map((cell) => csvCell(cell === null ? '' : String(cell))).join(',')
}

function csvCell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) && !/^-?[0-9.]+$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
