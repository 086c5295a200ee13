import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAIN_START, displayName, LEVEL_HUNDREDTHS_MAX, levelNumber, parseLevel } from './rules.ts'

test('a level is shown with its hundredths, exactly', () => {
  const shown: [number, number][] = [
    [0, 0],
    [1, 0.01],
    [9, 0.09],
    [10, 0.1],
    [100, 1],
    [9999, 99.99],
    [12_305, 123.05],
  ]
  for (const [hundredths, level] of shown) assert.equal(levelNumber(hundredths), level)
  for (let hundredths = 0; hundredths < 20_000; hundredths++) {
    assert.equal(Math.round(levelNumber(hundredths) * 100), hundredths)
  }
})

test('a level is read exactly as it is shown', () => {
  for (let hundredths = 0; hundredths < 20_000; hundredths++) {
    assert.equal(parseLevel(levelNumber(hundredths)), hundredths)
  }
  assert.equal(parseLevel(levelNumber(LEVEL_HUNDREDTHS_MAX)), LEVEL_HUNDREDTHS_MAX)
  assert.equal(Object.is(parseLevel(-0), 0), true)
})

test('a level with more decimals, a sign, an exponent or too many digits is none', () => {
  for (const level of [0.001, 99.995, 1e-7, 1e21, -1, -0.01, 21_474_836.48, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(parseLevel(level), null, String(level))
  }
})

test('who has no name is called by their number', () => {
  assert.equal(displayName({ user_id: 10001, user_name: '' }), 'Player 10001')
  assert.equal(displayName({ user_id: 10001, user_name: '小明' }), '小明')
})

test('a chain starts with 64 zeros', () => assert.match(CHAIN_START, /^0{64}$/))
