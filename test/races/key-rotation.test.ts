import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { startChildServer } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { JWT_SECRET, readToken, rotate } from '../support/signing-keys.ts'
import { type Answer, APP_ID, APP_SECRET, type CallOptions } from '../support/test-app.ts'

/** Somebody who calls a server, one call after the other. */
interface Caller {
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
}

/** What a closed loop has seen. */
interface Load {
  calls: number
  readonly refused: string[]
  readonly kids: Set<unknown>
}

const SESSIONS = 4
const SERVERS = 2

/** Runs loops of players and game servers over `doors` in turn until `work` is done and each has met its last key. */
async function underLoad(doors: readonly Caller[], work: () => Promise<string>): Promise<Load> {
  const load: Load = { calls: 0, refused: [], kids: new Set() }
  const lastKid: { value: string | null } = { value: null }
  const at = (turn: number): Caller => doors[turn % doors.length] as Caller
  type Made = readonly [method: string, path: string, options: CallOptions]
  const make = async (door: Caller, call: Made): Promise<Answer['body']> => {
    const [method, path, options] = call
    const answer = await door.call(method, path, options)
    load.calls += 1
    // On a machine that is busy with other things Redis may take too long. That is no matter of keys: once more.
    if (answer.body.error === 'sessions_unavailable' && !path.endsWith('/refresh')) return await make(door, call)
    if (answer.body.error === 'sessions_unavailable') return null
    if (answer.status !== 200) load.refused.push(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const saw = (token: string): string | null => {
    const kid = (readToken(token).head['kid'] ?? null) as string | null
    load.kids.add(kid)
    return kid
  }
  const player = async (n: number): Promise<void> => {
    const begin = async () => {
      const begun = await make(at(n), ['POST', '/api/v1/token', { body: { appId: APP_ID } }])
      const login = { loginType: 1, loginId: `under-load-${n}` }
      await make(at(n + 1), ['POST', '/api/v1/login', { token: begun.token, body: login }])
      return begun
    }
    const { token: first } = await begin()
    let pair = await begin()
    for (let turn = n; load.refused.length === 0; turn += 1) {
      // The newest token and the very first one, each at another door than it came from.
      for (const token of [pair.token, first]) await make(at(turn), ['GET', '/api/v1/daily_gift', { token }])
      const renewal = { body: { refresh_token: pair.refresh_token } }
      pair = (await make(at(turn + 1), ['POST', '/api/v1/token/refresh', renewal])) ?? (await begin())
      if (load.refused.length === 0 && saw(pair.token) === lastKid.value && lastKid.value !== null) break
    }
    for (const token of [pair.token, first]) await make(at(n), ['GET', '/api/v1/daily_gift', { token }])
  }
  const gameServer = async (n: number): Promise<void> => {
    const ask = { body: { appId: APP_ID, appSecret: APP_SECRET } }
    const { token: first } = await make(at(n), ['POST', '/api/v1/token', ask])
    const { uid } = await make(at(n), ['POST', '/api/v1/login', await loginOf(at(n), `read-${n}`)])
    for (let turn = n; load.refused.length === 0; turn += 1) {
      const { token } = await make(at(turn), ['POST', '/api/v1/token', ask])
      for (const one of [token, first]) {
        await make(at(turn + 1), ['GET', `/api/v1/server/users/${uid}`, { token: one }])
      }
      if (load.refused.length === 0 && saw(token) === lastKid.value && lastKid.value !== null) break
    }
  }
  const loops = [
    ...Array.from({ length: SESSIONS }, (_, n) => player(n)),
    ...Array.from({ length: SERVERS }, (_, n) => gameServer(n)),
  ]
  lastKid.value = await work()
  await Promise.all(loops)
  return load
}

async function loginOf(door: Caller, loginId: string): Promise<CallOptions> {
  const { token } = assertDone(await door.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
  return { token, body: { loginType: 1, loginId } }
}

onEveryEngine(
  (on) => {
    test('keys that are rotated under load, with no pause at all, lose no request', async (t) => {
      const kids: string[] = []
      const load = await underLoad([on.app], async () => {
        for (const alg of ['EdDSA', 'HS256', 'EdDSA']) kids.push(await rotate(on.app, '--in', '0', '--alg', alg))
        return kids.at(-1) ?? ''
      })
      assert.deepEqual(load.refused, [])
      assert.ok(load.kids.has(null) && load.kids.has(kids.at(-1)))
      t.diagnostic(`${load.calls} calls, each answered 200; ${load.kids.size} keys signed`)
    })

    test('two servers that learn of a new key at different moments lose no request either', async (t) => {
      const other = await startChildServer(t, { variables: { ...on.app.variables, PORT: '0' } })
      const kids: string[] = []
      const load = await underLoad([on.app, other], async () => {
        for (const alg of ['HS256', 'EdDSA']) kids.push(await rotate(on.app, '--in', '0', '--alg', alg))
        return kids.at(-1) ?? ''
      })
      assert.deepEqual(load.refused, [])
      assert.ok(load.kids.has(kids.at(-1)))
      t.diagnostic(`${load.calls} calls at two servers, each answered 200; ${load.kids.size} keys signed`)
    })
  },
  { variables: { JWT_SECRET } },
)
