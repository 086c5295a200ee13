import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { csvLine, parseCsv } from './csv.ts'

test('cells are read as spreadsheets write them', () => {
  assert.deepEqual(parseCsv('\uFEFFa,b\r\n"1,2","say ""hi"""\n\n,\nlast,"two\nlines"'), [
    { line: 1, cells: ['a', 'b'] },
    { line: 2, cells: ['1,2', 'say "hi"'] },
    { line: 4, cells: ['', ''] },
    { line: 5, cells: ['last', 'two\nlines'] },
  ])
  assert.deepEqual(parseCsv(''), [])
  assert.deepEqual(parseCsv('a,'), [{ line: 1, cells: ['a', ''] }])
  for (const broken of ['"never closed', 'a"b', '"a"b']) assert.equal(parseCsv(broken), null)
})

test('what is written is read again, whatever it holds', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', '1') })
  fc.assert(
    fc.property(fc.array(cell, { minLength: 2, maxLength: 5 }), (cells) => {
      fc.pre(!cells.some((one) => /^[=+\-@\t\r]/.test(one)))
      assert.deepEqual(parseCsv(csvLine(cells)), [{ line: 1, cells }])
    }),
  )
})

test('a cell that a spreadsheet would run is a text, and a number stays one', () => {
  assert.equal(csvLine(['=1+1', '@x', '-19.99', '-x', null, 3]), "'=1+1,'@x,-19.99,'-x,,3")
})
