import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type CurrencyCode, exponentOf, majorNumber, minorUnits, parseCurrency, parseMajor } from './money.ts'

const currency = (code: string): CurrencyCode => {
  const known = parseCurrency(code)
  assert.ok(known, `${code} is a currency`)
  return known
}
const USD = currency('USD')
const JPY = currency('JPY')
const KWD = currency('KWD')

// The currencies of ISO 4217 whose minor unit is not a hundredth, and the largest of those where it is.
const WHOLE = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ')
const THOUSANDTHS = 'BHD IQD JOD KWD LYD OMR TND'.split(' ')
const HUNDREDTHS = 'USD EUR GBP CNY INR BRL RUB TRY MXN IDR PHP HUF TWD CHF SEK ZAR UAH AED SAR HKD SGD'.split(' ')

describe('currencies', () => {
  test('each has the decimals of ISO 4217', () => {
    for (const code of WHOLE) assert.equal(exponentOf(currency(code)), 0, code)
    for (const code of HUNDREDTHS) assert.equal(exponentOf(currency(code)), 2, code)
    for (const code of THOUSANDTHS) assert.equal(exponentOf(currency(code)), 3, code)
  })

  test('of all three-letter codes 150 to 170 are known, and each reads in lower case too', () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
    const codes = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)))
    const known = codes.filter((code) => parseCurrency(code) !== null)
    assert.ok(known.length >= 150 && known.length <= 170, `${known.length} are known`)
    for (const code of known) assert.equal(parseCurrency(code.toLowerCase()), code)
  })

  test('funds, metals, tests and what is no code are not money', () => {
    for (const code of ['XXX', 'XTS', 'XAU', 'XDR', 'BTC', '', 'US', 'USDT', 'U$D', ' USD', 'ＵＳＤ', '__proto__']) {
      assert.equal(parseCurrency(code), null, code)
    }
  })
})

describe('an amount', () => {
  test('is read exactly, as a number and as a string', () => {
    for (const [wire, minor] of [
      [19.99, 1999],
      ['19.99', 1999],
      ['19.990', 1999],
      ['19.9', 1990],
      [0.1, 10],
      [0.07, 7],
      [1.15, 115],
      [4.35, 435],
      [1000, 100_000],
      [0, 0],
      ['00.10', 10],
    ] as const) {
      assert.equal(parseMajor(wire, USD)?.minor, minor, String(wire))
    }
    assert.equal(parseMajor(500, JPY)?.minor, 500)
    assert.equal(parseMajor('500.00', JPY)?.minor, 500)
    assert.equal(parseMajor('1.234', KWD)?.minor, 1234)
  })

  test('with more decimals than its currency has is none', () => {
    assert.equal(parseMajor('19.999', USD), null)
    assert.equal(parseMajor(0.1 + 0.2, USD), null)
    assert.equal(parseMajor(1.5, JPY), null)
    assert.equal(parseMajor('1.2345', KWD), null)
  })

  test('that is no plain decimal is none', () => {
    const texts = [
      '',
      ' ',
      '-1',
      '+1',
      '1e3',
      '1,00',
      '.5',
      '5.',
      '1.2.3',
      '0x10',
      'NaN',
      'Infinity',
      '１',
      '1 ',
      '1\n',
    ]
    for (const text of texts) assert.equal(parseMajor(text, USD), null, JSON.stringify(text))
    for (const number of [-1, -0.01, Number.NaN, Number.POSITIVE_INFINITY, 1e21, 1e-7]) {
      assert.equal(parseMajor(number, USD), null, String(number))
    }
  })

  test('that cannot be counted exactly is none', () => {
    assert.equal(parseMajor('90071992547409.91', USD)?.minor, Number.MAX_SAFE_INTEGER)
    assert.equal(parseMajor('90071992547409.92', USD), null)
    assert.equal(parseMajor('9007199254740991', JPY), null)
    assert.equal(parseMajor('999999999999999', KWD), null)
  })

  test('comes back as it was written, in every currency', () => {
    const currencies = [...WHOLE, ...HUNDREDTHS, ...THOUSANDTHS].map(currency)
    // Above 2^53 / 1000 a JSON number no longer holds three decimals exactly.
    const amounts = fc.integer({ min: 0, max: 9_007_199_254_740 })
    fc.assert(
      fc.property(amounts, fc.constantFrom(...currencies), (minor, code) => {
        const shown = majorNumber({ minor: minorUnits(minor), currency: code })
        assert.equal(parseMajor(shown, code)?.minor, minor)
        assert.equal(parseMajor(String(shown), code)?.minor, minor)
        const wire = JSON.parse(JSON.stringify({ shown })) as { shown: number }
        assert.equal(parseMajor(wire.shown, code)?.minor, minor)
      }),
      { numRuns: 2000 },
    )
  })

  test('is never misread: any text is none, or exactly the digits that it shows', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{0,17}(\.[0-9]{0,17})?$/), fc.double().map(String))
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseMajor(text, USD)
        if (!read) return
        const [whole = '', decimals = ''] = text.split('.')
        assert.equal(BigInt(read.minor), BigInt(whole + decimals.slice(0, 2).padEnd(2, '0')))
        assert.match(decimals.slice(2), /^0*$/)
      }),
      { numRuns: 2000 },
    )
  })
})

test('minor units are whole, safe and never negative', () => {
  for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1]) {
    assert.throws(() => minorUnits(wrong), /minor units/)
  }
  assert.equal(minorUnits(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
})
