import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import type { Access } from '../../src/http/route.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { type ApiCall, describedCalls } from '../support/api-calls.ts'
import { onEveryEngine, type Running } from '../support/every-engine.ts'
import {
  claimsIn,
  genuineClaims,
  hs256Token,
  strangersToken,
  unsignedToken,
  withClaims,
} from '../support/forged-tokens.ts'
import { createOrder } from '../support/orders.ts'
import { playerState } from '../support/player-state.ts'
import {
  type Answer,
  APP_ID,
  OTHER_APP_ID,
  OTHER_APP_SECRET,
  OTHER_ONLINE_APP_SECRET,
  payment,
} from '../support/test-app.ts'

const JWT_SECRET = 'Yq3nTz8Wm5Kd1Rv6Xb9Jc4Hs7Lp2Gf0Ue'

/** A player who owns one of everything that a call can name. */
interface Owner {
  readonly token: string
  readonly uid: string
  readonly params: (path: string) => Readonly<Record<string, string>>
}

type Env = 'local' | 'online'

/** A logged-in player: in `local` a bare id is believed, in `online` everybody here is a new guest. */
async function enter(on: Running, env: Env, appId: string = APP_ID): Promise<{ token: string; uid: string }> {
  if (env === 'local') return on.app.logIn(`matrix-${randomUUID()}`, appId)
  const token = await on.app.clientToken(appId)
  const { uid } = assertDone(await on.app.call('POST', '/api/v1/login', { token, body: { loginType: 0 } }))
  return { token, uid }
}

async function makeOwner(on: Running, env: Env): Promise<Owner> {
  const { token, uid } = await enter(on, env)
  const order = await createOrder(on.app, token, { payment_channel: 'signed' })
  const server = await on.app.serverToken()
  const paid = payment({ order_id: 'owned-by-the-owner', uid })
  assertDone(await on.app.call('POST', '/api/v1/payment/success', { token: server, body: paid }))
  const [message] = assertDone(await on.app.call('GET', '/api/v1/inbox', { token })).messages
  const [session] = assertDone(await on.app.call('GET', '/api/v1/sessions', { token })).sessions
  return {
    ...{ token, uid },
    params: (path) => ({ uid, order_id: order.order_id, id: path.includes('/inbox/') ? message.id : session.id }),
  }
}

/** A body that would do something: good fields, all about the owner. */
function bodyOf(call: ApiCall, owner: Owner): Record<string, unknown> {
  const values: Readonly<Record<string, unknown>> = {
    ...payment({ order_id: `made-up-${randomUUID()}`, uid: owner.uid }),
    ...{ appId: APP_ID, refresh_token: 'ses_none.x.y', code: 'unknown-code', loginType: 1, loginId: 'somebody-else' },
    ...{ web_pay_error_code: 'CARD_DECLINED', amount: 5, idempotency_key: randomUUID(), level: 3, vip_level: 1 },
    ...{ reason: 'token-matrix', payment_channel: 'signed' },
  }
  const named = Object.keys(call.body?.properties ?? {}).filter((name) => name in values)
  return Object.fromEntries(named.map((name) => [name, call.body?.properties[name]?.enum?.[0] ?? values[name]]))
}

