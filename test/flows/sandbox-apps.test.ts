import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signSandboxMessage } from '../../src/channels/sandbox/index.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder, pressButton } from '../support/orders.ts'
import { purchase, tellingOf } from '../support/reversals.ts'
import { APP_ID, OTHER_APP_ID, PARTNER_SECRET, SIGNED_SECRET } from '../support/test-app.ts'

const CHANNELS = JSON.stringify({
  sandbox: { appId: APP_ID },
  'other-box': { type: 'sandbox', appId: OTHER_APP_ID },
  signed: { appId: APP_ID, secrets: [SIGNED_SECRET] },
  partner: { type: 'signed', appId: OTHER_APP_ID, secrets: [PARTNER_SECRET] },
})

onEveryEngine(
  (on) => {
    const deliverTo = async (instance: string, body: string) => {
      const secret = (await on.app.service.kv.get('sandbox-secret')) ?? ''
      const headers = { 'x-sandbox-signature': signSandboxMessage(secret, { body, nowMs: Date.now() }) }
      return on.app.call('POST', `/webhooks/${instance}`, { body, headers })
    }

    test('each app plays with a platform of its own, page, refund and all', async () => {
      for (const [appId, channel] of [
        [APP_ID, 'sandbox'],
        [OTHER_APP_ID, 'other-box'],
      ] as const) {
        const { token, uid } = await on.app.logIn('two-apps', appId)
        const order = await createOrder(on.app, token, { payment_channel: channel })
        const [id] = /sbx_[0-9a-f]{24}/.exec(await pressButton(order, 'pay')) ?? []
        const row = await orderRow(on.app, order.order_id)
        assert.deepEqual([row?.app_id, row?.channel_instance, row?.status], [appId, channel, 'completed'])
        await pressButton(order, `purchases/${id}/refund`)
        assert.equal((await playerRow(on.app, uid)).coins, 0)
      }
      await assertBooks(on.app)
    })

    test('another app’s channel, another type’s name or a strange one is played by the app’s own sandbox', async () => {
      const { token } = await on.app.logIn('names')
      for (const payment_channel of ['other-box', 'partner', 'stripe', '__proto__', 'constructor', 'toString']) {
        const order = await createOrder(on.app, token, { payment_channel })
        assert.match(order.checkout.url, /\/sandbox\/checkout\//, payment_channel)
        await pressButton(order, 'pay')
        const row = await orderRow(on.app, order.order_id)
        assert.deepEqual([row?.channel_instance, row?.app_id, row?.status], ['sandbox', APP_ID, 'completed'])
      }
      const signed = await createOrder(on.app, token, { payment_channel: 'signed' })
      assert.deepEqual(signed.checkout, { kind: 'external' }, 'a channel that the app has is that one')
      const own = await createOrder(on.app, token, { payment_channel: 'server' })
      assert.deepEqual(own.checkout, { kind: 'external' })
    })

    test('a message for one app that is sent to another’s channel settles nothing of the first', async () => {
      const { token, uid } = await on.app.logIn('wrong-door')
      const order = await createOrder(on.app, token)
      const bought = purchase({ order_id: order.order_id, uid })
      const paid = tellingOf(bought, { type: 'payment.succeeded' })
      assert.equal(assertDone(await deliverTo('other-box', paid)).refusal, 'player_not_found')
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'pending')
      const [entry] = await reviewEntries(on.app, order.order_id)
      assert.equal(entry?.app_id, OTHER_APP_ID)
      assert.equal(assertDone(await deliverTo('sandbox', paid)).order_status, 'completed')
      const refund = tellingOf(bought, { type: 'refund.succeeded' })
      assertDone(await deliverTo('other-box', refund))
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'completed', 'its refund took the other money')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      await assertBooks(on.app)
    })

    test('a receipt of one app’s platform is none at another’s', async () => {
      const { token } = await on.app.logIn('receipts')
      const order = await createOrder(on.app, token)
      const [transaction_id] = /sbx_[0-9a-f]{24}/.exec(await pressButton(order, 'pay-silently')) ?? []
      const other = await on.app.logIn('receipts', OTHER_APP_ID)
      const verify = (by: string, payment_channel: string) =>
        on.app.call('POST', '/api/v1/payment/verify', { token: by, body: { payment_channel, transaction_id } })
      assertRefused(await verify(other.token, 'other-box'), 404, 'purchase_not_found')
      assertRefused(await verify(other.token, 'sandbox'), 404, 'purchase_not_found')
      assertFaults(await verify(other.token, 'partner'), 'payment_channel')
      assert.equal(assertDone(await verify(token, 'sandbox')).order_id, order.order_id)
    })

    test('a partner’s signature opens no sandbox', async () => {
      const { uid } = await on.app.logIn('no-partner')
      const body = tellingOf(purchase({ order_id: 'no-partner', uid }), { type: 'payment.succeeded' })
      for (const secret of [SIGNED_SECRET, PARTNER_SECRET]) {
        const own = signSandboxMessage(secret, { body, nowMs: Date.now() })
        const headers = { 'x-sandbox-signature': own, 'x-signature': own }
        for (const instance of ['sandbox', 'other-box']) {
          assertRefused(await on.app.call('POST', `/webhooks/${instance}`, { body, headers }), 401, 'invalid_signature')
        }
      }
      assert.equal(await orderRow(on.app, 'no-partner'), undefined)
    })
  },
  { variables: { CHANNELS } },
)
