/** Aligns columns: cells of numbers stand to the right. The first row is the head. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

function padded(cell: string, width: number): string {
  const blanks = ' '.repeat(width - widthOf(cell))
  return /^[0-9]+(?: %)?$/.test(cell) ? blanks + cell : cell + blanks
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const WITHOUT_WIDTH = /[\p{M}\p{Cf}]/u

// Chinese characters and emoji take two columns of a terminal.
function widthOf(text: string): number {
  return [...text].reduce((sum, one) => sum + (WITHOUT_WIDTH.test(one) ? 0 : WIDE.test(one) ? 2 : 1), 0)
}
