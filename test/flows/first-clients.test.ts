import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { APP_ID, APP_SECRET } from '../support/test-app.ts'

/** What the first clients of this API send: everything by POST with its uid, ids and prices as text, fields of their own. */
onEveryEngine((on) => {
  const post = (path: string, token: string, body: object) =>
    on.app.call('POST', `/api/v1${path}`, {
      token,
      body: { ...body, platform: 'android', version: '1.0.3', extra: null },
    })

  for (const payment_channel of ['stripe', 'appcharge', 'anything else']) {
    test(`a first client plays through, paying by "${payment_channel}"`, async () => {
      const name = payment_channel.replaceAll(' ', '-')
      const { token } = assertDone(await post('/token', '', { appId: APP_ID }))
      const path = `/api/v1/login?loginType=1&loginId=first-${name}&loginCode=&shareId=0&device=x`
      const { uid, is_first_pay } = assertDone(await on.app.call('GET', path, { token }))
      assert.equal(is_first_pay, 1)
      assert.equal(assertDone(await post('/refresh', token, { uid })).uid, uid)
      const { items } = assertDone(await post('/store/items', token, { uid }))
      assert.equal(items.length, 6)
      const told = {
        order_id: `first-${name}`,
        uid,
        payment_channel,
        ip: '203.0.113.9',
        country: 'DE',
        custom_param: { a: 1 },
      }
      const paid = {
        ...told,
        item_id: '1',
        price: '19.99',
        currency: 'usd',
        payment_method: 'card',
        email: 'a@example.com',
      }
      const granted = assertDone(await post('/payment/success', token, paid))
      assert.deepEqual([granted.coins_granted, granted.tokens_granted, granted.replayed], [1000, 22, false])
      assert.equal(
        assertDone(await post('/payment/success', token, { ...paid, price: 19.99, item_id: 1 })).replayed,
        true,
      )
      const failed = {
        ...told,
        order_id: `first-${name}-2`,
        item_id: '2',
        web_pay_error_code: 'CARD_DECLINED',
        web_lang: 'en',
      }
      assert.equal(assertDone(await post('/payment/failure', token, failed)).order_status, 'failed')
      const { data } = assertDone(await post('/orders/history', token, { uid, limit: 10 }))
      assert.deepEqual(
        data.map((row: { order_id: string; payment_channel: string }) => [row.order_id, row.payment_channel]),
        [
          [`first-${name}-2`, payment_channel],
          [`first-${name}`, payment_channel],
        ],
      )
      assert.equal(assertDone(await post('/daily_gift', token, { uid })).coins, 100)
      const again = await post('/daily_gift', token, { uid })
      assert.deepEqual([again.status, again.body.err_code], [409, 999])
      assertDone(await post('/inbox/claim_all', token, { uid }))
      assert.equal(assertDone(await post('/refresh', token, { uid })).tokens, 22)
      await assertBooks(on.app)
    })
  }

  test('a first client that names another player is refused on every call that takes a uid', async () => {
    const me = await on.app.logIn('first-me')
    const other = await on.app.logIn('first-other')
    for (const path of ['/refresh', '/store/items', '/orders/history', '/daily_gift']) {
      assertRefused(await post(path, me.token, { uid: other.uid }), 403, 'not_your_account')
    }
    const body = { order_id: 'first-theft', uid: other.uid, item_id: 1, price: 19.99, currency: 'USD' }
    assertRefused(await post('/payment/success', me.token, body), 403, 'not_your_account')
  })

  test('the first game servers name their players on the same calls', async () => {
    const { uid } = await on.app.logIn('first-server')
    const { token } = assertDone(await post('/token', '', { appId: APP_ID, appSecret: APP_SECRET }))
    for (const path of ['/refresh', '/store/items', '/orders/history', '/daily_gift']) {
      assertDone(await post(path, token, { uid }))
      assertRefused(await post(path, token, {}), 422, 'invalid_fields')
    }
  })
})
