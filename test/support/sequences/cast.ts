import { setTimeout } from 'node:timers/promises'
import type { Row } from '../../../src/db/schema.ts'
import { ERROR_CODES, type ErrorCode } from '../../../src/kernel/error-codes.ts'
import type { PlayerId } from '../../../src/kernel/ids.ts'
import type { FakeClock } from '../fake-clock.ts'
import { inviteMessageName } from '../model/invites.ts'
import type { Caller, Facts, Someone, Told } from '../model/steps.ts'
import { type Answer, APP_ID, APP_SECRET, type CallOptions, type TestApp } from '../test-app.ts'

/** One sequence's own players, orders and keys on the shared server, and what a client of it has in its hands. */
export interface Cast {
  readonly app: TestApp
  readonly clock: FakeClock
  /** No two sequences have the same. */
  readonly name: string
  readonly uids: Map<Someone, string>
  /** The orders that `POST /orders` made, in turn. */
  readonly made: string[]
  /** What was bought on the sandbox's pages: the platform's ids by order, in turn. */
  readonly purchases: Map<string, string[]>
  /** What the server calls a thing, and what the model calls it. */
  readonly names: Map<string, string>
  readonly tokens: Map<Exclude<Caller, 'device'>, { token: string; endsAtMs: number }>
  device: { token: string; refresh: string; dead: string | null } | null
  /** How often a call was made again because the store of sessions was out of reach. */
  askedAgain: number
}

/** The number of a player who is not there. */
const NOBODY = '999999999'

const OWN_NAMES = ['a', 'b', 'c', 'k1', 'k2']

const ASKED_AGAIN_MAX = 5
const ASK_AGAIN_AFTER_MS = 100

/**
 * Makes a call, and again as its answer says while sessions are out of reach: a machine that stands still for a moment
 * makes them so, and says nothing of the rules. It happens next to never; a run that needs it often fails.
 */
export async function ask(cast: Cast, method: string, path: string, options: CallOptions): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await cast.app.call(method, path, options)
    if (answer.body?.error !== 'sessions_unavailable' || attempt > ASKED_AGAIN_MAX) return answer
    cast.askedAgain += 1
    await setTimeout(ASK_AGAIN_AFTER_MS)
  }
}

/** Two players who log in for the first time. */
export async function newCast(app: TestApp, { clock, name }: { clock: FakeClock; name: string }): Promise<Cast> {
  const names = new Map(OWN_NAMES.map((own) => [`${name}-${own}`, own]))
  const cast: Cast = {
    app,
    clock,
    name,
    uids: new Map(),
    made: [],
    purchases: new Map(),
    names,
    tokens: new Map(),
    device: null,
    askedAgain: 0,
  }
  for (const player of ['p0', 'p1'] as const) {
    const login = await logIn(cast, player)
    notePlayer(cast, player, login.body.uid)
  }
  return cast
}

async function logIn(cast: Cast, player: 'p0' | 'p1'): Promise<Answer> {
  const token = await newToken(cast, player)
  const login = await ask(cast, 'POST', '/api/v1/login', { token, body: loginOf(cast, player) })
  if (login.status !== 200) throw new Error(`login failed: ${JSON.stringify(login.body)}`)
  return login
}

export function loginOf({ name }: Cast, player: Someone) {
  return { loginType: 1, loginId: `${name}-${player}` }
}

async function newToken(cast: Cast, by: Exclude<Caller, 'device'>): Promise<string> {
  const secret = by === 'server' ? { appSecret: APP_SECRET } : {}
  const { body } = await ask(cast, 'POST', '/api/v1/token', { body: { appId: APP_ID, ...secret } })
  cast.tokens.set(by, { token: body.token, endsAtMs: cast.clock.nowMs() + (body.expires_in - 1) * 1000 })
  return body.token
}

/** The token that a call carries: a player and the game server get themselves a new one when theirs has ended. */
export async function tokenOf(cast: Cast, by: Caller): Promise<{ token?: string }> {
  if (by === 'device') return cast.device ? { token: cast.device.token } : {}
  const held = cast.tokens.get(by)
  if (held && cast.clock.nowMs() < held.endsAtMs) return { token: held.token }
  if (by === 'server') return { token: await newToken(cast, by) }
  await logIn(cast, by)
  return { token: cast.tokens.get(by)?.token ?? '' }
}

