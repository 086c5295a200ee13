import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signSandboxMessage } from '../../src/channels/sandbox/index.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'

onEveryEngine((on) => {
  const secretOf = async () => (await on.app.service.kv.get('sandbox-secret')) ?? ''
  const send = (body: string | object, headers: Record<string, string> = {}, instance = 'sandbox') =>
    on.app.call('POST', `/webhooks/${instance}`, { body, headers })
  const sign = async (body: string, nowMs = Date.now()) => ({
    'x-sandbox-signature': signSandboxMessage(await secretOf(), { body, nowMs }),
  })
  const paidMessage = (order: { order_id: string }, uid: string, more: object = {}) =>
    JSON.stringify({
      type: 'payment.succeeded',
      purchase: {
        ...{ transaction_id: `sbx_${order.order_id}`, order_id: order.order_id, uid, item_id: 1, quantity: 1 },
        ...{ amount_minor: 1999, currency: 'USD', channel_shown: 'sandbox', ...more },
      },
    })

  test('a genuine callback settles, any number of times, with a callback name or without', async () => {
    const { token, uid } = await on.app.logIn('hook-genuine')
    const order = await createOrder(on.app, token)
    const body = paidMessage(order, uid)
    for (const instance of ['sandbox', 'sandbox', 'sandbox/payments']) {
      assert.equal(assertDone(await send(body, await sign(body), instance)).order_status, 'completed')
    }
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    await assertBooks(on.app)
  })

  test('what is not signed by the platform changes nothing', async () => {
    const { token, uid } = await on.app.logIn('hook-forged')
    const order = await createOrder(on.app, token)
    const body = paidMessage(order, uid)
    const before = await stateOf(on.app)
    const stale = await sign(body, Date.now() - 301_000)
    const future = await sign(body, Date.now() + 301_000)
    const good = await sign(body)
    const forged = { 'x-sandbox-signature': signSandboxMessage('guessed', { body, nowMs: Date.now() }) }
    const broken = ['', 't=1', 'v1=00', `${good['x-sandbox-signature']}0`, 'x'.repeat(5_000)]
    for (const headers of [{}, stale, future, forged, ...broken.map((text) => ({ 'x-sandbox-signature': text }))]) {
      assertRefused(await send(body, headers), 401, 'invalid_signature')
    }
    assertRefused(await send(body.replace('1999', '1998'), good), 401, 'invalid_signature')
    assert.deepEqual(await stateOf(on.app), before)
    assert.equal((await orderRow(on.app, order.order_id))?.status, 'pending')
  })

  test('a genuine message that means nothing is refused by its fields, of whatever type it claims to be', async () => {
    for (const body of [
      '',
      'null',
      '[]',
      '{}',
      'not json',
      '{"type":"payment.succeeded"}',
      '\u0000',
      '{"type":"refund"}',
    ]) {
      const headers = { ...(await sign(body)), 'content-type': 'text/plain' }
      assertRefused(await send(body, headers), 422, 'invalid_fields')
    }
  })

  test('money for nobody, for another item or amount is answered as every road answers it', async () => {
    const { token, uid } = await on.app.logIn('hook-wrong')
    const order = await createOrder(on.app, token)
    const tell = async (more: object, id: string) => {
      const body = paidMessage(order, uid, { transaction_id: `sbx_wrong_${id}`, ...more })
      return send(body, await sign(body))
    }
    assertRefused(await tell({ amount_minor: 1 }, 'amount'), 409, 'price_mismatch')
    assertRefused(await tell({ currency: 'EUR' }, 'currency'), 409, 'price_mismatch')
    assertRefused(await tell({ item_id: 2 }, 'item'), 409, 'order_conflict')
    assertRefused(await tell({ uid: '999999999' }, 'player'), 404, 'player_not_found')
    assert.equal(assertDone(await tell({}, 'right')).order_status, 'completed')
    await assertBooks(on.app)
  })

  test('a channel that there is not, or that has no callbacks, is 404', async () => {
    for (const instance of ['nobody', 'signed', 'server', 'constructor']) {
      assertRefused(await send({}, {}, instance), 404, 'channel_not_found')
    }
  })

  test('a body may have a mebibyte and no more', async () => {
    const body = 'x'.repeat(1024 * 1024)
    assertRefused(await send(body, await sign(body)), 422, 'invalid_fields')
    assertRefused(await send(`${body}x`), 413, 'body_too_large')
  })
})
