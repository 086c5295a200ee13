import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, reviewEntries, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import { OWN_KEY, type OwnMessage, ownFormChannel } from '../support/own-form.ts'
import { OTHER_APP_ID, request, startApp } from '../support/test-app.ts'

const channels = [
  ownFormChannel({ instance: 'owner', review: 'accept' }),
  ownFormChannel({ instance: 'returner', review: 'refuse' }),
]

onEveryEngine(
  (on) => {
    const tell = (message: OwnMessage, { instance = 'owner', key = OWN_KEY } = {}) =>
      on.app.call('POST', `/webhooks/${instance}`, { body: message, headers: { 'x-key': key } })
    const states = async (orderId: string) =>
      (await reviewEntries(on.app, orderId)).map(({ reason, state }) => [reason, state])

    test('a platform is answered in its own form, as its channel says it', async () => {
      const { uid } = await on.app.logIn('own-form')
      const paid = await tell({ say: 'paid', uid, id: 'own-1', order_id: 'own-1' })
      assert.deepEqual([paid.status, paid.body], [201, { of: 'own-1' }])
      assert.equal(paid.headers.get('content-type'), 'application/json')
      assert.equal(paid.headers.get('x-callback'), 'none')
      const named = await on.app.call('POST', '/webhooks/owner/awards', {
        body: { say: 'paid', uid, id: 'own-1', order_id: 'own-1' },
        headers: { 'x-key': OWN_KEY },
      })
      assert.deepEqual([named.status, named.headers.get('x-callback')], [201, 'awards'])
      const nothing = await tell({ say: 'nothing' })
      assert.deepEqual([nothing.status, nothing.body], [204, ''])
      const unknown = await tell({ say: 'what' })
      assert.deepEqual([unknown.status, unknown.body], [400, { error: { code: 'INVALID_FIELDS' } }])
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      await assertBooks(on.app)
    })

    test('what is forged is told so in its own form, and changes nothing', async () => {
      const { uid } = await on.app.logIn('own-forged')
      const before = withoutMarks(await stateOf(on.app))
      const forged = await tell({ say: 'paid', uid, id: 'own-2', order_id: 'own-2' }, { key: 'guessed' })
      assert.deepEqual([forged.status, forged.body], [400, { error: { code: 'FORGED' } }])
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
    })

    test('a platform asks who a player is, and is told of nobody else’s', async () => {
      const { uid } = await on.app.logIn('own-player')
      const other = await on.app.logIn('own-player', OTHER_APP_ID)
      const before = withoutMarks(await stateOf(on.app))
      const told = await tell({ say: 'who', uid })
      assert.equal(told.status, 200)
      assert.deepEqual(
        [told.body.player.playerId, typeof told.body.player.name, told.body.items],
        [Number(uid), 'string', []],
      )
      for (const nobody of [other.uid, '999999999', '0']) {
        assert.deepEqual((await tell({ say: 'who', uid: nobody })).body, { player: null, items: [] })
        assert.deepEqual((await tell({ say: 'store', uid: nobody })).body, { player: null, items: [] })
      }
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before, 'a question is not kept')
    })

    test('a platform asks what a player may buy, and hears what the store shows them', async () => {
      const { token, uid } = await on.app.logIn('own-store')
      const { body } = await tell({ say: 'store', uid })
      const shown = (await on.app.call('GET', '/api/v1/store/items', { token })).body.items
      assert.ok(shown.length > 0)
      assert.deepEqual(
        body.items.map((item: { itemId: number }) => item.itemId),
        shown.map((item: { id: number }) => item.id),
      )
      const [first] = body.items
      assert.equal(first.names.en, 'Starter Pack')
      assert.deepEqual(
        first.prices.find((price: { currency: string }) => price.currency === 'USD'),
        { minor: 1999, currency: 'USD' },
      )
    })

    test('money that cannot be granted is accepted by one platform and given back by another', async () => {
      const { uid } = await on.app.logIn('own-review')
      const wrong = (instance: string) => ({
        say: 'paid',
        uid,
        id: `wrong-${instance}`,
        order_id: `wrong-${instance}`,
        minor: 1,
      })
      assert.equal((await tell(wrong('owner'))).status, 201)
      assert.deepEqual(await states('wrong-owner'), [['price_mismatch', 'open']])
      for (const _ of [1, 2]) {
        const told = await tell(wrong('returner'), { instance: 'returner' })
        assert.deepEqual([told.status, told.body], [400, { error: { code: 'PRICE_MISMATCH' } }])
      }
      assert.deepEqual(await states('wrong-returner'), [['price_mismatch', 'returned']])
      assert.equal((await orderRow(on.app, 'wrong-owner'))?.status, 'review')
      assert.equal((await orderRow(on.app, 'wrong-returner'))?.status, 'refunded')
      await tell({ say: 'refunded', id: 'wrong-returner' }, { instance: 'returner' })
      assert.deepEqual(
        await states('wrong-returner'),
        [['price_mismatch', 'returned']],
        'its notice tells what is known',
      )
      const nobody = { say: 'paid', uid: '999999999', id: 'to-nobody', order_id: 'to-nobody' }
      assert.equal((await tell(nobody, { instance: 'returner' })).status, 400)
      assert.deepEqual(await states('to-nobody'), [['player_not_found', 'returned']])
      assert.equal((await playerRow(on.app, uid)).coins, 0)
      await assertBooks(on.app)
    })

    test('what was granted is never told as refused: neither a second charge nor a contradiction', async () => {
      const { token, uid } = await on.app.logIn('own-granted')
      const order = await createOrder(on.app, token, { payment_channel: 'returner' })
      const paid = { say: 'paid', uid, id: 'granted', order_id: order.order_id }
      const how = { instance: 'returner' }
      for (const told of [paid, paid, { ...paid, id: 'second' }, { ...paid, order_id: 'another' }]) {
        assert.equal((await tell(told, how)).status, 201, JSON.stringify(told))
      }
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      assert.deepEqual(await states(order.order_id), [['duplicate_charge', 'open']])
      await assertBooks(on.app)
    })

    test('an order that waits for a person’s money is not ended by money that goes back', async () => {
      const { uid } = await on.app.logIn('own-waiting')
      const server = await on.app.serverToken()
      const told = { order_id: 'waiting', uid, item_id: 1, price: 1, currency: 'USD' }
      assertRefused(
        await on.app.call('POST', '/api/v1/payment/success', { token: server, body: told }),
        409,
        'price_mismatch',
      )
      const wrong = { say: 'paid', uid, id: 'waiting', order_id: 'waiting', minor: 2 }
      assert.equal((await tell(wrong, { instance: 'returner' })).status, 400)
      assert.equal((await orderRow(on.app, 'waiting'))?.status, 'review')
      assert.deepEqual((await states('waiting')).toSorted(), [
        ['price_mismatch', 'open'],
        ['price_mismatch', 'returned'],
      ])
      await assertBooks(on.app)
    })
  },
  { channels },
)

test('a platform is asked in its own form to send again what could not be kept', async (t) => {
  const app = await startApp({ channels })
  t.after(() => app.close())
  const { uid } = await app.logIn('own-away')
  await app.service.database.close()
  for (const body of [{ say: 'paid', uid, id: 'away', order_id: 'away' }, { say: 'who', uid }, { say: 'nothing' }]) {
    const headers = { 'x-key': OWN_KEY }
    const told = await request(`${app.url}/webhooks/owner`, { method: 'POST', body, headers })
    assert.deepEqual([told.status, told.body], [500, { error: { code: 'LATER' } }], body.say)
  }
})

test('who forges is limited, also where the platform’s own form tells it so', async (t) => {
  const app = await startApp({ channels, variables: { RATE_LIMIT_PER_MINUTE: '40' } })
  t.after(() => app.close())
  const forge = () => app.call('POST', '/webhooks/owner', { body: { say: 'nothing' }, headers: { 'x-key': 'guessed' } })
  for (let n = 0; n < 10; n++) assert.equal((await forge()).status, 400)
  assertRefused(await forge(), 429, 'too_many_requests')
})
