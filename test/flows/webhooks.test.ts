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
    const events = await on.app.service.database.db
      .selectFrom('payment_events')
      .select('callback')
      .where('order_id', '=', order.order_id)
      .execute()
    // Kept, so that it can be told again as what it was.
    assert.deepEqual(events.map(({ callback }) => callback).toSorted(), [null, null, 'payments'].toSorted())
    await assertBooks(on.app)
  })

  test('what is not signed by the platform changes nothing', async () => {
    const { token, uid } = await on.app.logIn('hook-forged')
    const order = await createOrder(on.app, token)
    const body = paidMessage(order, uid)
    const before = await stateOf(on.app)
    const stale = await sign(body, Date.now() - 330_000)
    const future = await sign(body, Date.now() + 330_000)
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

  test('a genuine message that is not understood is kept and refused by its fields, whatever its type', async () => {
    const events = async () => Number((await stateOf(on.app))['payment_events'])
    const before = await events()
    let sent = 0
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
      for (const type of ['text/plain', 'foo', ';;;', 'application/json; charset=x']) {
        const headers = { ...(await sign(body)), 'content-type': type }
        assertRefused(await send(body, headers), 422, 'invalid_fields')
        sent += 1
      }
    }
    const { token, uid } = await on.app.logIn('hook-currency')
    const unknown = paidMessage(await createOrder(on.app, token), uid, { currency: 'XXX' })
    assertRefused(await send(unknown, await sign(unknown)), 422, 'invalid_fields')
    assert.equal(await events(), before + sent + 1)
  })

  test('money for nobody, for another item or amount waits for a person, and its platform need not send it again', async () => {
    const { token, uid } = await on.app.logIn('hook-wrong')
    const order = await createOrder(on.app, token)
    const tell = async (more: object, id: string) => {
      const body = paidMessage(order, uid, { transaction_id: `sbx_wrong_${id}`, ...more })
      return send(body, await sign(body))
    }
    const refusals: Readonly<Record<string, object>> = {
      price_mismatch: { amount_minor: 1 },
      order_conflict: { item_id: 2 },
      player_not_found: { uid: '999999999' },
    }
    for (const [refusal, wrong] of Object.entries(refusals)) {
      const told = assertDone(await tell(wrong, refusal))
      assert.deepEqual([told.order_status, told.refusal], ['review', refusal])
      assert.deepEqual(assertDone(await tell(wrong, refusal)).refusal, refusal)
    }
    assert.equal((await playerRow(on.app, uid)).coins, 0)
    assert.equal(assertDone(await tell({}, 'right')).order_status, 'completed')
    await assertBooks(on.app)
  })

  test("a channel that there is not, or that an app's own server stands for, is 404", async () => {
    for (const instance of ['nobody', 'server', 'constructor']) {
      assertRefused(await send({}, {}, instance), 404, 'channel_not_found')
    }
  })

  test('a body may have a mebibyte and no more', async () => {
    const body = 'x'.repeat(1024 * 1024)
    assertRefused(await send(body, await sign(body)), 422, 'invalid_fields')
    assertRefused(await send(`${body}x`), 413, 'body_too_large')
  })
})
