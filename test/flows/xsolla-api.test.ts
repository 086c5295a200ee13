import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Channel } from '../../src/channels/channel.ts'
import { openXsollaChannel } from '../../src/channels/xsolla/index.ts'
import { loadConfig } from '../../src/config/load.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { approveBy, deskOf, entryOf, refundBy } from '../support/review-desk.ts'
import { APP_ID, engines, RETURN_URL, startApp, type TestApp } from '../support/test-app.ts'
import { inShort, newPurchase, paidOrder, row, tellXsolla, xsollaBody, xsollaSettings } from '../support/xsolla.ts'
import { type Mood, startXsollaServer, type XsollaServer } from '../support/xsolla-server.ts'

for (const engine of engines()) {
  describe(engine.name, () => {
    let app: TestApp
    let platform: XsollaServer
    before(async () => {
      platform = await startXsollaServer()
      const { payStationUrl: _, ...theirPage } = platform.settings
      const CHANNELS = JSON.stringify({
        xsolla: xsollaSettings('xsolla', platform.settings),
        // It opens the platform's own page, for play money.
        sandboxed: xsollaSettings('sandboxed', { ...theirPage, sandbox: true, country: 'DE', items: {} }),
        // It has a key, and no number of a merchant.
        keyed: xsollaSettings('keyed', { ...platform.settings, merchantId: undefined }),
      })
      app = await startApp({ engine, variables: { CHANNELS, TRUSTED_PROXIES: '127.0.0.1' } })
    })
    after(async () => {
      await app.close()
      await platform.stop()
    })
    const order = async (token: string, fields: object = {}, headers: Readonly<Record<string, string>> = {}) => {
      const body = { item_id: 1, payment_channel: 'xsolla', ...fields }
      return await app.call('POST', '/api/v1/orders', { token, body, headers })
    }
    const from = (address: string) => ({ 'x-forwarded-for': address })
    const channelOf = (name: string): Channel => {
      const loaded = loadConfig(app.variables)
      const config = loaded.ok ? loaded.config.channels.find(({ instance }) => instance === name) : undefined
      assert.ok(config?.type === 'xsolla')
      return openXsollaChannel(config)
    }
    /** The review desk with the real channel behind it. */
    const desk = () => {
      const channel = channelOf('xsolla')
      return { ...deskOf(app, {}), channels: { byInstance: () => channel, forOrder: () => null } }
    }
    const paid = async (name: string, changes: object = {}) => {
      const { uid } = await app.logIn(`${name}-${engine.name}`)
      const bought = newPurchase()
      assert.equal(inShort(await tellXsolla(app, paidOrder(uid, bought, { ...changes }))), '204')
      return { uid, ...bought, order: `xsolla:${bought.orderId}` }
    }
    const refundIn = async (target: string) => {
      const refunded = await refundBy(desk(), target)
      return refunded.ok ? [refunded.value.state, refunded.value.last_error] : [refunded.refusal.code]
    }

    test('an order opens the platform’s page, once, however often it is asked for', async () => {
      const { token, uid } = await app.logIn('api-checkout')
      platform.calls.length = 0
      const key = { 'idempotency-key': 'once' }
      const made = assertDone(
        await order(token, { item_id: 2, return_url: RETURN_URL }, { ...key, ...from('203.0.113.7') }),
      )
      const [call] = platform.calls
      assert.equal(call?.userIp, '203.0.113.7')
      assert.deepEqual(call?.body, {
        user: { id: { value: uid }, country: { allow_modify: true } },
        purchase: { items: [{ sku: 'growth_pack', quantity: 1 }] },
        sandbox: false,
        settings: { currency: 'USD', return_url: RETURN_URL },
        custom_parameters: { order_id: made.order_id },
      })
      const { url, kind, client, ...rest } = made.checkout
      assert.match(url, /^https:\/\/pay\.example\.com\/station\?token=token-\d+$/)
      assert.deepEqual(
        [kind, client, rest],
        ['url', { token: url.split('=')[1] }, {}],
        'their number of it is not shown',
      )
      const again = assertDone(await order(token, { item_id: 2, return_url: RETURN_URL }, key))
      assert.deepEqual([again.checkout, platform.calls.length], [made.checkout, 1])
      const items = [row({ sku: 'growth_pack', amount: '29.99' })]
      const custom_parameters = { order_id: made.order_id }
      const told = paidOrder(uid, newPurchase(), { items, custom_parameters, order: { amount: '29.99' } })
      assert.equal(inShort(await tellXsolla(app, told)), '204')
      assert.equal((await orderRow(app, made.order_id))?.status, 'completed')
    })

    test('where the payer’s address says no country, ours is told', async () => {
      const { token } = await app.logIn('api-country')
      platform.calls.length = 0
      const nowhere = ['127.0.0.1', '10.1.2.3', '172.20.0.1', '192.168.1.1', '169.254.1.1', '100.64.0.9', '2001:db8::1']
      for (const address of nowhere) {
        assertDone(await order(token, {}, from(address)))
        const call = platform.calls.at(-1)
        assert.deepEqual([call?.userIp, call?.body.user.country], [null, { value: 'US', allow_modify: true }], address)
      }
      for (const address of ['8.8.8.8', '172.15.0.1', '100.63.0.1', '223.1.1.1']) {
        assertDone(await order(token, {}, from(address)))
        assert.equal(platform.calls.at(-1)?.userIp, address)
      }
    })

    test('the sandbox’s page is another one, and an item without a sku goes by its number', async () => {
      const { token } = await app.logIn('api-sandbox')
      const made = assertDone(await order(token, { payment_channel: 'sandboxed' }))
      assert.match(made.checkout.url, /^https:\/\/sandbox-secure\.xsolla\.com\/paystation4\/\?token=token-\d+$/)
      const { sandbox, purchase, user } = platform.calls.at(-1)?.body ?? {}
      assert.deepEqual([sandbox, purchase.items, user.country.value], [true, [{ sku: '1', quantity: 1 }], 'DE'])
    })

    test('a platform that cannot be reached opens nothing; a retry does', async () => {
      const { token } = await app.logIn('api-away')
      const moods: Mood[] = ['down', 'page', 'elsewhere', 'no_token', 'denies']
      for (const mood of moods) {
        platform.mood = mood
        const key = { 'idempotency-key': `away-${mood}` }
        assertRefused(await order(token, {}, key), 503, 'channel_unavailable')
        platform.mood = 'well'
        assert.equal(assertDone(await order(token, {}, key)).checkout.kind, 'url', mood)
      }
    })

    test('a player who paid and got nothing asks: the platform’s list of orders says whether it was paid', async () => {
      const { token, uid } = await app.logIn('api-check')
      const made = assertDone(await order(token))
      const check = async () => {
        await app.service.kv.delete(`order-check:${APP_ID}:${made.order_id}`)
        return await app.call('POST', `/api/v1/orders/${made.order_id}/check`, { token, body: {} })
      }
      const price = { amount: '19.9900', amount_without_discount: '19.9900', currency: 'USD' }
      const paidThere = { status: 'done', mode: 'default', invoice_id: '88120001', price, user: { id: uid } }
      for (const listed of [null, { ...paidThere, status: 'new' }, { ...paidThere, status: 'canceled' }]) {
        platform.listed = listed
        assert.equal(assertDone(await check()).order_status, 'pending', JSON.stringify(listed))
      }
      for (const listed of [{ status: 'of next year' }, { invoice_id: null }, { price: null }, { mode: 'staging' }]) {
        platform.listed = { ...paidThere, ...listed }
        assert.equal(assertDone(await check()).order_status, 'pending', JSON.stringify(listed))
      }
      platform.mood = 'down'
      assertRefused(await check(), 503, 'channel_unavailable')
      Object.assign(platform, { mood: 'well', listed: paidThere })
      assert.equal(assertDone(await check()).order_status, 'completed')
      const search = platform.calls.at(-1)?.body
      assert.deepEqual([search.limit, search.offset], [10, 20], 'page by page')
      assert.equal(Date.parse(search.created_date_until) - Date.parse(search.created_date_from), 120_000)
      const custom_parameters = { order_id: made.order_id }
      const told = paidOrder(uid, { orderId: 1, transactionId: 88120001 }, { custom_parameters })
      assert.equal(inShort(await tellXsolla(app, told)), '204', 'its webhook tells of the same payment')
      assert.equal((await playerRow(app, uid)).coins, 1000)
      assert.equal(inShort(await tellXsolla(app, xsollaBody('refund', { transaction: { id: 88120001 } }))), '204')
      assert.equal((await orderRow(app, made.order_id))?.status, 'refunded')
      await assertBooks(app)
    })

    test('what the platform will never open is told in its own words', async () => {
      const { token } = await app.logIn('api-no-item')
      platform.mood = 'no_item'
      const refused = await order(token)
      platform.mood = 'well'
      assertRefused(refused, 403, 'checkout_refused')
      assert.deepEqual(refused.body.details, [{ path: 'payment_channel', message: 'Item is not found' }])
    })

    test('a refund is asked for once and booked; the platform’s own notices of it change nothing more', async () => {
      const { uid, order: target, transactionId, orderId } = await paid('api-refund')
      platform.calls.length = 0
      assert.deepEqual(await refundIn(target), ['done', null])
      const [call] = platform.calls
      assert.equal(call?.method, 'PUT')
      assert.match(call?.path ?? '', new RegExp(`/merchants/7411/reports/transactions/${transactionId}/refund$`))
      assert.match(call?.body.description, new RegExp(`^Refund rfd_\\w+ of order ${target}$`))
      assert.equal((await orderRow(app, target))?.status, 'refunded')
      const notices = [
        xsollaBody('refund', { transaction: { id: transactionId } }),
        xsollaBody('order-canceled', { order: { id: orderId, invoice_id: String(transactionId) } }),
      ]
      for (const notice of notices) assert.equal(inShort(await tellXsolla(app, notice)), '204')
      assert.equal((await playerRow(app, uid)).coins, 0)
      assert.deepEqual(await refundIn(target), ['already_refunded'])
      await assertBooks(app)
    })

    test('what the platform answers to a refund decides what becomes of it', async () => {
      const underWay = 'We are processing the refund request. This may take up to two business days.'
      const taken = 'The request for a refund has been accepted. Xsolla CS will manually complete the refund.'
      const cases: [string, { status: number; message?: string }, string | null, unknown[]][] = [
        ['done', { status: 200, message: 'No content.' }, 'done', ['done', null]],
        ['speechless', { status: 200 }, 'done', ['open', 'channel_unavailable']],
        ['taken', { status: 200, message: taken }, 'done', ['open', 'refund_pending']],
        ['under-way', { status: 422, message: underWay }, 'done', ['open', 'refund_pending']],
        ['unsettled', { status: 422, message: underWay }, 'awaitingRefund', ['open', 'refund_pending']],
        ['before', { status: 422, message: 'Incorrect payment status.' }, 'refunded', ['done', null]],
        ['canceled', { status: 422, message: 'Incorrect payment status.' }, 'canceled', ['done', null]],
        [
          'never',
          { status: 422, message: 'Current payment method does not support it.' },
          'done',
          ['refused', 'refund_refused'],
        ],
        ['unknown', { status: 404 }, 'done', ['refused', 'purchase_not_found']],
        ['denied', { status: 403 }, 'done', ['open', 'channel_unavailable']],
        ['broken', { status: 500 }, 'done', ['open', 'channel_unavailable']],
        ['busy', { status: 429 }, 'done', ['open', 'channel_unavailable']],
      ]
      for (const [name, answer, status, expected] of cases) {
        const { order: target } = await paid(`api-refund-${name}`)
        Object.assign(platform, { refund: answer, status })
        assert.deepEqual(await refundIn(target), expected, name)
        assert.equal((await orderRow(app, target))?.status, expected[0] === 'done' ? 'refunded' : 'completed', name)
      }
      for (const mood of ['down', 'page'] as const) {
        Object.assign(platform, { refund: { status: 204 }, status: 'done', mood })
        const { order: target } = await paid(`api-refund-${mood}`)
        assert.deepEqual(await refundIn(target), ['open', 'channel_unavailable'], mood)
        platform.mood = 'well'
      }
      await assertBooks(app)
    })

    test('a part is given back in the publisher’s account, and its webhook books it', async () => {
      const { order: target, transactionId } = await paid('api-part')
      platform.calls.length = 0
      const refunded = await refundBy(desk(), target, { amount: '5.00' })
      assert.ok(refunded.ok)
      assert.deepEqual([refunded.value.state, refunded.value.last_error], ['refused', 'refund_refused'])
      assert.equal(platform.calls.length, 0, 'a part that was asked for twice would be given twice')
      const told = xsollaBody('partial-refund', { transaction: { id: transactionId } })
      assert.equal(inShort(await tellXsolla(app, told)), '204')
      assert.equal((await orderRow(app, target))?.status, 'completed')
      await assertBooks(app)
    })

    test('before money of the queue is granted, the platform is asked whether it stands', async () => {
      const wrong = { items: [row({ sku: 'starter_pack', amount: '9.99' })] }
      const cases: [string | null, string][] = [
        ['done', 'granted'],
        ['refunded', 'payment_gone'],
        ['canceled', 'payment_gone'],
        ['awaitingRefund', 'payment_unproven'],
        ['review', 'payment_unproven'],
        ['what', 'payment_unproven'],
        [null, 'payment_unproven'],
      ]
      for (const [status, expected] of cases) {
        const { order: orderId } = await paid(`api-standing-${status}`, wrong)
        const { entry_id: entryId } = await entryOf(app, orderId)
        platform.status = status
        const approved = await approveBy(desk(), entryId)
        assert.equal(approved.ok ? 'granted' : approved.refusal.code, expected, String(status))
      }
      const { order: orderId } = await paid('api-standing-away', wrong)
      platform.mood = 'down'
      const away = await approveBy(desk(), (await entryOf(app, orderId)).entry_id)
      platform.mood = 'well'
      assert.equal(away.ok ? 'granted' : away.refusal.code, 'channel_unavailable')
      await assertBooks(app)
    })

    test('without the number of a merchant nobody is asked about transactions', async () => {
      const { refundPayment, lookUpStanding } = channelOf('keyed')
      assert.deepEqual([refundPayment, lookUpStanding], [undefined, undefined])
    })
  })
}
