import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { setPlayer } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { OTHER_APP_ID, payment } from '../support/test-app.ts'

// id, price, coins, base, tokens and per cent on a first charge, tokens and per cent later.
const STORE: readonly (readonly number[])[] = [
  [1, 19.99, 1000, 20, 22, 10, 20, 0],
  [2, 29.99, 2000, 30, 33, 10, 30, 0],
  [3, 49.99, 5000, 50, 55, 10, 50, 0],
  [4, 99.99, 10_000, 100, 115, 15, 101, 1],
  [5, 199.99, 20_000, 200, 230, 15, 204, 2],
  [6, 399.99, 40_000, 400, 500, 25, 416, 4],
  [7, 599.99, 60_000, 600, 750, 25, 630, 5],
  [8, 999.99, 100_000, 1000, 1250, 25, 1060, 6],
]

interface Shown {
  id: number
  price: number
  coins: number
  tokens_base: number
  tokens: number
  bonus: number
}

onEveryEngine((on) => {
  const items = (token: string) => on.app.call('GET', '/api/v1/store/items', { token })
  const shown = (list: Shown[]) => list.map((i) => [i.id, i.price, i.coins, i.tokens_base, i.tokens, i.bonus])
  const asFirst = (count: number) => STORE.slice(0, count).map((row) => row.slice(0, 6))
  const asLater = (count: number) => STORE.slice(0, count).map((row) => [...row.slice(0, 4), ...row.slice(6)])
  const ids = async (token: string) => assertDone(await items(token)).items.map((item: Shown) => item.id)

  test('a new player sees six packs with the first-charge bonus', async () => {
    const { token } = await on.app.logIn('looks')
    const body = assertDone(await items(token))
    assert.equal(body.is_first_pay, 1)
    assert.deepEqual(shown(body.items), asFirst(6))
    const { name, currency, act_items } = body.items[0]
    assert.deepEqual([name, currency, act_items], ['Starter Pack', 'USD', []])
  })

  test('after the first charge the normal bonus is shown, also to a premium player', async () => {
    const { token, uid } = await on.app.logIn('charged')
    assertDone(
      await on.app.call('POST', '/api/v1/payment/success', { token, body: payment({ order_id: 'store-1', uid }) }),
    )
    const body = assertDone(await items(token))
    assert.equal(body.is_first_pay, 0)
    assert.deepEqual(shown(body.items), asLater(6))
    await setPlayer(on.app, uid, { coins: 10_000, level_hundredths: 9999 })
    assert.deepEqual(shown(assertDone(await items(token)).items), asLater(8))
    await setPlayer(on.app, uid, { coins: 1000, level_hundredths: 0 })
  })

  test('premium begins at 10000 coins and level 99.99, both', async () => {
    const { token, uid } = await on.app.logIn('nearly-premium')
    const cases: [number, number, number][] = [
      [9999, 9999, 6],
      [10_000, 9998, 6],
      [10_000, 9999, 8],
      [9999, 20_000, 6],
    ]
    for (const [coins, level_hundredths, seen] of cases) {
      await setPlayer(on.app, uid, { coins, level_hundredths })
      assert.equal((await ids(token)).length, seen, `${coins} coins at level ${level_hundredths / 100}`)
      const level = assertDone(await on.app.call('POST', '/api/v1/refresh', { token })).level
      assert.equal(level, level_hundredths / 100)
    }
    await setPlayer(on.app, uid, { coins: 0 })
  })

  test('both spellings answer the same, in the language that is asked for', async () => {
    const { token, uid } = await on.app.logIn('reads')
    const byQuery = assertDone(await on.app.call('GET', `/api/v1/store/items?uid=${uid}`, { token }))
    assert.deepEqual(assertDone(await on.app.call('POST', '/api/v1/store/items', { token, body: { uid } })), byQuery)
    assert.deepEqual(assertDone(await on.app.call('POST', '/api/v1/store/items', { token })), byQuery)
    const headers = { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' }
    const zh = assertDone(await on.app.call('GET', '/api/v1/store/items', { token, headers }))
    assert.equal(zh.items[0].name, '入门礼包')
  })

  test('a uid that is not the session’s player is refused, whether or not it exists', async () => {
    const { token } = await on.app.logIn('curious')
    const other = await on.app.logIn('private')
    for (const uid of [other.uid, '99999999']) {
      assertRefused(await on.app.call('GET', `/api/v1/store/items?uid=${uid}`, { token }), 403, 'not_your_account')
      const post = { token, body: { uid } }
      assertRefused(await on.app.call('POST', '/api/v1/store/items', post), 403, 'not_your_account')
    }
  })

  test('a server names the player: it must, and only one of its own app', async () => {
    const server = await on.app.serverToken()
    const { uid } = await on.app.logIn('named')
    const foreign = await on.app.logIn('foreign', OTHER_APP_ID)
    assertDone(await on.app.call('GET', `/api/v1/store/items?uid=${uid}`, { token: server }))
    assertDone(await on.app.call('POST', '/api/v1/store/items', { token: server, body: { uid } }))
    assertFaults(await on.app.call('GET', '/api/v1/store/items', { token: server }), 'uid')
    assertFaults(await on.app.call('POST', '/api/v1/store/items', { token: server }), 'uid')
    for (const nobody of [foreign.uid, '99999999', '1']) {
      const path = `/api/v1/store/items?uid=${nobody}`
      assertRefused(await on.app.call('GET', path, { token: server }), 404, 'player_not_found')
    }
  })

  test('the store wants a logged-in player', async () => {
    assertRefused(await items(await on.app.clientToken()), 401, 'login_required')
    assertRefused(await on.app.call('GET', '/api/v1/store/items'), 401, 'unauthorized')
  })

  test('the uid stands in the query of a GET and in the body of a POST', async () => {
    const { token } = await on.app.logIn('elsewhere')
    assertDone(await on.app.call('POST', '/api/v1/store/items?uid=10001', { token }))
    for (const uid of [10_001, '010001', '-1', '1e4', '', ' 1', '1234567890123456', null, ['10001']]) {
      assertFaults(await on.app.call('POST', '/api/v1/store/items', { token, body: { uid } }), 'uid')
    }
  })
})
