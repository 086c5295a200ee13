import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertBooks, orderRow, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { Model, type Step, type Told } from '../support/model.ts'
import { callSigned } from '../support/signed-call.ts'
import type { Answer, TestApp } from '../support/test-app.ts'
import { SIGNED_SECRET } from '../support/test-app.ts'

/** Few of everything, so that deliveries meet; the player after the last is nobody. */
const PLAYERS = 2
const order = fc.constantFrom('a', 'b', 'c')
const player = fc.constantFrom(0, 0, 0, 1, 1, PLAYERS)
const item = fc.constantFrom(1, 1, 1, 1, 4, 7, 99)
const PRICES: Readonly<Record<number, number>> = { 1: 1999, 4: 9999, 7: 59_999, 99: 100 }

const paymentStep: fc.Arbitrary<Step> = fc
  .record({
    instance: fc.constantFrom('server' as const, 'server' as const, 'server' as const, 'signed' as const),
    order,
    player,
    item,
    wrong: fc.constantFrom('', '', '', '', 'price', 'currency'),
    transaction: fc.constantFrom(null, null, 't1', 't2', 't3'),
  })
  .map(({ wrong, ...told }) => ({
    kind: 'payment' as const,
    ...told,
    cents: wrong === 'price' ? 1 : (PRICES[told.item] ?? 0),
    currency: wrong === 'currency' ? 'EUR' : 'USD',
  }))
const failureStep: fc.Arbitrary<Step> = fc
  .record({ order, player, item, code: fc.constantFrom('CARD_DECLINED', 'PAYMENT_CANCELLED') })
  .map((told) => ({ kind: 'failure' as const, ...told }))
const claimStep: fc.Arbitrary<Step> = fc
  .record({ order, player: fc.constantFrom(0, 0, 1) })
  .map((told) => ({ kind: 'claim' as const, ...told }))
const claimAllStep: fc.Arbitrary<Step> = fc
  .constantFrom(0, 1)
  .map((who) => ({ kind: 'claim_all' as const, player: who }))
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: paymentStep },
    { weight: 2, arbitrary: failureStep },
    { weight: 2, arbitrary: claimStep },
    { weight: 1, arbitrary: claimAllStep },
  ),
  { minLength: 1, maxLength: 14 },
)

/** One story's own players and orders on the shared server. */
interface Cast {
  readonly app: TestApp
  readonly name: string
  readonly server: string
  readonly players: readonly { token: string; uid: string }[]
}

async function castOf(app: TestApp, name: string): Promise<Cast> {
  const players = [await app.logIn(`${name}-0`), await app.logIn(`${name}-1`)]
  return { app, name, players, server: await app.serverToken() }
}

const uidOf = (cast: Cast, index: number) => cast.players[index]?.uid ?? '999999999'

async function send(cast: Cast, step: Step): Promise<Answer> {
  const { app, name } = cast
  switch (step.kind) {
    case 'payment': {
      const body = {
        order_id: `${name}-${step.order}`,
        uid: uidOf(cast, step.player),
        item_id: step.item,
        price: step.cents / 100,
        currency: step.currency,
        payment_channel: 'signed',
        ...(step.transaction === null ? {} : { transaction_id: `${name}-${step.transaction}` }),
      }
      if (step.instance === 'signed') return callSigned(app, '/api/v1/payment/success', { body, secret: SIGNED_SECRET })
      return app.call('POST', '/api/v1/payment/success', { token: cast.server, body })
    }
    case 'failure': {
      const body = {
        order_id: `${name}-${step.order}`,
        uid: uidOf(cast, step.player),
        item_id: step.item,
        web_pay_error_code: step.code,
      }
      return app.call('POST', '/api/v1/payment/failure', { token: cast.server, body })
    }
    case 'claim': {
      const id = await messageOf(cast, step.order)
      return app.call('POST', `/api/v1/inbox/${id}/claim`, { token: cast.players[step.player]?.token ?? '' })
    }
    case 'claim_all':
      return app.call('POST', '/api/v1/inbox/claim_all', { token: cast.players[step.player]?.token ?? '' })
  }
}

/** The message of an order, whoever it belongs to; one that nobody has when there is none. */
async function messageOf(cast: Cast, orderName: string): Promise<string> {
  for (const { token } of cast.players) {
    const { body } = await cast.app.call('GET', '/api/v1/inbox?limit=100', { token })
    const found = body.messages.find(
      (message: { order_id: string }) => message.order_id === `${cast.name}-${orderName}`,
    )
    if (found) return found.id
  }
  return 'msg_none'
}

function assertTold(answer: Answer, told: Told, about: string): void {
  const seen = { status: answer.status, error: answer.body.error }
  assert.deepEqual(seen, { status: told.status, error: told.error }, `${about}: ${JSON.stringify(answer.body)}`)
  for (const [name, value] of Object.entries(told.facts ?? {})) {
    assert.deepEqual(answer.body[name], value, `${about}: ${name} of ${JSON.stringify(answer.body)}`)
  }
}

async function assertEnd(cast: Cast, model: Model): Promise<void> {
  for (const [index, expected] of model.players.entries()) {
    const row = await playerRow(cast.app, uidOf(cast, index))
    const seen = { coins: row.coins, tokens: row.tokens, hadFirstCharge: row.first_charge_order_id !== null }
    assert.deepEqual(seen, expected, `player ${index}`)
  }
  let queued = 0
  for (const name of ['a', 'b', 'c']) {
    queued += (await reviewEntries(cast.app, `${cast.name}-${name}`)).length
    const expected = model.orders.get(name)
    const row = await orderRow(cast.app, `${cast.name}-${name}`)
    assert.equal(row?.status, expected?.status, `order ${name}`)
    if (expected) assert.equal(row?.error_code, expected.errorCode, `order ${name}`)
  }
  assert.equal(queued, model.queued, 'entries in the review queue')
}

onEveryEngine((on) => {
  let stories = 0

  test('any deliveries in any order answer and book what the contract says', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (story) => {
        stories += 1
        const cast = await castOf(on.app, `story${stories}`)
        const model = new Model(PLAYERS)
        for (const [index, step] of story.entries()) {
          assertTold(await send(cast, step), model.tell(step), `step ${index} ${JSON.stringify(step)}`)
        }
        await assertEnd(cast, model)
      }),
      { numRuns: 100, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: false },
    )
    await assertBooks(on.app)
  })

  test('the same deliveries all at once grant each order at most once, and the books hold', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (story) => {
        stories += 1
        const cast = await castOf(on.app, `story${stories}`)
        const answers = await Promise.all(story.map((step) => send(cast, step)))
        for (const answer of answers) assert.ok(answer.status < 500, JSON.stringify(answer.body))
        const grants = answers.filter(({ body }) => body.replayed === false).map(({ body }) => body.order_id)
        assert.equal(new Set(grants).size, grants.length, 'no order is granted twice')
        const firsts = answers.filter(({ body }) => body.replayed === false && body.is_first_charge)
        assert.ok(firsts.length <= PLAYERS)
      }),
      { numRuns: 40, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
    )
    await assertBooks(on.app)
  })
})
