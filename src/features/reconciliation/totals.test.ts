import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minorUnits, parseCurrency } from '../../kernel/money.ts'
import { openTotals } from './totals.ts'

test('what went back there is what the platform said last, also where it lists the last first', () => {
  const currency = parseCurrency('USD')
  assert.ok(currency)
  const amount = { minor: minorUnits(1999), currency }
  const told = { cause: 'dispute', causeId: 'd', lineNo: null, amount } as const
  const opened = { ...told, state: 'open', occurredAtMs: 1 } as const
  const lost = { ...told, state: 'taken', occurredAtMs: 2 } as const
  const won = { ...told, state: 'undone', occurredAtMs: 3 } as const
  const back = (...words: (typeof opened | typeof lost | typeof won)[]): bigint | undefined => {
    const totals = openTotals()
    totals.addPaid('there', amount)
    for (const word of words) totals.addBackThere('d', word)
    return totals.all()[0]?.there.back
  }
  assert.deepEqual([back(opened), back(opened, lost), back(lost, opened)], [0n, 1999n, 1999n])
  assert.deepEqual([back(opened, lost, won), back(won, lost, opened)], [0n, 0n])
})