export function notePlayer(cast: Cast, player: Someone, uid: string): void {
  if (cast.names.has(uid)) return
  cast.uids.set(player, uid)
  cast.names.set(uid, player)
}

export function noteOrder(cast: Cast, orderId: string): void {
  if (cast.names.has(orderId)) return
  cast.names.set(orderId, `made-${cast.made.length}`)
  cast.made.push(orderId)
}

/** Learns the names of messages: each is called after the order or the invitation that left it. */
export async function noteMessages(cast: Cast): Promise<void> {
  const { db } = cast.app.service.database
  const orderIds = [...cast.made, ...OWN_NAMES.map((own) => `${cast.name}-${own}`)]
  const rows = await db
    .selectFrom('inbox_messages')
    .select(['message_id', 'reward_order_id'])
    .where('reward_order_id', 'in', orderIds as never[])
    .execute()
  for (const row of rows) {
    cast.names.set(row.message_id, `message of ${cast.names.get(String(row.reward_order_id))}`)
  }
  for (const row of await inviteRowsOf(cast)) {
    const invited = cast.names.get(String(row.invited_user_id)) ?? ''
    if (row.inviter_message_id) cast.names.set(row.inviter_message_id, inviteMessageName(invited, 'inviter'))
    if (row.invited_message_id) cast.names.set(row.invited_message_id, inviteMessageName(invited, 'invited'))
  }
}

/** The rewards of invitations of a sequence's own players. */
export async function inviteRowsOf({ app, uids }: Cast): Promise<Row<'invite_rewards'>[]> {
  const players = [...uids.values()].map(Number) as PlayerId[]
  const { db } = app.service.database
  return await db.selectFrom('invite_rewards').selectAll().where('invited_user_id', 'in', players).execute()
}

export const uidOf = (cast: Cast, player: Someone) => cast.uids.get(player) ?? NOBODY

/** The id of an order that the model names so. */
export function orderIdOf({ made, name }: Cast, order: string): string {
  return made[Number(/^made-(\d+)$/.exec(order)?.[1])] ?? `${name}-${order}`
}

/** A message's id by its order or its own name; one that nobody has where there is none. */
export function messageIdOf({ names }: Cast, order: string): string {
  const wanted = order.includes(' of ') ? order : `message of ${order}`
  for (const [id, name] of names) if (name === wanted) return id
  return 'msg_none'
}

/** What was answered, in the words of the model: the envelope is checked, ids become names. */
export function toldBy(cast: Cast, answer: Answer): Told {
  const { status, body, headers } = answer
  if (status === 200) {
    if (body.return_code !== 1 || body.status_code !== 1) throw new Error(`no envelope: ${JSON.stringify(body)}`)
    return { status, facts: renamed(cast, body) as Facts }
  }
  const entry = ERROR_CODES[body.error as ErrorCode]
  const isWhole = body.return_code === 0 && body.status_code === 0 && body.request_id === headers.get('x-request-id')
  if (!isWhole || entry?.status !== status || !body.msg) {
    throw new Error(`no envelope: ${status} ${JSON.stringify(body)}`)
  }
  const retryAfter = headers.get('retry-after')
  return {
    ...{ status, error: body.error },
    ...(body.err_code === status ? {} : { errCode: body.err_code }),
    ...(retryAfter === null ? {} : { retryAfter: Number(retryAfter) }),
    ...(body.action === entry.action ? {} : { action: body.action }),
  }
}

/** Every text of an answer, its ids replaced by the names of the model; also in `player:10001`. */
export function renamed(cast: Cast, value: unknown): unknown {
  if (typeof value === 'string') {
    return value
      .split(':')
      .map((part) => cast.names.get(part) ?? part)
      .join(':')
  }
  if (Array.isArray(value)) return value.map((one) => renamed(cast, one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, renamed(cast, one)]))
}
