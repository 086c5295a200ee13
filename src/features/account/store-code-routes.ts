import { Type } from 'typebox'
import { ChannelNameField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import { accepted } from '../../kernel/outcome.ts'
import { confirmStoreLogin, type StoreLoginDeps } from './confirm-store-login.ts'
import { STORE_LOGIN_SECONDS } from './store-codes.ts'

const EXAMPLE_TOKEN = 'cGxhY2UtaW4tdGhlLXN0b3.dGhlIHNlY3JldCBvZiBhIGxvZ2luIG9uIGEgcGFnZQ'

const StoreCodeRequest = Type.Object({
  payment_channel: ChannelNameField,
  login_token: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'From the link that opened the game, where the login began on the page; without it one begins here',
    }),
  ),
})

/** The call by which a player comes in on the page of a payment platform. */
export function storeCodeRoutes(deps: StoreLoginDeps) {
  return {
    issueStoreCode: defineRoute({
      summary: 'A code that logs the player in on the page of a payment platform',
      description:
        'For a web store that a payment platform runs. With `login_token` it confirms the login that was begun there ' +
        '(ask the player first: whoever sent the link comes in with the code); without it a login begins here, and the ' +
        "game opens the store's page with both. Good for ten minutes, one use and five tries, on that platform only; a " +
        'further code of the session ends the one before.',
      tag: 'Account',
      access: 'player',
      body: StoreCodeRequest,
      answer: Type.Object({
        code: Type.String({ description: 'Six digits, to show or to hand on' }),
        login_token: Type.String({ description: 'Names the login; the code is worth nothing without it' }),
        expires_in: Type.Integer({ description: 'Seconds' }),
      }),
      errors: ['channel_not_found', 'store_login_not_found'],
      examples: {
        body: { payment_channel: 'appcharge' },
        answer: { code: '482913', login_token: EXAMPLE_TOKEN, expires_in: STORE_LOGIN_SECONDS },
      },
      handle: async ({ caller, body, origin }) => {
        const { payment_channel: channelName, login_token: loginToken = null } = body
        const confirmed = await confirmStoreLogin(deps, { session: caller, channelName, loginToken, origin })
        if (!confirmed.ok) return confirmed
        const { code, loginToken: login_token, expiresInSeconds } = confirmed.value
        return accepted({ code, login_token, expires_in: expiresInSeconds })
      },
    }),
  }
}
