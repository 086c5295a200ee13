import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { assertRefused } from '../support/answers.ts'
import { type ApiCall, describedCalls, type Fields } from '../support/api-calls.ts'
import { badTexts, badValues, oddTexts, oddValues } from '../support/bad-values.ts'
import { assertBooks, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine, type Running } from '../support/every-engine.ts'
import { type Answer, APP_ID } from '../support/test-app.ts'

/** A correct value for every field of the API: one bad field at a time stands among good ones. */
const GOOD: Readonly<Record<string, unknown>> = {
  appId: APP_ID,
  refresh_token: 'ses_none.x',
  loginType: 1,
  loginId: 'bad-input',
  order_id: 'bad-input',
  item_id: 1,
  price: 19.99,
  currency: 'USD',
  web_pay_error_code: 'CARD_DECLINED',
  amount: 1,
}
// Refuses every odd value with a code of its own, or answers for it; none of these may ever be a fault of ours.
const EXPECTED = new Set([200, 400, 401, 403, 404, 409, 410, 413, 415, 422, 429])
// Words that only a stack, a statement or a driver would say.
const LEAKS =
  /node_modules|\.ts:\d|\bat [\w.<>]+ \(|\b[sS]elect\b.*\bfrom\b|\b[iI]nsert into\b|SQLITE|\bER_[A-Z]|constraint/

function assertHarmless(answer: Answer, about: string): void {
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
  assert.ok(EXPECTED.has(answer.status), `${about}: ${answer.status} ${text.slice(0, 300)}`)
  assert.doesNotMatch(text.slice(0, 5000), LEAKS, about)
  if (answer.status >= 400) {
    assertRefused(answer, answer.body.err_code, answer.body.error)
    assert.equal(answer.body.err_code, answer.status, about)
  }
}

interface Caller {
  readonly uid: string
  /** For the calls that the player may make, and for those of the game's server. */
  readonly token: string
  readonly serverToken: string
}

async function callerNamed(on: Running, loginId: string): Promise<Caller> {
  return { ...(await on.app.logIn(loginId)), serverToken: await on.app.serverToken() }
}

function goodFields(fields: Fields | null, caller: Caller): Record<string, unknown> {
  const goodOne = (name: string): unknown => {
    if (name === 'uid') return caller.uid
    // A key that was used before would have the request refused for that.
    if (name === 'idempotency_key') return randomUUID()
    return fields?.properties[name]?.enum?.[0] ?? GOOD[name] ?? 'x'
  }
  return Object.fromEntries((fields?.required ?? []).map((name) => [name, goodOne(name)]))
}

/** The address of a call; what stands in its path is the caller's own player, or nothing that exists. */
function pathOf(call: ApiCall, params: Readonly<Record<string, string>>): string {
  return call.path.replace(/\{([a-z_]+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? 'none'))
}

function send(
  on: Running,
  call: ApiCall,
  sent: {
    caller: Caller
    params?: Record<string, string>
    query?: object
    body?: unknown
    headers?: Record<string, string>
  },
) {
  const { caller } = sent
  const path = pathOf(call, { uid: caller.uid, ...sent.params })
  const query = new URLSearchParams(Object.entries(sent.query ?? {}).map(([name, value]) => [name, String(value)]))
  const body = sent.body === undefined ? {} : { body: sent.body }
  const token = call.access === 'open' ? {} : { token: call.access === 'server' ? caller.serverToken : caller.token }
  const address = query.size > 0 ? `${path}?${query}` : path
  return on.app.call(call.method, address, { ...body, ...token, headers: sent.headers ?? {} })
}

/** Runs probes a few at a time: the machine has better things to do than to hold thousands of sockets. */
async function eachOf<T>(list: readonly T[], probe: (one: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < list.length; start += 16) await Promise.all(list.slice(start, start + 16).map(probe))
}

async function probeFields(on: Running, call: ApiCall, caller: Caller): Promise<void> {
  for (const place of ['body', 'query'] as const) {
    const fields = call[place]
    if (!fields) continue
    const good = goodFields(fields, caller)
    for (const [name, schema] of Object.entries(fields.properties)) {
      const about = `${call.method} ${call.path} ${place}.${name}`
      const bad = place === 'body' ? badValues(schema) : badTexts(schema)
      await eachOf(bad, async (value) => {
        const answer = await send(on, call, { caller, [place]: { ...good, [name]: value } })
        assertRefused(answer, 422, 'invalid_fields')
        const told = answer.body.details.map((fault: { path: string }) => fault.path.split('.')[0])
        assert.ok(told.includes(name), `${about} = ${JSON.stringify(value)?.slice(0, 60)}: ${JSON.stringify(told)}`)
        assertHarmless(answer, about)
      })
    }
    for (const missing of fields.required) {
      const { [missing]: _, ...rest } = good
      const answer = await send(on, call, { caller, [place]: rest })
      assertRefused(answer, 422, 'invalid_fields')
      assert.deepEqual(
        answer.body.details.map((fault: { path: string }) => fault.path),
        [missing],
      )
    }
  }
}

/** Bad values in the path itself: too long for one, another address, or a bad field; never an answer. */
async function probePath(on: Running, call: ApiCall, caller: Caller): Promise<void> {
  const body = call.body ? { body: goodFields(call.body, caller) } : {}
  for (const [name, schema] of Object.entries(call.params?.properties ?? {})) {
    await eachOf(badTexts(schema), async (value) => {
      const answer = await send(on, call, { caller, params: { [name]: value.toWellFormed() }, ...body })
      const about = `${call.method} ${call.path} path.${name} = ${JSON.stringify(value).slice(0, 60)}`
      assertHarmless(answer, about)
      assert.ok([400, 404, 422].includes(answer.status), `${about}: ${answer.status}`)
      if (answer.status !== 422) return
      const told = answer.body.details.map((fault: { path: string }) => fault.path)
      assert.deepEqual(told, [name], about)
    })
  }
}

async function probeOddValues(on: Running, call: ApiCall, caller: Caller): Promise<void> {
  for (const place of ['body', 'query'] as const) {
    const fields = call[place]
    for (const [name, schema] of Object.entries(fields?.properties ?? {})) {
      await eachOf<unknown>(place === 'body' ? oddValues(schema) : oddTexts(schema), async (value) => {
        // A login binds its session, so each odd one has a session of its own.
        const own = call.path.endsWith('/login') ? { ...caller, token: await on.app.clientToken() } : caller
        const answer = await send(on, call, { caller: own, [place]: { ...goodFields(fields, caller), [name]: value } })
        assertHarmless(answer, `${call.method} ${call.path} ${name} = ${JSON.stringify(value)?.slice(0, 60)}`)
      })
    }
  }
}

async function probeEnvelope(on: Running, call: ApiCall, caller: Caller): Promise<void> {
  if (call.body) {
    const about = { caller, headers: { 'content-type': 'application/json' } }
    assertRefused(await send(on, call, { ...about, body: '{"a":' }), 400, 'malformed_json')
    assertRefused(await send(on, call, { ...about, body: '{"__proto__":{}}' }), 400, 'malformed_json')
    assertRefused(await send(on, call, { ...about, body: `"${'x'.repeat(70_000)}"` }), 413, 'body_too_large')
    assertHarmless(
      await send(on, call, { ...about, body: '['.repeat(30_000) + ']'.repeat(30_000) }),
      `${call.path} deep`,
    )
    for (const whole of ['[]', 'null', '7', '"x"']) {
      assertRefused(await send(on, call, { ...about, body: whole }), 422, 'invalid_fields')
    }
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data']) {
      const headers = { 'content-type': type }
      assertRefused(await send(on, call, { caller, body: '{}', headers }), 415, 'unsupported_media_type')
    }
  }
  if (call.access !== 'open') {
    const anonymous: ApiCall = { ...call, access: 'open' }
    assertRefused(await send(on, anonymous, { caller, ...(call.body ? { body: {} } : {}) }), 401, 'unauthorized')
  }
}

onEveryEngine((on) => {
  test('no bad field of any call changes anything or shows anything of ours', { timeout: 180_000 }, async () => {
    const caller = await callerNamed(on, 'bad-input')
    const calls = await describedCalls(on.app)
    assert.ok(calls.length >= 20, `${calls.length} calls are described`)
    const before = await stateOf(on.app)
    for (const call of calls) {
      // A session that is ended is of no use to the next probe.
      if (call.path.endsWith('/logout')) continue
      await probeFields(on, call, caller)
      await probePath(on, call, caller)
      await probeEnvelope(on, call, caller)
    }
    assert.deepEqual(await stateOf(on.app), before)
  })

  test('bad fields in the payment calls of a trusted server are kept as messages, each once, and change nothing else', {
    timeout: 180_000,
  }, async () => {
    const named = await callerNamed(on, 'bad-input-of-a-server')
    const caller = { ...named, token: named.serverToken }
    const paths = ['/api/v1/payment/failure', '/api/v1/payment/success']
    const calls = (await describedCalls(on.app)).filter(({ path }) => paths.includes(path))
    assert.deepEqual(calls.map(({ path }) => path).toSorted(), paths)
    const before = await stateOf(on.app)
    const counting = countingRefused(on)
    for (const call of calls) {
      await probeFields(counting, call, caller)
      await probeEnvelope(counting, call, caller)
    }
    const refused = counting.refused()
    assert.ok(refused > 100, `${refused} messages were refused`)
    const grown = { ...before }
    for (const name of ['payment_events', 'payment_event_bodies']) grown[name] = Number(before[name]) + refused
    assert.deepEqual(withoutMarks(await stateOf(on.app)), withoutMarks(grown))
    await assertBooks(on.app)
  })

  test('a method that a call does not have is 404', async () => {
    const calls = await describedCalls(on.app)
    for (const path of new Set(calls.map((call) => call.path))) {
      const own = calls.filter((call) => call.path === path).map((call) => call.method)
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((one) => !own.includes(one))) {
        // Some other call may stand under the same pattern: `/orders/history` fits `/orders/{order_id}`.
        const others = calls.filter((call) => call.method === method && fits(call.path, path))
        if (others.length > 0) continue
        const answer = await on.app.call(method, path.replace(/\{[a-z_]+\}/g, 'none'))
        assertRefused(answer, 404, 'not_found')
      }
    }
  })

  test('odd values that a field allows are answered or refused, and the books hold', { timeout: 180_000 }, async () => {
    const caller = await callerNamed(on, 'odd-input')
    for (const call of await describedCalls(on.app)) {
      if (!call.path.endsWith('/logout')) await probeOddValues(on, call, caller)
    }
    await assertBooks(on.app)
  })
})

function fits(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replace(/\{[a-z_]+\}/g, '[^/]+')}$`).test(path)
}

/** The same server, counting what it refuses for its fields. */
function countingRefused(on: Running): Running & { refused(): number } {
  let refused = 0
  const call: Running['app']['call'] = async (...sent) => {
    const answer = await on.app.call(...sent)
    if (answer.status === 422) refused += 1
    return answer
  }
  return { app: { ...on.app, call }, refused: () => refused }
}
