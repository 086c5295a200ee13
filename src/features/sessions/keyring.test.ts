import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Database } from '../../db/database.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import { openKeyring } from './keyring.ts'
import { openKeySeal } from './seal-key.ts'
import { newKeyMaterial } from './signing-key.ts'
import { VERIFIES_ON_MS } from './signing-key-rules.ts'

const SECRET = 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0GfUo'

/** A keyring over rows that a test may change, and a database that it may take away. */
async function ringOver(t: TestContext, { secret = SECRET } = {}) {
  // The reading of every five seconds is the machine's; here a test says when there is one.
  t.mock.timers.enable({ apis: ['setInterval'] })
  const held = { nowMs: 1_700_000_000_000, isAway: false, readings: 0, rows: [] as object[], hang: Promise.resolve() }
  const told: string[] = []
  const query = {
    selectAll: () => query,
    orderBy: () => query,
    limit: () => query,
    execute: async () => {
      held.readings += 1
      await held.hang
      if (held.isAway) throw new StorageUnavailable('gone')
      return held.rows
    },
  }
  const put = (kid: string, { sealedUnder = SECRET, alg = 'EdDSA' as 'EdDSA' | 'HS256' } = {}): void => {
    const sealed_key = openKeySeal(sealedUnder).seal({ kid, alg, material: newKeyMaterial() })
    const times = { created_at_ms: held.nowMs, signs_from_ms: held.nowMs, revoked_at_ms: null }
    held.rows = [...held.rows, { kid, alg, sealed_key, ...times }]
  }
  const open = async () => {
    const keyring = await openKeyring({
      database: { db: { selectFrom: () => query } } as unknown as Database,
      clock: { nowMs: () => held.nowMs },
      secret,
      given: null,
      report: { sealed: (kid) => void told.push(`sealed ${kid}`), stale: () => void told.push('stale') },
    })
    t.after(() => keyring.close())
    return keyring
  }
  return { held, told, put, open }
}

test('a key that nobody here has seen is asked for at once, and many askers share one reading', async (t) => {
  const { held, put, open } = await ringOver(t)
  const keyring = await open()
  put('new')
  assert.equal(keyring.find('new'), null)
  const found = await Promise.all(Array.from({ length: 500 }, () => keyring.look('new')))
  assert.ok(found.every((key) => key?.kid === 'new'))
  assert.equal(held.readings, 2)
  // Of what cannot be a kid of ours nobody asks the database.
  for (const kid of ['', 'x'.repeat(65), 'a b', '../x']) assert.equal(await keyring.look(kid), null)
  assert.equal(held.readings, 2)
})

test('kids that are made up cost one reading a second, however many there are', async (t) => {
  const { held, open } = await ringOver(t)
  const keyring = await open()
  const startedMs = performance.now()
  for (let round = 0; round < 3; round++) {
    const made = Array.from({ length: 300 }, (_, n) => keyring.look(`made-up-${round}-${n}`))
    assert.ok((await Promise.all(made)).every((key) => key === null))
  }
  const seconds = (performance.now() - startedMs) / 1000
  assert.equal(held.readings, 4)
  assert.ok(seconds >= 2.9, 'no more than one a second')
})

test('more made-up kids than can wait are refused without waiting', async (t) => {
  const { open } = await ringOver(t)
  const keyring = await open()
  const all = Array.from({ length: 1500 }, (_, n) => keyring.look(`made-up-${n}`))
  const first = await Promise.race([all[0], all[1400]?.then(() => 'at once')])
  assert.equal(first, 'at once')
  assert.ok((await Promise.all(all)).every((key) => key === null))
})

test('of tokens by a key that is revoked, or cannot be opened, nobody asks the database and none has to wait', async (t) => {
  const { held, put, open } = await ringOver(t)
  put('revoked')
  held.rows = held.rows.map((row) => ({ ...row, revoked_at_ms: held.nowMs }))
  put('foreign', { sealedUnder: 'another secret altogether' })
  const keyring = await open()
  put('new')
  const dead = Array.from({ length: 1500 }, (_, n) => keyring.look(n % 2 === 0 ? 'revoked' : 'foreign'))
  const young = keyring.look('new')
  assert.ok((await Promise.all(dead)).every((key) => key === null))
  assert.equal(held.readings, 1)
  assert.equal((await young)?.kid, 'new', 'not crowded out')
})

