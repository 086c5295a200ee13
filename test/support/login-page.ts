import type {
  CallbackResult,
  Channel,
  LoginProof,
  PlatformAnswer,
  PlatformQuestion,
  WebhookCall,
} from '../../src/channels/channel.ts'
import type { ErrorCode } from '../../src/kernel/error-codes.ts'
import type { AppId } from '../../src/kernel/ids.ts'
import { accepted, refused } from '../../src/kernel/outcome.ts'
import type { Running } from './every-engine.ts'
import { APP_ID, OTHER_APP_ID } from './test-app.ts'

const PAGE_KEY = 'the key of the page'

/** The channel of a platform whose page lets players log in: it asks who they are, and answers as it heard it. */
export function loginPageChannel(instance: string, appId: string): Channel {
  return {
    ...{ instance, appId: appId as AppId },
    openCheckout: async () => accepted({ kind: 'external' }),
    receive: ({ headers, rawBody, requestId }: WebhookCall) => {
      if (headers['x-key'] !== PAGE_KEY) return refused('invalid_signature')
      const told = JSON.parse(Buffer.from(rawBody).toString()) as { proof?: LoginProof }
      const asked = { appId: appId as AppId, instance }
      const question: PlatformQuestion =
        told.proof === undefined
          ? { asks: 'begin_login', ...asked }
          : { asks: 'log_in', ...asked, proof: told.proof, requestId }
      return accepted({ kind: 'question', question })
    },
    answer: (result: CallbackResult): PlatformAnswer => ({
      status: result.kind === 'retry_later' ? 503 : 200,
      body: JSON.stringify(result.kind === 'answered' ? result.answer : result),
      headers: { 'content-type': 'application/json' },
    }),
  }
}

/** Two pages of the first app, and one of the other. */
export const PAGES: readonly Channel[] = [
  loginPageChannel('page', APP_ID),
  loginPageChannel('second-page', APP_ID),
  loginPageChannel('other-page', OTHER_APP_ID),
]

/** What a page was answered: who came in, or why nobody did. */
export interface PageAnswer {
  readonly player: { readonly playerId: number; readonly name: string; readonly avatarUrl: string } | null
  readonly refusal?: ErrorCode
  readonly begun?: { readonly loginToken: string; readonly expiresInSeconds: number }
}

interface Where {
  readonly instance?: string
  readonly requestId?: string
}

/** What a platform's server asks us, and the call by which the game gives its player a code for the page. */
export function pageCalls(on: Running) {
  const ask = async (body: object, { instance = 'page', requestId = '' }: Where = {}): Promise<PageAnswer> => {
    const headers = { 'x-key': PAGE_KEY, ...(requestId === '' ? {} : { 'x-request-id': requestId }) }
    return (await on.app.call('POST', `/webhooks/${instance}`, { body, headers })).body
  }
  const logIn = (proof: LoginProof, where?: Where) => ask({ proof }, where)
  return {
    logIn,
    /** The same, and only whom it let in or the refusal. */
    cameIn: async (proof: LoginProof, where?: Where): Promise<string> => {
      const { player, refusal } = await logIn(proof, where)
      return player === null ? String(refusal) : String(player.playerId)
    },
    begin: (where?: Where) => ask({}, where),
    storeCode: (token: string, body: object = {}) =>
      on.app.call('POST', '/api/v1/account/store_code', { token, body: { payment_channel: 'page', ...body } }),
  }
}

export const byPassword = (name: string, password: string): LoginProof => ({ kind: 'password', name, password })

export const byCode = ({ code, login_token: loginToken }: { code: string; login_token: string }): LoginProof => ({
  ...{ kind: 'store_code', code, loginToken },
})

export const byProvider = (
  provider: 'facebook' | 'google' | 'apple',
  credential: string,
  clientId: string | null = null,
): LoginProof => ({ kind: 'provider', provider, credential, clientId })

export const byNumber = (text: string): LoginProof => ({ kind: 'player_number', text })

/** Everything that the trail and the kept messages hold, as one text: for what must stand nowhere. */
export async function allThatIsKept({ app }: Running): Promise<string> {
  await app.service.trail.flush()
  const { db } = app.service.database
  const trail = await db.selectFrom('security_events').selectAll().execute()
  const events = await db.selectFrom('payment_events').selectAll().execute()
  const bodies = await db.selectFrom('payment_event_bodies').selectAll().execute()
  return JSON.stringify([trail, events, bodies.map(({ body }) => String(body))])
}

/** What the trail says of a call, in one line each. */
export async function trailOf({ app }: Running, requestId: string): Promise<string[]> {
  await app.service.trail.flush()
  const { db } = app.service.database
  const rows = await db.selectFrom('security_events').selectAll().where('request_id', '=', requestId).execute()
  return rows.map(
    ({ kind, provider, outcome, user_id, address }) => `${kind} ${provider} ${outcome} ${user_id} ${address}`,
  )
}
