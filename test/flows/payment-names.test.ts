import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { type NamingPlatform, namingPlatform } from '../support/payment-names.ts'

onEveryEngine((on) => {
  let players = 0
  const newcomer = async (): Promise<{ uid: string; order: string; platform: NamingPlatform }> => {
    players += 1
    const { uid } = await on.app.logIn(`names-${players}`)
    return { uid, order: `names-${players}`, platform: namingPlatform(on.app) }
  }
  const statusOf = async (order: string) => (await orderRow(on.app, order))?.status
  const coinsOf = async (uid: string) => (await playerRow(on.app, uid)).coins
  const paymentsOf = async (name: string): Promise<number> => {
    const { db } = on.app.service.database
    const rows = await db
      .selectFrom('payment_identities')
      .selectAll()
      .where('identity', 'like', `txn:${name}%`)
      .execute()
    return new Set(rows.map((row) => row.payment_id)).size
  }

  test('what is refunded and disputed under several other names is found by the payment that has them all', async () => {
    const { uid, order, platform } = await newcomer()
    await platform.tell({ names: [`${order}-x`], cause: 'dispute', state: 'open' })
    await platform.tell({ names: [`${order}-y`] })
    assert.equal(await paymentsOf(order), 2)
    await platform.pay({ uid, orders: [order], id: `${order}-a`, others: [`${order}-x`, `${order}-y`] })
    assert.deepEqual([await statusOf(order), await coinsOf(uid), await paymentsOf(order)], ['refunded', 0, 1])
    await assertBooks(on.app)
  })

  test('a payment that is told again, with the name under which it was refunded, is refunded', async () => {
    const { uid, order, platform } = await newcomer()
    await platform.pay({ uid, orders: [order], id: `${order}-a` })
    await platform.tell({ names: [`${order}-x`] })
    assert.deepEqual([await statusOf(order), await coinsOf(uid)], ['completed', 1000])
    await platform.pay({ uid, orders: [order], id: `${order}-a`, others: [`${order}-x`] })
    assert.deepEqual([await statusOf(order), await coinsOf(uid), await paymentsOf(order)], ['refunded', 0, 1])
    await assertBooks(on.app)
  })

  test('a refund that is told again, with the name of a payment, is booked on it', async () => {
    const { uid, order, platform } = await newcomer()
    await platform.pay({ uid, orders: [order], id: `${order}-a` })
    await platform.tell({ names: [`${order}-x`] })
    const told = await platform.tell({ names: [`${order}-x`, `${order}-a`] })
    assert.deepEqual([told.verdict, await coinsOf(uid), await paymentsOf(order)], ['refunded', 0, 1])
    await platform.tell({ names: [`${order}-x`], state: 'undone', atMs: 2 })
    assert.deepEqual([await statusOf(order), await coinsOf(uid)], ['completed', 1000])
    await assertBooks(on.app)
  })

  test('names that prove to be one payment in the middle of a batch are one for all of the batch', async () => {
    for (const turn of [0, 1, 2]) {
      const { uid, order, platform } = await newcomer()
      const [a, x, y, z] = ['a', 'x', 'y', 'z'].map((name) => `${order}-${name}`) as [string, string, string, string]
      await platform.tell({ names: [x], minor: 500, causeId: 'part' })
      await platform.tell({ names: [y, z] })
      const batch = [
        { uid, orders: [order], id: a },
        { uid, orders: [order], id: a, others: [x, y] },
        { uid, orders: [order], id: a, others: [z] },
      ]
      await platform.pay(...batch.slice(turn), ...batch.slice(0, turn))
      assert.deepEqual([await coinsOf(uid), await paymentsOf(order)], [0, 1])
      await platform.tell({ names: [z], state: 'undone', atMs: 2 })
      const told = await platform.tell({ names: [x], state: 'undone', causeId: 'part', atMs: 2 })
      assert.notEqual(told.verdict, 'awaits_payment')
      assert.equal(await paymentsOf(order), 1)
      await assertBooks(on.app)
    }
  })

  test('a name of a refund that became one with a payment names that payment in the same batch', async () => {
    const { uid, order, platform } = await newcomer()
    await platform.tell({ names: [`${order}-y`, `${order}-z`], cause: 'dispute', state: 'open' })
    const told = { uid, orders: [order] }
    await platform.pay({ ...told, id: `${order}-a`, others: [`${order}-y`] }, { ...told, id: `${order}-z` })
    assert.deepEqual([await statusOf(order), await coinsOf(uid), await paymentsOf(order)], ['disputed', 1000, 1])
    const [first, second] = [`${order}-b`, `${order}-c`]
    await platform.tell({ names: [`${first}-x`], minor: 500 })
    await platform.tell({ names: [`${first}-y`, `${first}-z`], causeId: 'second', minor: 500 })
    const again = { uid, orders: [second] }
    await platform.pay(
      { ...again, id: `${first}-a`, others: [`${first}-x`, `${first}-y`] },
      { ...again, id: `${first}-z` },
    )
    assert.deepEqual([await coinsOf(uid), await paymentsOf(first)], [1000 + 500, 1])
    await assertBooks(on.app)
  })

  test('a name that two payments share stays where it is, and a refund by both names is of the first', async () => {
    const { uid, order, platform } = await newcomer()
    const second = `${order}-2`
    await platform.pay({ uid, orders: [order], id: `${order}-a` })
    await platform.pay({ uid, orders: [second], id: `${order}-b` })
    await platform.tell({ names: [`${order}-b`, `${order}-a`] })
    assert.deepEqual([await statusOf(order), await statusOf(second)], ['completed', 'refunded'])
    await platform.pay({ uid, orders: [order], id: `${order}-a`, others: [`${order}-b`] })
    await platform.pay({ uid, orders: [second], id: `${order}-b`, others: [`${order}-a`] })
    assert.deepEqual([await coinsOf(uid), await paymentsOf(order)], [1000, 2])
    await assertBooks(on.app)
  })

  test('a payment that was refunded first is known without its transaction id too, and its answer tells the true balance', async () => {
    const { uid, order, platform } = await newcomer()
    await platform.pay({ uid, orders: [`${order}-before`], id: `${order}-before` })
    await platform.tell({ names: [`${order}-a`] })
    const told = { uid, orders: [order], factsAreIdentity: true }
    for (const id of [`${order}-a`, `${order}-a`, null]) {
      const [[outcome] = []] = await platform.pay({ ...told, id })
      assert.ok(outcome?.ok)
      const { orderStatus, coinsGranted, balance } = outcome.value
      assert.deepEqual([orderStatus, coinsGranted, balance], ['refunded', 0, { coins: 1000, tokens: 0 }])
    }
    assert.equal(await paymentsOf(`${order}-a`), 1)
    await assertBooks(on.app)
  })

  test('a dispute about one line is of its order alone, and a refund of the payment of each by its price', async () => {
    const { uid, order, platform } = await newcomer()
    const second = `${order}-2`
    await platform.pay({ uid, orders: [order, second], id: order })
    await platform.tell({ names: [order], cause: 'dispute', state: 'open', lineNo: 2 })
    assert.deepEqual([await statusOf(order), await statusOf(second)], ['completed', 'disputed'])
    await platform.tell({ names: [order], causeId: 'half', minor: 1999 })
    assert.equal(await coinsOf(uid), 1000)
    await platform.tell({ names: [order], causeId: 'line', lineNo: 2, minor: 1000 })
    assert.deepEqual([await statusOf(order), await statusOf(second)], ['completed', 'refunded'])
    assert.equal(await coinsOf(uid), 500)
    await assertBooks(on.app)
  })
})
