import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertRefused } from '../support/answers.ts'
import { stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { OTHER_APP_ID, startApp } from '../support/test-app.ts'
import { inShort, paidOrder, tellXsolla, XSOLLA_CHANNELS, type XsollaBody, xsollaBody } from '../support/xsolla.ts'

const INVALID_USER = { error: { code: 'INVALID_USER', message: 'There is no such player.' } }

onEveryEngine(
  (on) => {
    const ask = async (body: XsollaBody) => {
      const { status, headers, body: answer } = await tellXsolla(on.app, body)
      if (answer !== '') assert.equal(headers.get('content-type'), 'application/json')
      return [status, answer]
    }
    const validate = (user: unknown) => ask(xsollaBody('user-validation', { user }))
    const search = (user: unknown) => ask({ ...xsollaBody('user-search'), user })
    const check = (user: unknown) => ask(xsollaBody('shop-check', { user }))

    test('each of the three questions about a player is answered in its own way, and none is kept', async () => {
      const { uid } = await on.app.logIn('xsolla-asked')
      const before = withoutMarks(await stateOf(on.app))
      assert.deepEqual(await validate({ id: uid }), [204, ''])
      assert.deepEqual(await validate({ id: Number(uid) }), [204, ''], 'also as a number')
      const [searched, found] = await search({ public_id: uid })
      assert.deepEqual([searched, found.user.id, found.user.public_id], [200, uid, uid])
      assert.deepEqual(await search({ id: uid }), [200, found])
      const [checked, shown] = await check({ id: uid })
      assert.deepEqual([checked, shown.user.id, shown.attributes], [200, uid, []])
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
    })

    test('nobody is somebody else’s player, an erased one, or no number at all', async () => {
      const other = await on.app.logIn('xsolla-elsewhere', OTHER_APP_ID)
      const before = withoutMarks(await stateOf(on.app))
      const nobodies = [
        other.uid,
        '999999999',
        '0',
        '-1',
        '1e4',
        ' 10001',
        '10001 ',
        '010001',
        'ana',
        '',
        '1'.repeat(200),
      ]
      for (const id of [...nobodies, null, 1.5, [other.uid], { value: other.uid }, true]) {
        assert.deepEqual(await validate({ id }), [400, INVALID_USER], JSON.stringify(id))
        assert.deepEqual(await search({ id }), [400, INVALID_USER], JSON.stringify(id))
        assert.deepEqual(await check({ id }), [404, INVALID_USER], JSON.stringify(id))
      }
      for (const user of [null, [], 'x', 7, {}]) {
        assert.deepEqual(await ask({ ...xsollaBody('user-validation'), user }), [400, INVALID_USER])
        assert.deepEqual(await ask({ ...xsollaBody('shop-check'), user }), [404, INVALID_USER])
      }
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
    })

    test('another project’s question is not ours to answer', async () => {
      const { uid } = await on.app.logIn('xsolla-project')
      for (const settings of [{ project_id: 1 }, { merchant_id: 1 }, { project_id: [51123, 1] }]) {
        const [status, body] = await ask(xsollaBody('user-validation', { user: { id: uid }, settings }))
        assert.deepEqual([status, body.error.code], [400, 'INVALID_PARAMETER'])
      }
      for (const settings of [undefined, null, {}, { project_id: '51123' }]) {
        assert.deepEqual(await ask({ ...xsollaBody('user-validation', { user: { id: uid } }), settings }), [204, ''])
      }
    })
  },
  { variables: { CHANNELS: XSOLLA_CHANNELS } },
)

test('while our database is away the platform is asked to send everything again', async (t) => {
  const app = await startApp({ variables: { CHANNELS: XSOLLA_CHANNELS } })
  t.after(() => app.close())
  const { uid } = await app.logIn('xsolla-away')
  await app.service.database.close()
  const told = [
    xsollaBody('user-validation', { user: { id: uid } }),
    xsollaBody('shop-check', { user: { id: uid } }),
    paidOrder(uid, { orderId: 1, transactionId: 2 }),
    ...[xsollaBody('refund'), xsollaBody('order-canceled'), xsollaBody('payment'), xsollaBody('afs-reject'), '{}'],
  ]
  for (const body of told) {
    const { status, body: answer } = await tellXsolla(app, body)
    assert.deepEqual([status, answer.error.code], [500, 'SERVER_ERROR'], JSON.stringify(body))
  }
  const forged = await tellXsolla(app, told[0], { key: 'guessed' })
  assert.equal(inShort(forged), '400 INVALID_SIGNATURE', 'who forges is told so all the same')
})

test('who forges is limited by address; who signs is not', async (t) => {
  const app = await startApp({ variables: { CHANNELS: XSOLLA_CHANNELS, RATE_LIMIT_PER_MINUTE: '40' } })
  t.after(() => app.close())
  const { uid } = await app.logIn('xsolla-limited')
  const question = xsollaBody('user-validation', { user: { id: uid } })
  for (let n = 0; n < 60; n++) assert.equal(inShort(await tellXsolla(app, question)), '204')
  for (let n = 0; n < 10; n++) {
    assert.equal(inShort(await tellXsolla(app, question, { key: 'guessed' })), '400 INVALID_SIGNATURE')
  }
  assertRefused(await tellXsolla(app, question, { key: 'guessed' }), 429, 'too_many_requests')
})
