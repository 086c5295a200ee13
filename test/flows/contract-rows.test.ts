import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'

type Row = readonly [method: string, path: string, access: string]

/** The table of calls as it is documented for those who write clients: none may be missing, and none open by mistake. */
const ROWS: readonly Row[] = [
  ['POST', '/api/v1/token', 'open'],
  ['POST', '/api/v1/token/refresh', 'open'],
  ['POST', '/api/v1/logout', 'session'],
  ['GET', '/api/v1/sessions', 'player'],
  ['POST', '/api/v1/sessions/{id}/revoke', 'player'],
  ['POST', '/api/v1/sessions/revoke_others', 'player'],
  ['POST', '/api/v1/handover', 'player'],
  ['POST', '/api/v1/handover/redeem', 'open'],
  ['POST', '/api/v1/login/code', 'session'],
  ['POST', '/api/v1/login/nonce', 'session'],
  ['GET', '/api/v1/login', 'session'],
  ['POST', '/api/v1/login', 'session'],
  ['POST', '/api/v1/account/link', 'player'],
  ['POST', '/api/v1/account/unlink', 'player'],
  ['POST', '/api/v1/account/store_code', 'player'],
  ['POST', '/api/v1/account/consent', 'player'],
  ['POST', '/api/v1/refresh', 'player_or_server'],
  ['GET', '/api/v1/store/items', 'player_or_server'],
  ['POST', '/api/v1/store/items', 'player_or_server'],
  ['POST', '/api/v1/orders', 'player'],
  ['GET', '/api/v1/orders/{order_id}', 'player'],
  ['POST', '/api/v1/orders/{order_id}/cancel', 'player'],
  ['POST', '/api/v1/orders/{order_id}/check', 'player'],
  ['GET', '/api/v1/orders/history', 'player_or_server'],
  ['POST', '/api/v1/orders/history', 'player_or_server'],
  ['POST', '/api/v1/payment/success', 'payer'],
  ['POST', '/api/v1/payment/failure', 'payer'],
  ['POST', '/api/v1/payment/verify', 'player'],
  ['GET', '/api/v1/inbox', 'player'],
  ['POST', '/api/v1/inbox/{id}/claim', 'player'],
  ['POST', '/api/v1/inbox/claim_all', 'player'],
  ['GET', '/api/v1/daily_gift', 'player'],
  ['POST', '/api/v1/daily_gift', 'player_or_server'],
  ['GET', '/api/v1/server/users/{uid}', 'server'],
  ['PATCH', '/api/v1/server/users/{uid}/progress', 'server'],
  ['POST', '/api/v1/server/users/{uid}/wallet', 'server'],
  ['GET', '/api/v1/server/users/{uid}/ledger', 'server'],
  ['POST', '/api/v1/server/users/{uid}/sessions/revoke', 'server'],
  ['POST', '/identity/apple/{app_id}/events', 'webhook'],
  ['POST', '/identity/facebook/{app_id}/deletion', 'webhook'],
  ['POST', '/identity/facebook/{app_id}/deauthorize', 'webhook'],
  ['GET', '/api/v1/server/orders/{order_id}/case', 'server'],
  ['POST', '/webhooks/{instance}', 'webhook'],
  ['POST', '/webhooks/{instance}/{callback}', 'webhook'],
  ...[
    ...['simple', 'ping', 'token_test', 'login_test', 'store_items_test', 'payment_success_test'],
    ...['payment_failure_test', 'order_history_test', 'daily_gift_test', 'database_info', 'mailbox'],
  ].map((name): Row => ['GET', `/test/${name}`, 'open']),
  ['POST', '/test/clock', 'open'],
]
const UNDESCRIBED = ['/health', '/ready', '/docs', '/redoc', '/openapi.json', '/metrics', '/.well-known/jwks.json']

onEveryEngine((on) => {
  test('the document has exactly the calls of the contract, each with who may make it, an example and its errors', async () => {
    const { body } = await on.app.call('GET', '/openapi.json')
    const told: Row[] = []
    for (const [path, methods] of Object.entries<Record<string, { 'x-access'?: string; responses: object }>>(
      body.paths,
    )) {
      for (const [method, operation] of Object.entries(methods)) {
        if (UNDESCRIBED.includes(path)) continue
        told.push([method.toUpperCase(), path, operation['x-access'] ?? 'nobody'])
        assert.ok(JSON.stringify(operation.responses).includes('"examples"'), `${method} ${path} has examples`)
        assert.ok('default' in operation.responses || '503' in operation.responses, `${method} ${path} has its errors`)
      }
    }
    assert.deepEqual(told.toSorted(), ROWS.toSorted())
  })

  test('none of them answers a stranger, but for the open ones', async () => {
    for (const [method, path, access] of ROWS) {
      if (access === 'open') continue
      const address = path.replace(/\{uid\}/, '10001').replace(/\{[a-z_]+\}/g, 'sandbox')
      const answer = await on.app.call(method, address, method === 'GET' ? {} : { body: {} })
      // No app has a platform of logins here, so nobody may speak for one.
      if (path.startsWith('/identity/')) assertRefused(answer, 404, 'not_found')
      else assertRefused(answer, 401, access === 'webhook' ? 'invalid_signature' : 'unauthorized')
    }
  })

  test('a token of each kind gets only as far as its kind', async () => {
    const kinds = {
      anonymous: await on.app.clientToken(),
      player: (await on.app.logIn('contract-rows')).token,
      server: await on.app.serverToken(),
    }
    const refusals: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
      session: { anonymous: null, player: null, server: 'wrong_scope' },
      player: { anonymous: 'login_required', player: null, server: 'wrong_scope' },
      player_or_server: { anonymous: 'login_required', player: null, server: null },
      server: { anonymous: 'wrong_scope', player: 'wrong_scope', server: null },
    }
    for (const [method, path, access] of ROWS) {
      // It would end the session that the next ones need.
      if (path.endsWith('/logout') || path.endsWith('/login')) continue
      for (const [kind, refusal] of Object.entries(refusals[access] ?? {})) {
        const token = kinds[kind as keyof typeof kinds]
        const address = path.replace(/\{uid\}/, '999999999').replace(/\{[a-z_]+\}/g, 'none')
        const answer = await on.app.call(method, address, method === 'GET' ? { token } : { token, body: {} })
        const about = `${kind}: ${method} ${path}: ${JSON.stringify(answer.body).slice(0, 200)}`
        if (refusal === null) assert.ok(![401, 403].includes(answer.status), about)
        else assert.equal(answer.body.error, refusal, about)
      }
    }
  })

  test('the pages of the documentation are served', async () => {
    for (const path of ['/docs/', '/redoc']) {
      const response = await fetch(on.app.url + path)
      assert.equal(response.status, 200)
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
      assert.match(await response.text(), /<title>Payment API/)
    }
  })
})