function send(on: Running, call: ApiCall, sent: { owner: Owner; headers: Record<string, string> }): Promise<Answer> {
  const params = sent.owner.params(call.path)
  const path = call.path.replace(/\{([a-z_]+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? 'none'))
  const query = call.query?.properties['loginType'] ? '?loginType=1&loginId=somebody-else' : ''
  const body = call.method === 'GET' ? {} : { body: bodyOf(call, sent.owner) }
  return on.app.call(call.method, path + query, { ...body, headers: sent.headers })
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

/** Every kind of header that is no valid token, and what each is answered with where a token is needed. */
async function invalidKinds(
  on: Running,
  env: Env,
  owner: Owner,
): Promise<Record<string, [Record<string, string>, string]>> {
  const { app } = on
  const claims = claimsIn(owner.token)
  const server = await app.serverToken()
  const nowMs = Date.parse('2026-11-25T00:00:00Z')
  const past = genuineClaims({ scope: 'client', app: APP_ID, sub: claims['sub'] }, nowMs - 86_400_000 * 30)
  const ended = await enter(on, env)
  assertDone(await app.call('POST', '/api/v1/logout', { token: ended.token, body: {} }))
  const pair = assertDone(await app.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
  return {
    nothing: [{}, 'unauthorized'],
    'another scheme': [{ authorization: `Basic ${Buffer.from('app:secret').toString('base64')}` }, 'unauthorized'],
    'a word': [bearer('abc'), 'unauthorized'],
    'two tokens': [bearer(`${owner.token} ${owner.token}`), 'unauthorized'],
    'a refresh token': [bearer(pair.refresh_token), 'unauthorized'],
    'an oversized token': [bearer(`${owner.token}${'A'.repeat(8000)}`), 'unauthorized'],
    'alg none': [bearer(unsignedToken(claims)), 'unauthorized'],
    'another secret': [bearer(hs256Token('another-secret-of-somebody-else-0123', claims)), 'unauthorized'],
    'claims changed': [bearer(withClaims(server, { app: OTHER_APP_ID })), 'unauthorized'],
    'scope changed': [bearer(withClaims(owner.token, { scope: 'server' })), 'unauthorized'],
    'an unknown kid': [bearer(hs256Token(JWT_SECRET, claims, { kid: 'no-such-key' })), 'unauthorized'],
    'a stranger’s key': [bearer(strangersToken(claims)), 'unauthorized'],
    expired: [bearer(hs256Token(JWT_SECRET, past)), 'token_expired'],
    'another issuer': [bearer(hs256Token(JWT_SECRET, { ...claims, iss: 'somebody' })), 'unauthorized'],
    'an app that is not': [bearer(hs256Token(JWT_SECRET, { ...claims, app: 'com.example.gone' })), 'unauthorized'],
    'a removed app secret': [
      bearer(hs256Token(JWT_SECRET, { ...claimsIn(server), sk: '0123456789abcdef' })),
      'session_revoked',
    ],
    'a session that ended': [bearer(ended.token), 'session_revoked'],
    'a session of another app': [bearer(hs256Token(JWT_SECRET, { ...claims, app: OTHER_APP_ID })), 'session_revoked'],
  }
}

/** How a valid token of each kind gets past the door of each kind of call: null is past it. */
const DOORS: Readonly<Record<string, Partial<Record<Access, string | null>>>> = {
  anonymous: { session: null, player: 'login_required', player_or_server: 'login_required', server: 'wrong_scope' },
  player: { session: null, player: null, player_or_server: null, server: 'wrong_scope' },
  server: { session: 'wrong_scope', player: 'wrong_scope', player_or_server: null, server: null },
}

// What a call refuses once its caller is let in: in `online` a bare id proves nobody, and no code goes anywhere here.
const OWN_REFUSALS: ReadonlySet<string> = new Set(['proof_required', 'login_type_unavailable'])

// Ends the very session that the next call is to be made with, or binds it.
const FOR_ONE_USE = /\/(?:logout|login|revoke_others)$/

for (const env of ['local', 'online'] as const) {
  onEveryEngine(
    (on) => {
      let owner: Owner
      let calls: readonly ApiCall[]
      before(async () => {
        owner = await makeOwner(on, env)
        calls = await describedCalls(on.app)
        assert.ok(calls.length >= 30, `${calls.length} calls are described`)
      })

      test(`${env}: what is no valid token opens no call, and changes nothing of a call that is open to anybody`, async () => {
        const kinds = await invalidKinds(on, env, owner)
        const state = await playerState(on.app, owner.uid)
        const strangers = new Map<ApiCall, Answer>()
        for (const call of calls) strangers.set(call, await send(on, call, { owner, headers: {} }))
        for (const [kind, [headers, error]] of Object.entries(kinds)) {
          // Together: what names an unknown key waits until the keys may be read again.
          const tries = calls.map(async (call) => {
            const answer = await send(on, call, { owner, headers })
            const about = `${kind}: ${call.method} ${call.path}: ${JSON.stringify(answer.body).slice(0, 200)}`
            const stranger = strangers.get(call)
            if (call.access === 'open') {
              assert.deepEqual([answer.status, answer.body.error], [stranger?.status, stranger?.body.error], about)
            } else {
              assert.equal(answer.body.error, error, about)
              assertRefused(answer, 401, error as 'unauthorized')
            }
          })
          await Promise.all(tries)
        }
        assert.deepEqual(await playerState(on.app, owner.uid), state)
      })

      test(`${env}: a token of this app or another gets as far as its kind, and never at what is another player’s`, async () => {
        const kinds: Record<string, { door: string; token: () => Promise<string>; isOwnServer?: true }> = {
          'anonymous, this app': { door: 'anonymous', token: () => on.app.clientToken() },
          'anonymous, another app': { door: 'anonymous', token: () => on.app.clientToken(OTHER_APP_ID) },
          'another player': { door: 'player', token: async () => (await enter(on, env)).token },
          'a player of another app': {
            door: 'player',
            token: async () => (await enter(on, env, OTHER_APP_ID)).token,
          },
          'the server of another app': {
            door: 'server',
            token: async () => {
              const body = {
                appId: OTHER_APP_ID,
                appSecret: env === 'local' ? OTHER_APP_SECRET : OTHER_ONLINE_APP_SECRET,
              }
              return assertDone(await on.app.call('POST', '/api/v1/token', { body })).token
            },
          },
        }
        const state = await playerState(on.app, owner.uid)
        let tried = 0
        for (const [kind, { door, token: make }] of Object.entries(kinds)) {
          let token = await make()
          for (const call of calls) {
            // In `local` anybody may say that anybody of their app has paid: it is an open mint.
            if (env === 'local' && call.access === 'payer' && kind === 'anonymous, this app') continue
            if (FOR_ONE_USE.test(call.path)) token = await make()
            const answer = await send(on, call, { owner, headers: bearer(token) })
            const about = `${kind}: ${call.method} ${call.path}: ${JSON.stringify(answer.body).slice(0, 200)}`
            assert.ok(answer.status < 500, about)
            const refusal = DOORS[door]?.[call.access]
            if (typeof refusal === 'string') assert.equal(answer.body.error, refusal, about)
            else if (call.access !== 'open' && call.access !== 'payer') {
              assert.ok(answer.status !== 401 || OWN_REFUSALS.has(answer.body.error), about)
              // What names the owner, or something of theirs, is not there for anybody else.
              const names = call.params !== null || (call.body?.properties['uid'] && !call.path.includes('/login'))
              if (names) assert.ok([403, 404].includes(answer.status), about)
            }
            tried += 1
            if (FOR_ONE_USE.test(call.path)) token = await make()
          }
        }
        assert.ok(tried >= 5 * 30, `${tried} were tried`)
        assert.deepEqual(await playerState(on.app, owner.uid), state)
      })

      test(`${env}: the owner and the server of the app get through every door that is theirs`, async () => {
        const server = await on.app.serverToken()
        for (const call of calls) {
          if (FOR_ONE_USE.test(call.path) || call.path.endsWith('/revoke')) continue
          for (const [door, token] of [
            ['player', owner.token],
            ['server', server],
          ] as const) {
            const answer = await send(on, call, { owner, headers: bearer(token) })
            const about = `${door}: ${call.method} ${call.path}: ${JSON.stringify(answer.body).slice(0, 200)}`
            const refusal = DOORS[door]?.[call.access]
            if (typeof refusal === 'string') assert.equal(answer.body.error, refusal, about)
            else if (refusal === null) {
              assert.ok(![401, 403].includes(answer.status) || OWN_REFUSALS.has(answer.body.error), about)
            }
          }
        }
      })
    },
    { env, variables: { JWT_SECRET } },
  )
}
