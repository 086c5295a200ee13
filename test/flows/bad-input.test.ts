import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertRefused } from '../support/answers.ts'
import { type ApiCall, describedCalls } from '../support/api-calls.ts'
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
}
/** Where a call means something else by a name. */
const GOOD_OF: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  '/api/v1/login/code': { loginType: 4, loginId: 'bad-input@example.com' },
}
// Refuses every odd value with a code of its own, or answers for it; none of these may ever be a fault of ours.
const EXPECTED = new Set([200, 400, 401, 403, 404, 409, 410, 413, 415, 422])
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
  readonly token: string
  readonly uid: string
}

const goodFields = ({ path }: ApiCall, { names, caller }: { names: readonly string[]; caller: Caller }) => {
  const good = { ...GOOD, ...GOOD_OF[path], uid: caller.uid }
  return Object.fromEntries(names.map((name) => [name, good[name as keyof typeof good] ?? 'x']))
}

function send(
  on: Running,
  call: ApiCall,
  sent: { caller: Caller; query?: object; body?: unknown; headers?: Record<string, string> },
) {
  const path = call.path.replace(/\{[a-z_]+\}/g, 'none')
  const query = new URLSearchParams(Object.entries(sent.query ?? {}).map(([name, value]) => [name, String(value)]))
  const body = sent.body === undefined ? {} : { body: sent.body }
  const token = call.isOpen ? {} : { token: sent.caller.token }
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
    const good = goodFields(call, { names: fields.required, caller })
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

async function probeOddValues(on: Running, call: ApiCall, caller: Caller): Promise<void> {
  for (const place of ['body', 'query'] as const) {
    const fields = call[place]
    const good = goodFields(call, { names: fields?.required ?? [], caller })
    for (const [name, schema] of Object.entries(fields?.properties ?? {})) {
      await eachOf<unknown>(place === 'body' ? oddValues(schema) : oddTexts(schema), async (value) => {
        // A login binds its session, so each odd one has a session of its own.
        const own = call.path.endsWith('/login') ? { ...caller, token: await on.app.clientToken() } : caller
        const answer = await send(on, call, { caller: own, [place]: { ...good, [name]: value } })
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
  if (!call.isOpen) {
    const anonymous = { ...call, isOpen: true }
    assertRefused(await send(on, anonymous, { caller, ...(call.body ? { body: {} } : {}) }), 401, 'unauthorized')
  }
}

onEveryEngine((on) => {
  test('no bad field of any call changes anything or shows anything of ours', { timeout: 180_000 }, async () => {
    const caller = await on.app.logIn('bad-input')
    const calls = await describedCalls(on.app)
    assert.ok(calls.length >= 16, `${calls.length} calls are described`)
    const before = await stateOf(on.app)
    for (const call of calls) {
      // A session that is ended is of no use to the next probe.
      if (call.path.endsWith('/logout')) continue
      await probeFields(on, call, caller)
      await probeEnvelope(on, call, caller)
    }
    assert.deepEqual(await stateOf(on.app), before)
  })

  test('bad fields in the payment calls of a trusted server are kept as messages, each once, and change nothing else', {
    timeout: 180_000,
  }, async () => {
    const { uid } = await on.app.logIn('bad-input-of-a-server')
    const caller = { token: await on.app.serverToken(), uid }
    const calls = (await describedCalls(on.app)).filter(({ path }) => path.startsWith('/api/v1/payment/'))
    assert.deepEqual(calls.map(({ path }) => path).toSorted(), ['/api/v1/payment/failure', '/api/v1/payment/success'])
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
    const caller = await on.app.logIn('odd-input')
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
