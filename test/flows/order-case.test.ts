import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { keepEvent } from '../support/kept-events.ts'
import { createOrder } from '../support/orders.ts'
import { deliver, purchase, tell, tellingOf } from '../support/reversals.ts'
import { APP_ID, OTHER_APP_ID, OTHER_APP_SECRET, payment } from '../support/test-app.ts'

interface Line {
  readonly at: string
  readonly kind: string
  readonly facts: Readonly<Record<string, unknown>>
}

onEveryEngine((on) => {
  const caseOf = async (orderId: string) => {
    const token = await on.app.serverToken()
    return assertDone(await on.app.call('GET', `/api/v1/server/orders/${orderId}/case`, { token }))
  }
  const kinds = (story: readonly Line[]) => story.map(({ kind }) => kind)
  const ofKind = (story: readonly Line[], kind: string) => story.filter((line) => line.kind === kind)
  const command = (...args: string[]) =>
    runProgram('src/cli/orders.ts', { args: ['case', ...args], variables: on.app.variables })

  test('an order tells its whole story in the order of time, and why it stands as it does', async () => {
    const { token, uid } = await on.app.logIn('case-whole')
    const order = await createOrder(on.app, token)
    assert.match((await caseOf(order.order_id)).explanation.en, /^It waits for its payment until/)
    const bought = purchase({ order_id: order.order_id, uid })
    await tell(on.app, bought, 'payment.succeeded')
    const inbox = assertDone(await on.app.call('GET', '/api/v1/inbox', { token }))
    const claim = `/api/v1/inbox/${inbox.messages[0].id}/claim`
    assertDone(await on.app.call('POST', claim, { token, body: {} }))
    await tell(on.app, { ...bought, transaction_id: 'second' }, 'payment.succeeded')
    await tell(on.app, bought, { type: 'dispute.opened', atMs: 1 }, { type: 'dispute.lost', atMs: 2 })
    const { story, explanation, order: shown, notes } = await caseOf(order.order_id)
    assert.deepEqual([shown.order_status, shown.uid, notes], ['refunded', uid, []])
    assert.match(explanation.en, /^Its dispute was lost: .* A second payment of it waits in the review queue/)
    assert.match(explanation.zh, /^争议败诉/)
    const times = story.map((line: Line) => line.at)
    assert.deepEqual(times, times.toSorted())
    assert.equal(kinds(story)[0], 'promise')
    for (const kind of ['message', 'payment', 'state', 'posting', 'reward', 'claim', 'cause', 'reversal', 'review']) {
      assert.ok(kinds(story).includes(kind), `it tells of a ${kind}`)
    }
    assert.deepEqual(
      ofKind(story, 'state').map(({ facts }) => facts['order_status']),
      ['pending', 'completed', 'disputed', 'refunded'],
    )
    assert.deepEqual(
      ofKind(story, 'message').map(({ facts }) => facts['verdict']),
      ['granted', 'duplicate_charge', 'disputed', 'refunded'],
    )
    for (const { facts } of ofKind(story, 'message')) {
      assert.equal(facts['proof'], 'signature checked (x-sandbox-signature)')
      assert.match(String(facts['body_sha256']), /^[0-9a-f]{64}$/)
    }
    assert.deepEqual(
      ofKind(story, 'posting').map(({ facts }) => facts['ledger']),
      ['order_grant', 'inbox_claim', 'order_refund'],
    )
  })

  test('nothing secret and nothing personal stands in it', async () => {
    const { uid } = await on.app.logIn('case-private')
    const token = await on.app.serverToken()
    const personal = { email: 'someone@example.com', ip: '192.0.2.7', custom_param: { note: 'my-own-words' } }
    const body = payment({ order_id: 'case-private', uid, ...personal })
    assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body }))
    const told = JSON.stringify(await caseOf('case-private'))
    assert.doesNotMatch(told, /someone@example|192\.0\.2\.7|my-own-words|bearer|v1=/i)
    assert.match(told, /token checked/)
  })

  test('a refund that came before its payment is told before it', async () => {
    const { token, uid } = await on.app.logIn('case-tombstone')
    const order = await createOrder(on.app, token)
    const bought = purchase({ order_id: order.order_id, uid })
    await tell(on.app, bought, 'refund.succeeded', 'payment.succeeded')
    const { story, explanation } = await caseOf(order.order_id)
    assert.deepEqual(
      ofKind(story, 'message').map(({ facts }) => facts['verdict']),
      ['awaits_payment', 'refunded'],
    )
    assert.match(explanation.en, /before anything was granted/)
  })

  test("another app's order, and one that there is not, do not exist", async () => {
    const token = await on.app.serverToken()
    const { uid } = await on.app.logIn('case-other', OTHER_APP_ID)
    const secret = { appId: OTHER_APP_ID, appSecret: OTHER_APP_SECRET }
    const other = assertDone(await on.app.call('POST', '/api/v1/token', { body: secret })).token
    assertDone(
      await on.app.call('POST', '/api/v1/payment/success', {
        token: other,
        body: payment({ order_id: 'case-other', uid }),
      }),
    )
    for (const orderId of ['case-other', 'case-nobody']) {
      const path = `/api/v1/server/orders/${orderId}/case`
      assertRefused(await on.app.call('GET', path, { token }), 404, 'order_not_found')
      const { code, stdout, stderr } = await command(orderId, '--app', APP_ID)
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, /No such order/)
    }
    assert.equal((await command('case-other', '--app', OTHER_APP_ID)).code, 0)
    assert.equal((await command('case-other')).code, 1)
  })

  test('a story of hundreds of messages is told by its beginning and its end, and says so', async () => {
    const { token, uid } = await on.app.logIn('case-long')
    const order = await createOrder(on.app, token)
    const bought = purchase({ order_id: order.order_id, uid })
    const body = tellingOf(bought, { type: 'payment.succeeded' })
    for (let n = 0; n < 230; n += 23) {
      const answers = await Promise.all(Array.from({ length: 23 }, () => deliver(on.app, body)))
      for (const answer of answers) assertDone(answer)
    }
    const { story, notes } = await caseOf(order.order_id)
    const messages = ofKind(story, 'message')
    assert.equal(messages.length, 200)
    assert.equal(messages[0]?.facts['verdict'], 'granted')
    assert.deepEqual(notes, ['of more than 200 messages only the first and the last are shown'])
  })

  test('the command tells it in words and as JSON', async () => {
    const { uid } = await on.app.logIn('case-command')
    const body = JSON.stringify(payment({ order_id: 'case-command', uid }))
    const eventId = await keepEvent(on.app, { instance: 'server', kind: 'payment', body })
    const args = ['replay', eventId, '--apply']
    assert.equal((await runProgram('src/cli/orders.ts', { args, variables: on.app.variables })).code, 0)
    const { code, stdout, stderr } = await command('case-command', '--app', APP_ID)
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(
      stdout,
      new RegExp(`^Order case-command of ${APP_ID.replaceAll('.', '\\.')}, player ${uid}: completed\n`),
    )
    assert.match(stdout, /\nIt was paid and granted: .*\n订单已付款并发放.*\n\n/)
    assert.match(
      stdout,
      /message {3}event_id evt_[0-9a-f]+, message replay, instance server, .* told again from a kept/,
    )
    assert.match(
      stdout,
      new RegExp(`posting .*1000 coins sales -> player:${uid}; 20 tokens sales -> inbox:${uid}; 2 tokens bonus`),
    )
    const json = JSON.parse((await command('case-command', '--app', APP_ID, '--json')).stdout)
    assert.deepEqual([json.order_status, json.test, json.uid], ['completed', false, uid])
  })
})
