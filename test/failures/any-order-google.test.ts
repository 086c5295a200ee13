import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { notification, orderOnPlay, owedCalls, push, startGoogle, verifyOnDevice } from '../support/google-app.ts'
import { type PlayPurchase, playMoney } from '../support/play-server.ts'

const world = await startGoogle()
const { play } = world

/** What became of a purchase at Play, and who tells of it, in which order. */
const Story = fc.record({
  quantity: fc.integer({ min: 1, max: 4 }),
  /** How many pieces went back; more than there are: the purchase was cancelled. */
  gone: fc.integer({ min: 0, max: 5 }),
  /** `then`: it went back in the middle of the telling, so that some of it is told by what stood before. */
  goes: fc.constantFrom('before', 'then'),
  tellers: fc.array(fc.constantFrom('device', 'bought', 'voided'), { minLength: 1, maxLength: 6 }),
})
type Story = typeof Story extends fc.Arbitrary<infer T> ? T : never
const STORIES = 60
const AT_ONCE = 6

onEveryEngine((on) => {
  const goBack = (bought: PlayPurchase, { gone, quantity }: Story): void => {
    if (gone > quantity) bought.state = 'CANCELLED'
    for (const line of bought.lines) line.refundable = Math.max(0, quantity - gone)
  }
  /** Plays a story: first as it was drawn, then everything once more, as Play and the device do until they are heard. */
  const tellAll = async (story: Story, no: number): Promise<void> => {
    const { token, uid } = await on.app.logIn(`any-google-${no}`)
    const { orderId, account } = await orderOnPlay(on.app, token)
    const { quantity, gone, goes, tellers } = story
    const total = playMoney('USD', String(7 * quantity + 1))
    const bought = play.buy({ account, quantity, total })
    if (goes === 'before') goBack(bought, story)
    const tell = {
      device: () => verifyOnDevice(on.app, token, bought),
      bought: () => push(world, on.app, notification('one-time-purchased', bought)),
      voided: () => push(world, on.app, notification('voided', bought)),
    }
    const half = Math.floor(tellers.length / 2)
    const first = tellers.slice(0, half).map((teller) => tell[teller]())
    if (goes === 'then') goBack(bought, story)
    await Promise.all([...first, ...tellers.slice(half).map((teller) => tell[teller]())])
    await tell.bought()
    if (gone > 0) assert.equal((await tell.voided()).status, 204)
    const left = Math.max(0, quantity - gone)
    if (left > 0) assert.equal((await tell.device()).status, 200)
    assert.equal((await playerRow(on.app, uid)).coins, 1000 * left, JSON.stringify(story))
    const order = await orderRow(on.app, quantity === 1 ? orderId : `google:${bought.orderId}`)
    const status = left > 0 ? 'completed' : order && 'refunded'
    const isUntold = quantity === 1 && left === 0 && order?.status === 'pending'
    if (!isUntold) assert.equal(order?.status, status, JSON.stringify(story))
    for (const { state } of await owedCalls(on.app, bought.token)) assert.equal(state, 'open')
  }

  test(`${STORIES} purchases, told by devices and by Play in any order: each player has what Play says is left to them`, async (t) => {
    const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    t.diagnostic(`SEED=${seed}`)
    const stories = fc.sample(Story, { seed, numRuns: STORIES })
    for (let from = 0; from < stories.length; from += AT_ONCE) {
      await Promise.all(stories.slice(from, from + AT_ONCE).map((story, at) => tellAll(story, from + at)))
    }
    await assertBooks(on.app)
  })
}, world.options)
