import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { orderOnPlay, owedCalls, startGoogle, verifyOnDevice } from '../support/google-app.ts'
import { type Bought, playLine } from '../support/play-server.ts'

const world = await startGoogle()
const { play, clock } = world
const HOUR_MS = 3_600_000

onEveryEngine((on) => {
  const work = () => on.app.service.jobs.run('carry-out-channel-tasks')
  const buys = async (name: string, fields: Bought = {}) => {
    const { token, uid } = await on.app.logIn(name)
    const { account } = await orderOnPlay(on.app, token, fields.product === 'coins.keep' ? 3 : 1)
    const bought = play.buy({ account, ...fields })
    const product = bought.lines[0]?.productId ?? ''
    // A session ends while the clock is set ahead.
    const verify = async () => {
      const { token: fresh } = await on.app.logIn(name)
      return verifyOnDevice(on.app, fresh, { token: bought.token, product })
    }
    assertDone(await verify())
    return { uid, bought, verify }
  }
  const stateOfCall = async (token: string) => {
    const [call] = await owedCalls(on.app, token)
    return [call?.state, call?.attempts, call?.last_error]
  }

  test('a purchase that cannot be consumed after its grant is tried again until it is, and granted no second time', async () => {
    const { uid, bought, verify } = await buys('calls-fail')
    for (const [n, failure] of ([500, 429, 'drop', 409, 403, 401] as const).entries()) {
      play.disturb = (call) => (call.endsWith(':consume') ? failure : null)
      await work()
      assert.deepEqual(await stateOfCall(bought.token), ['open', n + 1, 'channel_unavailable'])
      clock.moveMs(HOUR_MS)
    }
    play.disturb = () => null
    assertDone(await verify())
    await work()
    assert.deepEqual(await stateOfCall(bought.token), ['done', 7, null])
    assert.equal(bought.lines[0]?.isConsumed, true)
    assert.equal((await playerRow(on.app, uid)).coins, 1000)
    await assertBooks(on.app)
  })

  test('an acknowledgement that collides with a change of the same purchase is made again', async () => {
    const { bought } = await buys('calls-collide', { product: 'coins.keep' })
    play.disturb = (call) => (call.endsWith(':acknowledge') ? 409 : null)
    await work()
    assert.deepEqual(await stateOfCall(bought.token), ['open', 1, 'channel_unavailable'])
    play.disturb = () => null
    clock.moveMs(HOUR_MS)
    await work()
    assert.deepEqual([bought.isAcknowledged, (await stateOfCall(bought.token))[0]], [true, 'done'])
  })

  test('a process that died after Play consumed and before it wrote so asks again, and finds that it was done', async () => {
    const { bought } = await buys('calls-died')
    let answered = false
    // Play has done it; its answer never came.
    play.disturb = (call) => {
      if (!call.endsWith(':consume') || answered) return null
      answered = true
      for (const line of bought.lines) line.isConsumed = true
      return 'drop'
    }
    await work()
    assert.deepEqual(await stateOfCall(bought.token), ['open', 1, 'channel_unavailable'])
    clock.moveMs(HOUR_MS)
    const before = play.calls.length
    await work()
    assert.deepEqual(await stateOfCall(bought.token), ['done', 2, null])
    assert.deepEqual(
      play.calls.slice(before).map((call) => call.replace(bought.token, 'it')),
      ['POST /purchases/products/coins.starter/tokens/it:consume', 'GET /purchases/productsv2/tokens/it'],
    )
    play.disturb = () => null
  })

  test('a purchase that Play has taken back, or does not know any more, is not asked for again', async () => {
    const cancelled = await buys('calls-cancelled')
    cancelled.bought.state = 'CANCELLED'
    const gone = await buys('calls-gone')
    play.purchases.delete(gone.bought.token)
    await work()
    assert.deepEqual(await stateOfCall(cancelled.bought.token), ['refused', 1, 'purchase_revoked'])
    assert.deepEqual(await stateOfCall(gone.bought.token), ['refused', 1, 'purchase_not_found'])
  })

  test('what Play will not consume although it stands is tried for three days, and then reported', async () => {
    const { bought } = await buys('calls-stubborn')
    play.disturb = (call) => (call.endsWith(':consume') ? 400 : null)
    await work()
    assert.deepEqual(await stateOfCall(bought.token), ['open', 1, 'channel_unavailable'])
    clock.moveMs(3 * 24 * HOUR_MS)
    await work()
    assert.deepEqual(await stateOfCall(bought.token), ['failed', 2, 'channel_unavailable'])
    play.disturb = () => null
  })

  test('one access token serves many calls, and one that Play refuses is replaced by the next call', async () => {
    const first = await buys('calls-token')
    const given = play.tokensGiven
    await buys('calls-token-2')
    assert.equal(play.tokensGiven, given)
    play.revokeTokens()
    assertRefused(await first.verify(), 503, 'channel_unavailable')
    assertDone(await first.verify())
    assert.equal(play.tokensGiven, given + 1)
    await work()
  })

  test('without a token from Google nothing is asked and nothing lost; the answer tells no secret', async () => {
    const { token } = await on.app.logIn('calls-no-token')
    const { account } = await orderOnPlay(on.app, token)
    const bought = play.buy({ account })
    play.revokeTokens()
    await verifyOnDevice(on.app, token, bought)
    for (const failure of [400, 500, 'drop'] as const) {
      play.disturb = (call) => (call === 'POST /token' ? failure : null)
      const before = play.calls.length
      const answer = await verifyOnDevice(on.app, token, bought)
      assertRefused(answer, 503, 'channel_unavailable')
      assert.doesNotMatch(JSON.stringify(answer.body), /assertion|eyJ|PRIVATE/)
      assert.deepEqual(play.calls.slice(before), ['POST /token'], `once, and Play not at all (${failure})`)
    }
    play.disturb = () => null
    assertDone(await verifyOnDevice(on.app, token, bought))
  })

  test('a purchase of two products is consumed product by product', async () => {
    const lines = [playLine('coins.starter'), playLine('coins.keep')]
    const { bought } = await buys('calls-two', { lines })
    play.disturb = (call) => (call.includes('coins.starter') && call.endsWith(':consume') ? 500 : null)
    await work()
    assert.deepEqual([bought.lines[0]?.isConsumed, bought.isAcknowledged], [false, true])
    play.disturb = () => null
    clock.moveMs(HOUR_MS)
    await work()
    assert.deepEqual([bought.lines[0]?.isConsumed, bought.lines[1]?.isConsumed], [true, false])
    assert.deepEqual(
      (await owedCalls(on.app, bought.token)).map(({ state }) => state),
      ['done', 'done'],
    )
  })
}, world.options)
