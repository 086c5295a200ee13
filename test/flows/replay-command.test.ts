import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signSandboxMessage } from '../../src/channels/sandbox/index.ts'
import { signBody } from '../../src/channels/signed/index.ts'
import { assertDone } from '../support/answers.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { keepEvent } from '../support/kept-events.ts'
import { createOrder } from '../support/orders.ts'
import { deliver, purchase, tellingOf } from '../support/reversals.ts'
import { payment, SIGNED_SECRET } from '../support/test-app.ts'

const HOUR_MS = 3_600_000

onEveryEngine((on) => {
  const orders = (...args: string[]) => runProgram('src/cli/orders.ts', { args, variables: on.app.variables })
  const done = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await orders('replay', ...args)
    assert.deepEqual([code, stderr], [0, ''])
    return stdout
  }
  const json = async (...args: string[]) => JSON.parse(await done(...args, '--json'))
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await orders('replay', ...args)
    assert.deepEqual([code, stdout], [1, ''])
    return stderr
  }
  const books = async () => withoutMarks(await stateOf(on.app))
  const sandboxHeaders = async (body: string, nowMs: number) => {
    const secret = (await on.app.service.kv.get('sandbox-secret')) ?? ''
    return { 'x-sandbox-signature': signSandboxMessage(secret, { body, nowMs }) }
  }
  const kept = { instance: 'server', kind: 'payment' }

  test('a payment that a fault of ours left unsettled: a dry run says what would change, --apply heals it, once', async (t) => {
    const { uid } = await on.app.logIn('replay-healed')
    const body = JSON.stringify(payment({ order_id: 'replay-healed', uid }))
    const eventId = await keepEvent(on.app, { ...kept, body })
    const before = await books()
    const dry = await done(eventId)
    assert.match(dry, /^evt_[0-9a-f]+: a payment of server, received .* UTC; it came to `error` then\.\n/)
    assert.match(dry, /\nTold again it would come to `granted`\.\n/)
    assert.match(dry, /\n {2}order replay-healed: new, status completed, coins 1000, tokens 22, /)
    assert.match(dry, new RegExp(`\n {2}player ${uid}: coins 0 -> 1000, inbox_tokens 0 -> 22\n`))
    assert.match(dry, /\nA dry run: nothing was changed\. Do it with --apply\.\n$/)
    assert.deepEqual(await books(), before)
    assert.equal((await playerRow(on.app, uid)).coins, 0)

    assert.match(await done(eventId, '--apply'), /\nTold again it came to `granted`\.\n[\s\S]*\nDone\.\n$/)
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    assert.match(await done(eventId), /would come to `replayed`\.\nNothing would change\.\n$/)
    assert.match(
      await done(eventId, '--apply'),
      /came to `replayed`\.\nNothing changed; that it was told again is kept\.\n$/,
    )
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    const told = await on.app.service.database.db
      .selectFrom('payment_events')
      .select(['event_id', 'kind', 'verdict'])
      .where('request_id', '=', `replay.${eventId}`)
      .execute()
    assert.deepEqual(told.map(({ kind, verdict }) => `${kind} ${verdict}`).toSorted(), [
      'replay granted',
      'replay replayed',
    ])
    assert.match(await refused(told[0]?.event_id ?? ''), /it is a replay itself/)
    await assertBooks(on.app)
    await assertAuditClean(t, on.app.variables)
  })

  test('a signature is judged at the time at which it was received', async () => {
    const { uid } = await on.app.logIn('replay-signed')
    const body = JSON.stringify(payment({ order_id: 'replay-signed', uid, payment_channel: 'signed' }))
    const receivedAtMs = Date.now() - 24 * HOUR_MS
    const signedAt = (nowMs: number, secret = SIGNED_SECRET) => ({ 'x-signature': signBody(secret, { body, nowMs }) })
    const signed = { instance: 'signed', kind: 'payment', body, receivedAtMs }
    const stale = await keepEvent(on.app, { ...signed, headers: signedAt(receivedAtMs - HOUR_MS) })
    const otherSecret = await keepEvent(on.app, { ...signed, headers: signedAt(receivedAtMs, 'taken-out-since-then') })
    const elsewhere = await keepEvent(on.app, { ...signed, body: `${body} `, headers: signedAt(receivedAtMs) })
    const before = await books()
    for (const eventId of [stale, otherSecret, elsewhere]) {
      assert.match(await refused(eventId, '--apply'), /its proof does not hold today/)
    }
    assert.deepEqual(await books(), before)
    const good = await keepEvent(on.app, { ...signed, headers: signedAt(receivedAtMs) })
    const { verdict, verdict_then: then, applied } = await json(good, '--apply')
    assert.deepEqual([verdict, then, applied], ['granted', 'error', true])
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    await assertBooks(on.app)
  })

  test('callbacks that were not understood once are, each by the use case of its kind', async () => {
    const { token, uid } = await on.app.logIn('replay-callbacks')
    const order = await createOrder(on.app, token)
    const bought = purchase({ order_id: order.order_id, uid })
    const other = await createOrder(on.app, token)
    const receivedAtMs = Date.now() - 2 * HOUR_MS
    const keep = async (body: string) =>
      keepEvent(on.app, {
        ...{ instance: 'sandbox', kind: 'callback', verdict: 'invalid_fields', body, receivedAtMs },
        headers: await sandboxHeaders(body, receivedAtMs),
      })
    const failedBody = {
      type: 'payment.failed',
      code: 'DECLINED',
      purchase: purchase({ order_id: other.order_id, uid }),
    }
    const failed = await keep(JSON.stringify(failedBody))
    const paid = await keep(tellingOf(bought, { type: 'payment.succeeded' }))
    const refundOf = await keep(tellingOf(bought, { type: 'refund.succeeded' }))
    const before = await books()
    assert.equal((await json(failed)).verdict, 'failed')
    assert.equal((await json(paid)).verdict, 'granted')
    assert.equal((await json(refundOf)).verdict, 'awaits_payment')
    assert.deepEqual(await books(), before)
    assert.equal((await json(failed, '--apply')).verdict, 'failed')
    assert.equal((await json(paid, '--apply')).verdict, 'granted')
    const { changes } = await json(refundOf)
    const change = changes.find(({ what }: { what: string }) => what === `order ${order.order_id}`)
    assert.deepEqual([change.from.status, change.to.status], ['completed', 'refunded'])
    assert.equal((await orderRow(on.app, order.order_id))?.status, 'completed')
    await json(refundOf, '--apply')
    assert.equal((await orderRow(on.app, order.order_id))?.status, 'refunded')
    assert.equal((await orderRow(on.app, other.order_id))?.status, 'failed')
    assert.equal((await playerRow(on.app, uid)).coins, 0)
    await assertBooks(on.app)
  })

  test('a refund that a fault of ours left unbooked is booked by its replay', async (t) => {
    const { token, uid } = await on.app.logIn('replay-refund')
    const order = await createOrder(on.app, token)
    const bought = purchase({ order_id: order.order_id, uid })
    assertDone(await deliver(on.app, tellingOf(bought, { type: 'payment.succeeded' })))
    const body = tellingOf(bought, { type: 'refund.succeeded' })
    const headers = await sandboxHeaders(body, Date.now())
    const eventId = await keepEvent(on.app, { instance: 'sandbox', kind: 'notice', body, headers })
    assert.match(await done(eventId, '--apply'), /status completed -> refunded/)
    assert.equal((await playerRow(on.app, uid)).coins, 0)
    await assertAuditClean(t, on.app.variables)
  })

  test('what cannot be told again is refused in words, and changes nothing', async () => {
    const { uid } = await on.app.logIn('replay-refused')
    const body = JSON.stringify(payment({ order_id: 'replay-refused', uid }))
    const { database } = on.app.service
    const blanked = await keepEvent(on.app, { ...kept, body })
    const changed = await keepEvent(on.app, { ...kept, body })
    const setBody = (eventId: typeof blanked, text: string) =>
      database.inTransaction((tx) =>
        tx
          .updateTable('payment_event_bodies')
          .set({ body: Buffer.from(text) })
          .where('event_id', '=', eventId)
          .execute(),
      )
    await setBody(blanked, '')
    await setBody(changed, body.replace('19.99', '0.01'))
    const reasons: [string, RegExp][] = [
      ['evt_none', /Nothing was done with "evt_none": there is no event of that id\./],
      [blanked, /its body was blanked with the person/],
      [changed, /its body is not the one that was kept/],
      [await keepEvent(on.app, { ...kept, kind: 'look_up', body: '{}' }), /ask again by POST/],
      [await keepEvent(on.app, { ...kept, instance: 'gone', kind: 'callback', body }), /its channel is not configured/],
      [
        await keepEvent(on.app, { ...kept, body: body.replace('"USD"', '"XBT"') }),
        /it is genuine, and still not understood\.\n {2}currency: is not an ISO 4217 code/,
      ],
      [
        await keepEvent(on.app, { ...kept, body: '{"order_id": "x"}' }),
        /still not understood\.\n {2}uid: is required\n/,
      ],
      [await keepEvent(on.app, { ...kept, body: 'no json' }), /still not understood/],
    ]
    const before = await books()
    for (const [eventId, words] of reasons) assert.match(await refused(eventId, '--apply'), words)
    assert.deepEqual(await books(), before)
    const { code, stdout } = await orders('replay', blanked, '--json')
    assert.deepEqual([code, JSON.parse(stdout).error], [1, 'body_blanked'])
    for (const args of [['replay'], ['replay', 'a', 'b'], ['replay', 'a', '--unknown'], ['unknown']]) {
      assert.equal((await orders(...args)).code, 2)
    }
    // The messages that this test planted with other bodies than were kept.
    await setBody(changed, body)
    await setBody(blanked, body)
  })
})
