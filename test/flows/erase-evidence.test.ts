import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signSandboxMessage } from '../../src/channels/sandbox/index.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { privacyOf } from '../support/privacy.ts'
import { callSigned } from '../support/signed-call.ts'
import { OTHER_APP_ID, payment, SIGNED_SECRET } from '../support/test-app.ts'

onEveryEngine(
  (on) => {
    const db = () => on.app.service.database.db
    const server = async (method: string, path: string, body?: unknown) =>
      on.app.call(method, path, { token: await on.app.serverToken(), ...(body === undefined ? {} : { body }) })
    const pay = (order_id: string, uid: string, more: object = {}) =>
      callSigned(on.app, '/api/v1/payment/success', {
        body: payment({ order_id, uid, email: `${uid}@example.com`, ...more }),
        secret: SIGNED_SECRET,
        channel: 'signed',
        headers: { 'user-agent': 'FunkyPhone/9' },
      })
    const fail = (order_id: string, uid: string) =>
      server('POST', '/api/v1/payment/failure', {
        ...{ order_id, uid, item_id: 1, web_pay_error_code: 'CARD_DECLINED', email: `${uid}@example.com` },
      })
    const erase = (uid: string) => privacyOf(on.app).erase(uid)
    /** Every kept message that holds a text, in its body or its headers. */
    const messagesWith = async (text: string) => {
      const rows = await db()
        .selectFrom('payment_events')
        .innerJoin('payment_event_bodies', 'payment_event_bodies.event_id', 'payment_events.event_id')
        .selectAll()
        .execute()
      return rows.filter(({ body, headers }) => Buffer.from(body).includes(text) || headers.includes(text))
    }
    const eventsOf = (order_id: string) =>
      db()
        .selectFrom('payment_events')
        .innerJoin('payment_event_bodies', 'payment_event_bodies.event_id', 'payment_events.event_id')
        .selectAll()
        .where('order_id', '=', order_id as never)
        .execute()

    test('what kept messages say of an erased player is blanked, whatever became of them; hashes and verdicts stay', async () => {
      const [anna, ben] = [await on.app.logIn('erase-evidence'), await on.app.logIn('erase-evidence-not')]
      assertDone(await pay('evidence-1', anna.uid, { transaction_id: 'evidence-1' }))
      assertDone(await pay('evidence-1', anna.uid, { transaction_id: 'evidence-1' }))
      assertDone(await pay('evidence-1', anna.uid, { transaction_id: 'evidence-twice' }))
      assertDone(await pay('evidence-of-ben', ben.uid))
      assertRefused(await pay('evidence-of-ben', anna.uid), 409, 'order_conflict')
      assertRefused(await pay('evidence-1', ben.uid, { transaction_id: 'evidence-ben' }), 409, 'order_conflict')
      assertRefused(await pay('evidence-price', anna.uid, { price: 1 }), 409, 'price_mismatch')
      assertDone(await fail('evidence-failed', anna.uid))
      assertRefused(await fail('evidence-of-ben', anna.uid), 409, 'order_conflict')
      assertRefused(await fail('evidence-1', ben.uid), 409, 'order_conflict')
      assertRefused(await pay('evidence-bad', anna.uid, { price: 'much' }), 422, 'invalid_fields')
      assertRefused(await pay('evidence-bad', ben.uid, { price: 'much' }), 422, 'invalid_fields')
      const before = await messagesWith(`${anna.uid}@example.com`)
      assert.equal(before.length, 8)
      const ofBen = await messagesWith(`${ben.uid}@example.com`)
      assert.equal(ofBen.length, 4)
      await erase(anna.uid)
      assert.deepEqual(await messagesWith(`${anna.uid}@example.com`), [])
      assert.deepEqual(await messagesWith(`${ben.uid}@example.com`), ofBen)
      for (const { event_id, body_sha256, verdict } of before) {
        const row = await db()
          .selectFrom('payment_events')
          .selectAll()
          .where('event_id', '=', event_id)
          .executeTakeFirstOrThrow()
        assert.deepEqual([row.body_sha256, row.verdict], [body_sha256, verdict])
        assert.doesNotMatch(row.headers, /FunkyPhone/)
      }
      const signed = before.filter(({ headers }) => headers.includes('x-signature')).length
      const stillSigned = await Promise.all(
        before.map(({ event_id }) =>
          db().selectFrom('payment_events').select('headers').where('event_id', '=', event_id).executeTakeFirst(),
        ),
      )
      assert.equal(stillSigned.filter((row) => row?.headers.includes('x-signature')).length, signed)
      await assertBooks(on.app)
    })

    test('a payment for an erased player waits for a person without what it said, however often it is told', async () => {
      const { uid } = await on.app.logIn('erase-then-paid')
      assertDone(await pay('paid-before', uid, { transaction_id: 'paid-before' }))
      await erase(uid)
      for (let told = 0; told < 2; told++) {
        assertRefused(await pay('paid-after', uid, { transaction_id: 'paid-after' }), 404, 'player_not_found')
      }
      assert.equal(assertDone(await pay('paid-before', uid, { transaction_id: 'paid-before' })).replayed, true)
      assertRefused(await fail('failed-after', uid), 404, 'player_not_found')
      assertRefused(await pay('paid-before', uid, { transaction_id: 'paid-before', price: 1 }), 409, 'order_conflict')
      assert.equal(await orderRow(on.app, 'paid-after'), undefined)
      assert.deepEqual(
        (await reviewEntries(on.app, 'paid-after')).map(({ reason, state }) => [reason, state]),
        [['player_not_found', 'open']],
      )
      assert.deepEqual(await messagesWith(`${uid}@example.com`), [])
      const replays = await eventsOf('paid-before')
      assert.deepEqual(replays.map(({ verdict, body }) => [verdict, body.byteLength]).toSorted(), [
        ['granted', 0],
        ['order_conflict', 0],
        ['replayed', 0],
      ])
      for (const { body_sha256 } of replays) assert.match(body_sha256, /^[0-9a-f]{64}$/)
      await assertBooks(on.app)
    })

    test("a known payment told again with an erased player's number keeps nothing of it; another app's message keeps all", async () => {
      const [anna, ben] = [await on.app.logIn('erase-stranger'), await on.app.logIn('erase-stranger-not')]
      assertDone(await pay('stranger', ben.uid, { transaction_id: 'stranger' }))
      await erase(anna.uid)
      assertRefused(await pay('stranger', anna.uid, { transaction_id: 'stranger' }), 409, 'order_conflict')
      assert.deepEqual(await messagesWith(`${anna.uid}@example.com`), [])
      assert.equal((await messagesWith(`${ben.uid}@example.com`)).length, 1)
      const token = assertDone(
        await on.app.call('POST', '/api/v1/token', { body: { appId: OTHER_APP_ID, appSecret: 'other-app-secret' } }),
      ).token
      const body = payment({ order_id: 'stranger-there', uid: anna.uid, email: 'there@example.com' })
      assertRefused(await on.app.call('POST', '/api/v1/payment/success', { token, body }), 404, 'player_not_found')
      assert.equal((await messagesWith('there@example.com')).length, 1)
    })

    test('a callback of a platform about an erased player keeps its hash and nothing it said', async () => {
      const { uid } = await on.app.logIn('erase-hook')
      await erase(uid)
      const purchase = {
        transaction_id: 'sbx_erased',
        order_id: 'sbx-erased',
        uid,
        item_id: 1,
        quantity: 1,
        amount_minor: 1999,
        currency: 'USD',
        channel_shown: 'sandbox',
      }
      const body = JSON.stringify({ type: 'payment.succeeded', purchase })
      const secret = (await on.app.service.kv.get('sandbox-secret')) ?? ''
      const headers = { 'x-sandbox-signature': signSandboxMessage(secret, { body, nowMs: Date.now() }) }
      const answer = assertDone(await on.app.call('POST', '/webhooks/sandbox', { body, headers }))
      assert.deepEqual([answer.order_status, answer.refusal], ['review', 'player_not_found'])
      assert.deepEqual(await messagesWith('sbx_erased'), [])
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { jobs: 'by_hand' },
)
