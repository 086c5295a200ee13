import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { type Answer, payment } from '../support/test-app.ts'

onEveryEngine((on) => {
  const claim = (token: string, body: object = {}) => on.app.call('POST', '/api/v1/daily_gift', { token, body })

  function assertOneGift(answers: readonly Answer[]): void {
    const given = answers.filter(({ status }) => status === 200)
    assert.equal(given.length, 1, `${given.length} of ${answers.length} claims were given`)
    for (const answer of answers)
      if (answer.status !== 200) assertRefused(answer, 409, 'already_claimed', { errCode: 999 })
  }

  test('fifty claims at once give one gift', async () => {
    const { token, uid } = await on.app.logIn('gift-race')
    assertOneGift(await Promise.all(Array.from({ length: 50 }, () => claim(token))))
    const player = await playerRow(on.app, uid)
    assert.deepEqual([player.coins, player.gift_streak, player.ledger_seq], [100, 1, 1])
    await assertBooks(on.app)
  })

  test('a player and a game server that claim the same gift at once get one', async () => {
    const { token, uid } = await on.app.logIn('gift-race-of-two')
    const server = await on.app.serverToken()
    const pairs = Array.from({ length: 10 }, () => [claim(token), claim(server, { uid })])
    assertOneGift(await Promise.all(pairs.flat()))
    assert.equal((await playerRow(on.app, uid)).coins, 100)
  })

  test('gifts, payments and claims of rewards at once all arrive', async () => {
    const { token, uid } = await on.app.logIn('gift-race-mixed')
    const pay = (n: number) => {
      const body = payment({ order_id: `gift-race-mixed-${n}`, uid })
      return on.app.call('POST', '/api/v1/payment/success', { token, body })
    }
    const claimAll = () => on.app.call('POST', '/api/v1/inbox/claim_all', { token })
    const [paid, claims, gifts] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, (_, n) => pay(n))),
      Promise.all(Array.from({ length: 10 }, claimAll)),
      Promise.all(Array.from({ length: 10 }, () => claim(token))),
    ])
    for (const answer of [...paid, ...claims]) assertDone(answer)
    assertOneGift(gifts)
    const { coins, tokens, inbox_tokens } = await playerRow(on.app, uid)
    assert.deepEqual([coins, tokens + inbox_tokens], [10_100, 22 + 9 * 20])
  })

  test('after all of this the books are in order', () => assertBooks(on.app))
})
