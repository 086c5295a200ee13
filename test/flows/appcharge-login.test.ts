import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { appchargeBody, appchargeChannels, sendAppcharge } from '../support/appcharge.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { guestCalls } from '../support/guest-calls.ts'

const AUTH_METHODS = ['google', 'userToken', 'userPassword', 'otp']
const CHANNELS = appchargeChannels({}, { authMethods: AUTH_METHODS, deepLink: 'mygame://store-login?token={token}' })

onEveryEngine(
  (on) => {
    const auth = async (fields: object) => {
      const answer = await sendAppcharge(on.app, {
        callback: 'auth',
        body: appchargeBody('auth-otp', { otp: null, ...fields }),
      })
      assert.equal(answer.status, 200)
      return answer.body
    }
    const byCode = (playerCode: string, accessToken: string) =>
      auth({ authMethod: 'otp', otp: { playerCode, accessToken } })
    const storeCode = async (token: string, more: object = {}) => {
      const body = { payment_channel: 'appcharge', ...more }
      return assertDone(await on.app.call('POST', '/api/v1/account/store_code', { token, body }))
    }
    const refusal = (publisherErrorMessage: string) => ({
      ...{ status: 'invalid', publisherErrorMessageType: 'plainText', publisherErrorMessageTitle: 'Login failed' },
      publisherErrorMessage,
    })
    const nobody = refusal('The code is wrong or no longer valid.')

    test('a login begins on the page, is confirmed in the game by its player, and lets them in once', async () => {
      const begun = await sendAppcharge(on.app, { callback: 'auth-initiate', body: appchargeBody('auth-initiate') })
      assert.equal(begun.status, 200)
      const { deepLink, accessToken } = begun.body
      assert.equal(deepLink, `mygame://store-login?token=${encodeURIComponent(accessToken)}`)
      assert.deepEqual(await byCode('000000', accessToken), nobody, 'nobody has confirmed it')
      const { token, uid } = await on.app.logIn('appcharge-redirect')
      const { code } = await storeCode(token, { login_token: new URL(deepLink).searchParams.get('token') })
      assert.deepEqual(await byCode(code, accessToken), {
        ...{ status: 'valid', publisherPlayerId: uid, playerName: `Player ${uid}`, playerProfileImage: '' },
        sessionMetadata: {},
      })
      assert.deepEqual(await byCode(code, accessToken), nobody, 'it works once')
    })

    test('a game sends its player to the store with a code of its own', async () => {
      const { token, uid } = await on.app.logIn('appcharge-sent')
      const { code, login_token: loginToken } = await storeCode(token)
      assert.deepEqual(await byCode(`${code}1`, loginToken), nobody)
      assert.equal((await byCode(code, loginToken)).publisherPlayerId, uid)
    })

    test('a guest comes in by their credential; a number that is typed shows nothing of its player', async () => {
      const { uid, loginId, credential } = await guestCalls(on).makeGuest()
      const guest = await auth({ authMethod: 'userPassword', userName: loginId, password: credential })
      assert.deepEqual([guest.status, guest.publisherPlayerId], ['valid', uid])
      const wrong = await auth({ authMethod: 'userPassword', userName: loginId, password: 'wrong' })
      assert.deepEqual(wrong, refusal('The credential is not that of this guest.'))
      const typed = await auth({ authMethod: 'userToken', token: uid })
      assert.deepEqual([typed.status, typed.playerName, typed.playerProfileImage], ['valid', `Player ${uid}`, ''])
      assert.deepEqual(
        await auth({ authMethod: 'userToken', token: '999999999' }),
        refusal('No such player in this app.'),
      )
    })

    test('a login platform that is not set up here lets nobody in', async () => {
      const words = 'This way to log in is not offered here.'
      assert.deepEqual(await auth({ authMethod: 'google', token: 'a-token' }), refusal(words))
      assert.deepEqual(await auth({ authMethod: 'facebook', token: 'a-token' }), refusal(words))
    })
  },
  { variables: { CHANNELS } },
)
