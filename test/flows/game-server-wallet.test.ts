import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow, setPlayer, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { change, gameServer } from '../support/game-server.ts'
import { payment } from '../support/test-app.ts'

const MAX = Number.MAX_SAFE_INTEGER

onEveryEngine((on) => {
  const playerWith = async (loginId: string, coins: number) => {
    const server = await gameServer(on.app)
    const player = await on.app.logIn(loginId)
    if (coins > 0) {
      assertDone(await server.change(player.uid, change({ amount: coins, idempotency_key: `${loginId}:start` })))
    }
    return { server, ...player }
  }
  const balanceOf = async (uid: string) => {
    const { coins, tokens } = await playerRow(on.app, uid)
    return { coins, tokens }
  }

  test('a grant comes from the game and a spend goes to it, with its reason and its key', async () => {
    const { server, uid } = await playerWith('moves', 0)
    const granted = await server.change(uid, change({ amount: 300, reason: 'Welcome 礼物 🎁', idempotency_key: 'm-1' }))
    const envelope = { return_code: 1, status_code: 1 }
    assert.deepEqual(assertDone(granted), {
      ...envelope,
      uid,
      currency: 'coins',
      amount: 300,
      balance: { coins: 300, tokens: 0 },
      ledger_seq: 1,
      msg: 'Granted: 300 coins.',
    })
    assertDone(await server.change(uid, change({ currency: 'tokens', amount: 7, idempotency_key: 'm-2' })))
    const zh = { 'accept-language': 'zh' }
    const spent = await server.change(uid, change({ currency: 'tokens', amount: -7, idempotency_key: 'm-3' }), zh)
    assert.deepEqual(assertDone(spent), {
      ...envelope,
      uid,
      currency: 'tokens',
      amount: -7,
      balance: { coins: 300, tokens: 0 },
      ledger_seq: 3,
      msg: '已扣除：7 第三货币。',
    })
    const [last, , first] = assertDone(await server.ledger(uid)).data
    assert.deepEqual([last.kind, last.source_id, last.reason], ['game', 'm-3', 'Slot machine'])
    assert.deepEqual(last.postings, [{ from: `player:${uid}`, to: 'game', currency: 'tokens', amount: 7 }])
    assert.equal(first.reason, 'Welcome 礼物 🎁')
    assert.deepEqual(first.postings, [{ from: 'game', to: `player:${uid}`, currency: 'coins', amount: 300 }])
  })

  test('nobody spends more than there is, and the refusal leaves the key free', async () => {
    const { server, uid } = await playerWith('spends', 100)
    const before = withoutMarks(await stateOf(on.app))
    const tooMuch = change({ amount: -101, idempotency_key: 'spends-1' })
    for (let n = 0; n < 2; n++) assertRefused(await server.change(uid, tooMuch), 409, 'insufficient_balance')
    const noTokens = change({ currency: 'tokens', amount: -1, idempotency_key: 'spends-2' })
    assertRefused(await server.change(uid, noTokens), 409, 'insufficient_balance')
    const everything = change({ amount: -MAX, idempotency_key: 'spends-3' })
    assertRefused(await server.change(uid, everything), 409, 'insufficient_balance')
    assert.deepEqual(withoutMarks(await stateOf(on.app)), before)

    assertDone(await server.change(uid, change({ amount: 1, idempotency_key: 'spends-4' })))
    assert.deepEqual(assertDone(await server.change(uid, tooMuch)).balance, { coins: 0, tokens: 0 })
    assertRefused(
      await server.change(uid, change({ amount: -1, idempotency_key: 'spends-5' })),
      409,
      'insufficient_balance',
    )
  })

  test('a player in debt can spend nothing, and a grant pays the debt off first', async () => {
    const { server, uid } = await playerWith('debt', 0)
    // As a refund of what was spent leaves it.
    await setPlayer(on.app, uid, { coins: -100 })
    assertRefused(
      await server.change(uid, change({ amount: -1, idempotency_key: 'debt-1' })),
      409,
      'insufficient_balance',
    )
    const part = assertDone(await server.change(uid, change({ amount: 60, idempotency_key: 'debt-2' })))
    assert.equal(part.balance.coins, -40)
    assertRefused(
      await server.change(uid, change({ amount: -1, idempotency_key: 'debt-3' })),
      409,
      'insufficient_balance',
    )
    const rest = assertDone(await server.change(uid, change({ amount: 50, idempotency_key: 'debt-4' })))
    assert.equal(rest.balance.coins, 10)
    assert.equal(
      assertDone(await server.change(uid, change({ amount: -10, idempotency_key: 'debt-5' }))).balance.coins,
      0,
    )
    await setPlayer(on.app, uid, { coins: 100 })
  })

  test('a grant never passes what can be counted, with what waits in the inbox', async () => {
    const { server, token, uid } = await playerWith('rich', 0)
    const body = payment({ order_id: 'rich', uid })
    assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body }))
    const grant = (currency: string, amount: number, key: string) =>
      server.change(uid, change({ currency, amount, idempotency_key: key }))
    assertRefused(await grant('coins', MAX - 999, 'rich-1'), 422, 'balance_overflow')
    assert.equal(assertDone(await grant('coins', MAX - 1000, 'rich-1')).balance.coins, MAX)
    assertRefused(await grant('coins', 1, 'rich-2'), 422, 'balance_overflow')
    assertRefused(await grant('tokens', MAX - 21, 'rich-3'), 422, 'balance_overflow')
    assert.equal(assertDone(await grant('tokens', MAX - 22, 'rich-3')).balance.tokens, MAX - 22)
    const claimed = assertDone(await on.app.call('POST', '/api/v1/inbox/claim_all', { token }))
    assert.equal(claimed.balance.tokens, MAX)
    assert.equal(
      assertDone(await server.change(uid, change({ amount: -MAX, idempotency_key: 'rich-4' }))).balance.coins,
      0,
    )
  })

  test('every bad field is told, and none of them moves anything', async () => {
    const { server, uid } = await playerWith('faults', 100)
    const before = withoutMarks(await stateOf(on.app))
    const bad: [string, unknown[]][] = [
      ['amount', [0, -0, 1.5, MAX + 1, -MAX - 1, 1e300, '5', null, true, undefined]],
      ['currency', ['gems', 'COINS', '', 1, null, undefined]],
      [
        'reason',
        ['', 'x'.repeat(201), 'two\nlines', 'a\u0000b', '\u001b[31m', 'two\u2028lines', '\ud800', 5, undefined],
      ],
      ['idempotency_key', ['', 'a b', 'ü', 'x'.repeat(129), 'a\n', 7, null, undefined]],
    ]
    for (const [name, values] of bad) {
      for (const value of values) {
        assertFaults(await server.change(uid, { ...change({ idempotency_key: 'faults-1' }), [name]: value }), name)
      }
    }
    assertFaults(await server.change(uid, {}), 'amount', 'currency', 'idempotency_key', 'reason')
    assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
    const longest = { reason: '🎰'.repeat(200), idempotency_key: `${'!~'.repeat(64)}` }
    assertDone(await server.change(uid, change({ ...longest, amount: 1 })))
    const [entry] = assertDone(await server.ledger(uid, '?limit=1')).data
    assert.deepEqual([entry.reason, entry.source_id], [longest.reason, longest.idempotency_key])
  })

  test('after all of this the books are in order', async () => {
    assert.deepEqual(await balanceOf((await on.app.logIn('debt')).uid), { coins: 100, tokens: 0 })
    await assertBooks(on.app)
  })
})
