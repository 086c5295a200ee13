import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appchargeBody, appchargeChannels, awardOf, sendAppcharge } from '../support/appcharge.ts'
import { setPlayer, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { OTHER_APP_ID, type TestApp } from '../support/test-app.ts'

const CHANNELS = appchargeChannels(
  {
    typed: { authMethods: ['google', 'userToken', 'userPassword'] },
    named: { products: { coins: 'gold.coin', tokens: 'silver' } },
  },
  { items: { 'pack.starter': 1, 'pack.elite': 4 } },
)

/** Every text of every table. */
async function everythingKept(app: TestApp): Promise<string> {
  const { db } = app.service.database
  const texts: string[] = []
  for (const { name } of await db.introspection.getTables()) {
    const rows = await db
      .selectFrom(name as 'users')
      .selectAll()
      .execute()
    for (const value of rows.flatMap((row): unknown[] => Object.values(row))) {
      texts.push(value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value))
    }
  }
  return texts.join('\n')
}

onEveryEngine(
  (on) => {
    const ask = async (uid: string, instance = 'appcharge') => {
      const body = appchargeBody('personalize', { playerId: uid })
      const answer = await sendAppcharge(on.app, { callback: 'personalize', body, how: { instance } })
      assert.equal(answer.status, 200)
      return answer.body
    }

    test('the store is what is open to a player, under the names that Appcharge has for it, with what they have', async () => {
      const { uid } = await on.app.logIn('appcharge-store')
      const store = await ask(uid)
      assert.deepEqual([store.status, store.version, store.sessionMetadata], ['valid', 2, {}])
      assert.deepEqual(
        store.offers.map((offer: { publisherOfferId: string }) => offer.publisherOfferId),
        ['pack.starter', '2', '3', 'pack.elite', '5', '6'],
      )
      assert.deepEqual(store.offers[0], {
        publisherOfferId: 'pack.starter',
        productsSequence: [
          {
            index: 1,
            products: [
              { publisherProductId: 'coins', quantity: 1000, priority: 'Main' },
              { publisherProductId: 'tokens', quantity: 22, priority: 'Sub' },
            ],
          },
        ],
        productSale: { sale: 10, type: 'percentage' },
      })
      assert.deepEqual(store.segments, ['standard', 'first_charge'])
      assert.deepEqual(store.balances, [
        { publisherProductId: 'coins', quantity: 0 },
        { publisherProductId: 'tokens', quantity: 0 },
      ])
      assert.deepEqual(store.attributes, { level: 0, vip_level: 0 })
      const paid = awardOf(uid, { orderId: 'store-1', sku: 'pack.starter' })
      assert.equal((await sendAppcharge(on.app, { callback: 'award', body: paid })).status, 200)
      const after = await ask(uid, 'named')
      assert.deepEqual(after.segments, ['standard', 'returning'])
      assert.deepEqual(after.balances[0], { publisherProductId: 'gold.coin', quantity: 1000 })
      assert.equal(after.offers[0].productSale, undefined)
    })

    test('a premium player is offered more, and a debt is shown as nothing', async () => {
      const { uid } = await on.app.logIn('appcharge-premium')
      await setPlayer(on.app, uid, { level_hundredths: 9_999, coins: 10_000 })
      const store = await ask(uid)
      assert.equal(store.segments[0], 'premium')
      assert.ok(store.offers.some((offer: { publisherOfferId: string }) => offer.publisherOfferId === '7'))
      const { uid: debtor } = await on.app.logIn('appcharge-debtor')
      await setPlayer(on.app, debtor, { coins: -700 })
      assert.deepEqual((await ask(debtor)).balances[0], { publisherProductId: 'coins', quantity: 0 })
      await setPlayer(on.app, debtor, { coins: 0 })
    })

    test('where a number need only be typed, the store shows nothing of its player', async () => {
      const { uid } = await on.app.logIn('appcharge-typed')
      const store = await ask(uid, 'typed')
      assert.deepEqual(
        [store.status, store.balances, store.attributes, store.offers.length],
        ['valid', undefined, undefined, 6],
      )
    })

    test('whom this app does not know has no store', async () => {
      const other = await on.app.logIn('appcharge-other', OTHER_APP_ID)
      for (const uid of [other.uid, '999999999', '0', 'ana', '', '１０００１']) {
        assert.deepEqual(await ask(uid), { status: 'invalid', sessionMetadata: {} })
      }
      const unread = await sendAppcharge(on.app, { callback: 'personalize', body: 'no JSON' })
      assert.deepEqual([unread.status, unread.body], [400, { error: 'The body is not valid JSON.' }])
    })

    test('nothing is kept of a question, and no password of a login, in whatever form it comes', async () => {
      const secret = 'a-password-that-nobody-may-keep'
      const before = withoutMarks(await stateOf(on.app))
      const fields = { authMethod: 'userPassword', userName: 'ana', password: secret }
      const bodies = [
        appchargeBody('auth-google', { token: secret }),
        appchargeBody('auth-google', fields),
        appchargeBody('auth-google', { ...fields, password: [secret] }),
        appchargeBody('auth-google', { ...fields, authMethod: secret }),
        appchargeBody('auth-otp', { otp: { playerCode: secret, accessToken: { secret } } }),
        `{"password":"${secret}"`,
        [secret],
      ]
      for (const body of bodies) {
        for (const instance of ['appcharge', 'typed']) {
          const answer = await sendAppcharge(on.app, { callback: 'auth', body, how: { instance } })
          const isRead = typeof body !== 'string' && !Array.isArray(body)
          assert.equal(answer.status, isRead ? 200 : 400)
          assert.equal(answer.body.status, isRead ? 'invalid' : undefined)
        }
      }
      for (const callback of ['auth-initiate', 'personalize']) {
        await sendAppcharge(on.app, { callback, body: { device: secret, playerId: secret } })
      }
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
      assert.doesNotMatch(await everythingKept(on.app), new RegExp(secret))
    })
  },
  { variables: { CHANNELS } },
)
