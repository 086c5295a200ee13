import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { payment } from '../support/test-app.ts'

onEveryEngine((on) => {
  const pay = async (player: { token: string; uid: string }, order_id: string) => {
    const body = payment({ order_id, uid: player.uid })
    return assertDone(await on.app.call('POST', '/api/v1/payment/success', { token: player.token, body }))
  }
  const idsOf = async (token: string): Promise<string[]> => {
    const { messages } = assertDone(await on.app.call('GET', '/api/v1/inbox?limit=100', { token }))
    return messages.map((message: { id: string }) => message.id)
  }
  const claim = (token: string, id: string) => on.app.call('POST', `/api/v1/inbox/${id}/claim`, { token })
  const claimAll = (token: string) => on.app.call('POST', '/api/v1/inbox/claim_all', { token })

  test('one message claimed fifty times at once: one claim, 49 refusals', async () => {
    const player = await on.app.logIn('claims-fifty')
    await pay(player, 'claims-fifty')
    const [id = ''] = await idsOf(player.token)
    const answers = await Promise.all(Array.from({ length: 50 }, () => claim(player.token, id)))
    const refused = answers.filter((answer) => answer.status !== 200)
    assert.equal(refused.length, 49)
    for (const answer of refused) assertRefused(answer, 409, 'already_claimed')
    const { tokens, inbox_tokens } = await playerRow(on.app, player.uid)
    assert.deepEqual([tokens, inbox_tokens], [22, 0])
  })

  test('claims, claim_all and payments at once: no token is lost and none is made', async () => {
    const player = await on.app.logIn('claims-mixed')
    for (let n = 0; n < 5; n++) await pay(player, `claims-mixed-${n}`)
    const ids = await idsOf(player.token)
    const claims = [
      ...ids.flatMap((id) => [claim(player.token, id), claim(player.token, id)]),
      ...Array.from({ length: 5 }, () => claimAll(player.token)),
    ]
    const payments = Array.from({ length: 20 }, (_, n) => pay(player, `claims-mixed-${5 + n}`))
    const [claimed] = await Promise.all([Promise.all(claims), Promise.all(payments)])
    const given = claimed.filter(({ status }) => status === 200).reduce((sum, { body }) => sum + body.tokens, 0)
    const promised = 22 + 24 * 20
    const during = await playerRow(on.app, player.uid)
    assert.equal(during.tokens, given)
    assert.equal(during.tokens + during.inbox_tokens, promised)
    assertDone(await claimAll(player.token))
    const after = await playerRow(on.app, player.uid)
    assert.deepEqual([after.tokens, after.inbox_tokens, after.coins], [promised, 0, 25_000])
  })

  test('claim_all ten times at once gives everything once', async () => {
    const player = await on.app.logIn('claims-all-race')
    for (let n = 0; n < 4; n++) await pay(player, `claims-all-race-${n}`)
    const answers = (await Promise.all(Array.from({ length: 10 }, () => claimAll(player.token)))).map(assertDone)
    assert.equal(
      answers.reduce((sum, body) => sum + body.tokens, 0),
      82,
    )
    assert.equal(
      answers.reduce((sum, body) => sum + body.claimed.length, 0),
      4,
    )
  })

  test('after all of this the books are in order', () => assertBooks(on.app))
})
