import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signXsollaBody } from '../../src/channels/xsolla/index.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { keepEvent } from '../support/kept-events.ts'
import {
  inShort,
  newPurchase,
  paidOrder,
  row,
  tellXsolla,
  XSOLLA_CHANNELS,
  xsollaBody,
  xsollaKey,
  xsollaSettings,
} from '../support/xsolla.ts'

const HOUR_MS = 3_600_000

onEveryEngine(
  (on) => {
    const replay = (args: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
      runProgram('src/cli/orders.ts', { args: ['replay', ...args], variables: { ...on.app.variables, ...variables } })
    const done = async (args: readonly string[], variables?: Readonly<Record<string, string>>) => {
      const { code, stdout, stderr } = await replay([...args, '--json'], variables)
      assert.deepEqual([code, stderr], [0, ''])
      return JSON.parse(stdout).verdict
    }
    const keptIds = async (requestId: string) => {
      const { db } = on.app.service.database
      const rows = await db
        .selectFrom('payment_events')
        .select('event_id')
        .where('request_id', '=', requestId)
        .execute()
      return rows.map((row) => row.event_id)
    }

    test('a webhook that a fault of ours left unsettled is proven again by its signature, however old, and healed once', async () => {
      const { uid } = await on.app.logIn('xsolla-replayed')
      const bought = newPurchase()
      const kept = async (kind: string, said: unknown, key = xsollaKey('xsolla')) => {
        const body = JSON.stringify(said)
        const headers = { authorization: signXsollaBody(key, body) }
        return await keepEvent(on.app, {
          instance: 'xsolla',
          kind,
          body,
          headers,
          receivedAtMs: Date.now() - 24 * HOUR_MS,
        })
      }
      const payment = await kept('payment', paidOrder(uid, bought))
      assert.equal(await done([payment]), 'granted')
      assert.equal((await playerRow(on.app, uid)).coins, 0, 'a dry run changes nothing')
      assert.equal(await done([payment, '--apply']), 'granted')
      assert.equal(await done([payment, '--apply']), 'replayed')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      const refund = await kept('notice', xsollaBody('refund', { transaction: { id: bought.transactionId } }))
      await done([refund, '--apply'])
      assert.equal((await orderRow(on.app, `xsolla:${bought.orderId}`))?.status, 'refunded')
      const forged = await kept('payment', paidOrder(uid, newPurchase()), 'a key that was taken out')
      const { code, stderr } = await replay([forged, '--apply'])
      assert.deepEqual([code, /its proof does not hold today/.test(stderr)], [1, true])
      await assertBooks(on.app)
    })

    test('what was not understood is told again once we know better', async () => {
      const { uid } = await on.app.logIn('xsolla-understood')
      const bought = newPurchase()
      const foreign = paidOrder(uid, bought, { settings: { project_id: 777 } })
      const told = await tellXsolla(on.app, foreign)
      assert.equal(inShort(told), '400 INVALID_PARAMETER')
      const [eventId] = await keptIds(told.headers.get('x-request-id') ?? '')
      const { code, stderr } = await replay([eventId ?? ''])
      assert.deepEqual([code, /settings\.project_id/.test(stderr)], [1, true], stderr)
      const CHANNELS = JSON.stringify({ xsolla: xsollaSettings('xsolla', { projectId: 777 }) })
      assert.equal(await done([eventId ?? '', '--apply'], { CHANNELS }), 'granted')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      await assertBooks(on.app)
    })

    test('another reading of a known payment changes nothing that stands', async () => {
      const { uid } = await on.app.logIn('xsolla-reread')
      const items = [row({ sku: 'box', type: 'bundle', amount: '19.99' }), row({ sku: 'starter_pack' })]
      const told = await tellXsolla(on.app, paidOrder(uid, newPurchase(), { items }))
      assert.equal(inShort(told), '204')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      const [eventId] = await keptIds(told.headers.get('x-request-id') ?? '')
      const CHANNELS = JSON.stringify({ xsolla: xsollaSettings('xsolla', { items: { box: 2, starter_pack: 1 } }) })
      assert.equal(await done([eventId ?? '', '--apply'], { CHANNELS }), 'order_conflict')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      await assertBooks(on.app)
    })
  },
  { variables: { CHANNELS: XSOLLA_CHANNELS } },
)
