import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { newWebhookSecret, type ReceivedEvent, startEventReceiver } from '../support/event-receiver.ts'
import { engines, localApps, OTHER_APP_ID, payment, startApp } from '../support/test-app.ts'

describe('a game server hears of a payment by itself', () => {
  for (const engine of engines()) {
    test(`while that of another game hangs (${engine.name})`, { timeout: 20_000 }, async (t) => {
      const [receiver, hanging] = [await startEventReceiver(), await startEventReceiver()]
      after(() => Promise.all([receiver.stop(), hanging.stop()]))
      const webhooksAt = (url: string) => ({ webhooks: { url, secrets: [newWebhookSecret()], timeoutMs: 30_000 } })
      const [first, other] = JSON.parse(localApps(webhooksAt(receiver.url)))
      const variables = { APPS: JSON.stringify([first, { ...other, ...webhooksAt(hanging.url) }]) }
      const app = await startApp({ engine, variables })
      t.after(() => app.close())
      const pay = async (name: string, appId?: string) => {
        const { token, uid } = await app.logIn(name, appId)
        const body = payment({ order_id: name, uid })
        assertDone(await app.call('POST', '/api/v1/payment/success', { token, body }))
      }
      const hangs = Promise.withResolvers<void>()
      hanging.reactWith(() => {
        hangs.resolve()
        return 'hang'
      })
      await pay('on-time-other', OTHER_APP_ID)
      await hangs.promise
      const heard = Promise.withResolvers<ReceivedEvent>()
      receiver.reactWith((event) => {
        heard.resolve(event)
        return 200
      })
      await pay('on-time')
      const event = await heard.promise
      assert.deepEqual([event.type, event.data.order_id], ['order.completed', 'on-time'])
      assert.deepEqual([receiver.received.length, hanging.received.length], [1, 1])
    })
  }
})
