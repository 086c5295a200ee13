import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type Guest, guestCalls, proofOf } from '../support/guest-calls.ts'
import { MAIL } from '../support/login-codes.ts'
import { startMailServer } from '../support/mail-server.ts'
import { callSigned } from '../support/signed-call.ts'
import { payment, SIGNED_SECRET } from '../support/test-app.ts'

const clock = fakeClock()
const server = await startMailServer()
after(() => server.stop())
const variables = { SMTP_URL: `smtp://127.0.0.1:${server.port}`, MAIL_FROM: 'login@example.com' }

onEveryEngine(
  (on) => {
    const { logInAnew, makeGuest } = guestCalls(on)
    const post = (path: string, token: string, body: object) => on.app.call('POST', `/api/v1/${path}`, { token, body })
    /** What proves a mail address: the code of the mail that a session has asked for. */
    const codeOf = async (token: string, loginId: string) => {
      assertDone(await post('login/code', token, { loginType: MAIL, loginId }))
      const text = server.lastTo(loginId).parts['text/plain'] ?? ''
      return { loginType: MAIL, loginId, loginCode: /[0-9]{6}/.exec(text)?.[0] ?? '' }
    }
    const buy = async ({ uid }: Guest, order: string) => {
      const body = payment({ order_id: order, uid, payment_channel: 'signed' })
      assertDone(
        await callSigned(on.app, '/api/v1/payment/success', {
          ...{ body, secret: SIGNED_SECRET, channel: 'signed', nowMs: clock.nowMs() },
        }),
      )
    }

    test('a guest who buys, links a mail address and gives the guest login up is the same player with the same coins', async () => {
      const guest = await makeGuest()
      await buy(guest, `upgrade-${guest.uid}`)
      const address = `upgrade-${guest.uid}@example.com`
      const told = assertDone(await post('account/link', guest.token, await codeOf(guest.token, address)))
      assert.deepEqual(
        told.identities.map(({ login_type }: { login_type: number }) => login_type),
        [0, 4],
      )
      assertDone(await post('account/unlink', guest.token, { loginType: 0, loginId: guest.loginId }))
      assertRefused(await logInAnew(proofOf(guest)), 401, 'invalid_credential')
      clock.moveMs(60_000)
      const token = await on.app.clientToken()
      const player = assertDone(await post('login', token, await codeOf(token, address)))
      assert.deepEqual([player.uid, player.coins, player.is_new, player.is_first_pay], [guest.uid, 1000, false, 0])
      assertDone(await post('refresh', guest.token, {}))
      await assertBooks(on.app)
    })

    test('an address that is another player’s is refused, and both keep what they have', async () => {
      const [guest, owner] = [await makeGuest(), await makeGuest()]
      await buy(guest, `conflict-${guest.uid}`)
      const address = `taken-${owner.uid}@example.com`
      assertDone(await post('account/link', owner.token, await codeOf(owner.token, address)))
      clock.moveMs(60_000)
      const refused = await post('account/link', guest.token, await codeOf(guest.token, address))
      assertRefused(refused, 409, 'identity_taken')
      assertRefused(await post('account/link', guest.token, { loginType: 0, ...proofOf(owner) }), 409, 'identity_taken')
      assert.equal(assertDone(await post('refresh', guest.token, {})).coins, 1000)
      assert.equal(assertDone(await post('refresh', owner.token, {})).coins, 0)
      assert.equal(assertDone(await logInAnew(proofOf(guest))).uid, guest.uid)
      assert.equal(assertDone(await logInAnew(proofOf(owner))).uid, owner.uid)
    })
  },
  { env: 'online', clock, variables },
)