test('with the database away the keys that are known go on, and it is told once', async (t) => {
  const { held, told, put, open } = await ringOver(t)
  put('known')
  const keyring = await open()
  held.isAway = true
  await assert.rejects(keyring.look('unknown'), StorageUnavailable)
  await assert.rejects(keyring.reload(), StorageUnavailable)
  assert.equal(keyring.signer().kid, 'known')
  assert.deepEqual(told, ['stale'])
  held.isAway = false
  await keyring.reload()
  held.isAway = true
  await assert.rejects(keyring.reload(), StorageUnavailable)
  assert.deepEqual(told, ['stale', 'stale'])
})

test('the keys are read again also while nobody uses them', async (t) => {
  const { held, put, open } = await ringOver(t)
  const keyring = await open()
  put('next')
  t.mock.timers.tick(5_000)
  await keyring.close()
  assert.equal(held.readings, 2)
  assert.equal(keyring.signer().kid, 'next')
})

test('a database that hangs is asked once, however long it hangs, and answers all who wait once it is back', async (t) => {
  const { held, put, open } = await ringOver(t)
  const keyring = await open()
  const { promise, resolve } = Promise.withResolvers<void>()
  held.hang = promise
  for (let n = 0; n < 100; n++) {
    t.mock.timers.tick(5_000)
    held.nowMs += 5_000
    keyring.signer()
  }
  put('new')
  const looked = keyring.look('new')
  resolve()
  assert.equal((await looked)?.kid, 'new')
  assert.equal(held.readings, 3)
})

test('what is older than five seconds is read again behind the back of whoever uses it', async (t) => {
  const { held, put, open } = await ringOver(t)
  const keyring = await open()
  put('next')
  assert.equal(keyring.signer().kid, null)
  held.nowMs += 4_999
  assert.equal(keyring.signer().kid, null)
  assert.equal(held.readings, 1)
  held.nowMs += 1
  assert.equal(keyring.signer().kid, null, 'nobody waits for it')
  await keyring.close()
  assert.equal(held.readings, 2)
  assert.equal(keyring.signer().kid, 'next')
})

test('a key that was sealed under another secret is left out and told once, and the others go on', async (t) => {
  const { held, told, put, open } = await ringOver(t)
  put('mine')
  held.nowMs += 1000
  put('foreign', { sealedUnder: 'another secret altogether' })
  const keyring = await open()
  await keyring.reload()
  assert.equal(keyring.signer().kid, 'mine')
  assert.equal(await keyring.look('foreign'), null)
  assert.deepEqual(told, ['sealed foreign'])
})

test('public are the keys of EdDSA alone, for as long as a token by them can live', async (t) => {
  const { held, put, open } = await ringOver(t)
  put('pair')
  held.nowMs += 1000
  put('shared', { alg: 'HS256' })
  const keyring = await open()
  const shown = keyring.publicKeys()
  assert.deepEqual(
    shown.map(({ kid, kty, crv, alg, use }) => [kid, kty, crv, alg, use]),
    [['pair', 'OKP', 'Ed25519', 'EdDSA', 'sig']],
  )
  assert.deepEqual(Object.keys(shown[0] ?? {}).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  held.nowMs += VERIFIES_ON_MS
  assert.deepEqual(keyring.publicKeys(), [])
})

test('with keys of the configuration JWT_SECRET verifies for a token’s life after the start, and no database is asked', async () => {
  const clock = { nowMs: () => nowMs }
  let nowMs = 1_700_000_000_000
  const keyring = await openKeyring({
    ...{ database: {} as Database, clock, secret: SECRET },
    given: [
      { kid: 'first', alg: 'EdDSA', seed: Buffer.from(newKeyMaterial()).toString('base64url') },
      { kid: 'second', alg: 'HS256', secret: 'p4Vt9Xk2Lm7Rb1Zq8Wc5Yn3Hd6Jf0GsTe' },
    ],
    report: { sealed: assert.fail, stale: assert.fail },
  })
  assert.equal(keyring.signer().kid, 'first')
  assert.equal((await keyring.look('second'))?.alg, 'HS256')
  assert.equal(await keyring.look('third'), null)
  assert.equal(keyring.isRetired(null), false)
  nowMs += VERIFIES_ON_MS
  assert.deepEqual([null, 'first', 'second'].map(keyring.isRetired), [true, false, false])
  await keyring.close()
})
