import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FieldFault } from '../../kernel/outcome.ts'
import { type Argument, printable, quoted, readItemIds, readPrice, readTime, readWhole } from './arguments.ts'

/** What a reader made of a text, and how many faults it noted. */
function reading<T>(reader: (faults: FieldFault[], argument: Argument) => T, text: string): [T, number] {
  const faults: FieldFault[] = []
  const value = reader(faults, { name: '--it', text })
  assert.ok(faults.every(({ path }) => path === '--it'))
  return [value, faults.length]
}

describe('an argument', () => {
  test('that is a whole number is read exactly, and nothing else is', () => {
    for (const value of [0, 7, 2 ** 53 - 1]) assert.deepEqual(reading(readWhole, String(value)), [value, 0])
    const bad = [
      '',
      ' 1',
      '-1',
      '+1',
      '1.0',
      '1e3',
      '0x10',
      'NaN',
      'Infinity',
      '9007199254740992',
      '1'.repeat(400),
      '１',
    ]
    for (const text of bad) assert.deepEqual(reading(readWhole, text), [null, 1], text)
  })

  test('that is a price is read exactly, in a currency that we know', () => {
    const minorOf = (text: string) => reading(readPrice, text)[0]?.price?.minor
    assert.deepEqual(['USD=19.99', 'usd=20', 'JPY=120', 'KWD=1.005'].map(minorOf), [1999, 2000, 120, 1005])
    assert.deepEqual(reading(readPrice, 'EUR='), [{ currency: 'EUR', price: null }, 0])
    const bad = ['', 'USD', 'USD=-1', 'USD=1.999', 'USD=1e3', 'USD=NaN', 'JPY=1.5', 'XXX=1', '=1', 'USD = 1', 'USD=1\n']
    for (const text of bad) assert.deepEqual(reading(readPrice, text), [null, 1], text)
  })

  test('that is a time has its zone, and is a day that there is', () => {
    const timeOf = (text: string) => new Date(reading(readTime, text)[0] ?? Number.NaN).toISOString()
    const midnight = '2026-12-24T00:00:00.000Z'
    for (const text of [
      '2026-12-24',
      '2026-12-24T00:00Z',
      '2026-12-24t08:00:00+08:00',
      '2026-12-23T23:00:00.000-01:00',
    ]) {
      assert.equal(timeOf(text), midnight, text)
    }
    assert.equal(timeOf('2028-02-29T12:34:56.789Z'), '2028-02-29T12:34:56.789Z')
    const bad = [
      '',
      'now',
      'tomorrow',
      '2026-12-24T18:00',
      '2026-02-30',
      '2026-13-01',
      '2026-12-24T25:00Z',
      '24.12.2026',
    ]
    for (const text of [
      ...bad,
      '1766534400',
      '2027-02-29T00:00Z',
      '2026-12-24T18:00+99:00',
      '+012026-01-01',
      '2026-12-24\n',
    ]) {
      assert.deepEqual(reading(readTime, text), [null, 1], text)
    }
  })

  test('that is a list of items is ids, or all of them', () => {
    assert.deepEqual(reading(readItemIds, '1, 2,33'), [[1, 2, 33], 0])
    assert.deepEqual(reading(readItemIds, 'all'), [[], 0])
    for (const text of ['', ',', '1,,2', '1;2', '-1', 'ALL', '1e3', '99999999999']) {
      assert.deepEqual(reading(readItemIds, text), [null, 1], text)
    }
  })

  test('is shown without what a terminal would obey, and not at any length', () => {
    assert.equal(printable('a\u001b[31m\u0007\u2028b'), 'a\ufffd[31m\ufffd\ufffdb')
    assert.equal(quoted('\u001b'), '"\ufffd"')
    assert.ok(quoted('x'.repeat(100_000)).length < 100)
  })
})
