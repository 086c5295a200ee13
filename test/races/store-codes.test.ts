import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStoreCodes } from '../../src/features/account/store-codes.ts'
import { type AppId, newSessionId, type PlayerId } from '../../src/kernel/ids.ts'
import { assertDone } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { codeCalls, MAIL } from '../support/login-codes.ts'
import { byCode, byPassword, PAGES, pageCalls } from '../support/login-page.ts'
import { APP_ID } from '../support/test-app.ts'

const clock = fakeClock()

onEveryEngine(
  (on) => {
    const { cameIn, begin, storeCode } = pageCalls(on)
    const times = <T>(count: number, one: (n: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, n) => one(n)))

    test('a hundred use one code at once, and one comes in', async () => {
      for (const round of [1, 2, 3]) {
        const { token, uid } = await on.app.logIn(`hundred-${round}`)
        const given = assertDone(await storeCode(token))
        const came = await times(100, () => cameIn(byCode(given)))
        assert.deepEqual(came.toSorted().slice(0, 1), [uid])
        assert.equal(came.filter((one) => one === 'invalid_code').length, 99)
      }
    })

    test('twenty players confirm one login at once, and it is one player’s', async () => {
      const players = await times(20, (n) => on.app.logIn(`confirms-${n}`))
      for (let round = 0; round < 5; round++) {
        const loginToken = (await begin()).begun?.loginToken ?? ''
        const answers = await Promise.all(players.map(({ token }) => storeCode(token, { login_token: loginToken })))
        const won = answers.findIndex(({ status }) => status === 200)
        assert.deepEqual(answers.map(({ status }) => status).toSorted(), [
          200,
          ...Array.from({ length: 19 }, () => 404),
        ])
        assert.equal(await cameIn(byCode(answers[won]?.body)), players[won]?.uid)
      }
    })

    test('of two workers that have read the same login before either changes it, one does', async () => {
      const worker = () => openStoreCodes({ kv: on.app.service.kv, clock })
      const place = { appId: APP_ID as AppId, instance: 'page' }
      const player = (n: number) => ({ ...place, sessionId: newSessionId(), playerId: n as PlayerId })
      for (let round = 0; round < 20; round++) {
        const loginToken = (await worker().begin(place))?.loginToken ?? ''
        const confirmed = await times(2, (n) => worker().confirm(player(10_001 + n), { loginToken }))
        const [shown, ...more] = confirmed.filter((one) => one !== null)
        assert.ok(shown && more.length === 0)
        const redeemed = await times(2, () => worker().redeem(place, shown))
        assert.equal(redeemed.filter((one) => one !== null).length, 1)
      }
    })

    test('a hundred wrong codes at once leave none of them a sixth try', async () => {
      const { token } = await on.app.logIn('flood')
      const given = assertDone(await storeCode(token))
      const guesses = await times(100, (n) => cameIn(byCode({ ...given, code: String(n).padStart(6, '0') })))
      // One in ten thousand of these floods finds it, as five tries do.
      if (guesses.every((one) => one === 'invalid_code')) assert.equal(await cameIn(byCode(given)), 'invalid_code')
    })

    test('a code that was sent to an address opens the page or the game, and never both', async () => {
      const { ask, logIn, codeFor } = codeCalls(on)
      for (let round = 0; round < 5; round++) {
        const address = { loginType: MAIL, loginId: `both-${round}@example.com` }
        const { token, uid } = await on.app.logIn(`both-${round}`)
        assertDone(await ask(token, address))
        const link = { ...address, loginCode: await codeFor(address.loginId) }
        assertDone(await on.app.call('POST', '/api/v1/account/link', { token, body: link }))
        clock.moveMs(60_000)
        const asker = await on.app.clientToken()
        assertDone(await ask(asker, address))
        const loginCode = await codeFor(address.loginId)
        const [page, game] = await Promise.all([
          times(4, () => cameIn(byPassword(address.loginId, loginCode))),
          times(4, () => logIn(asker, { ...address, loginCode })),
        ])
        const cameInto = [page.filter((one) => one === uid).length, game.filter(({ status }) => status === 200).length]
        assert.deepEqual(cameInto.toSorted(), [0, 1])
      }
    })
  },
  { clock, channels: PAGES },
)
