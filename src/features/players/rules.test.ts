import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAIN_START, displayName, levelNumber } from './rules.ts'

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

test('who has no name is called by their number', () => {
  assert.equal(displayName({ user_id: 10001, user_name: '' }), 'Player 10001')
  assert.equal(displayName({ user_id: 10001, user_name: '小明' }), '小明')
})

test('a chain starts with 64 zeros', () => assert.match(CHAIN_START, /^0{64}$/))
