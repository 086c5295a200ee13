import { createHash } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import type { KeyValueStore } from '../kv/kv.ts'
import { debugToken, type GraphDeps, type GraphObject, graphObject, readMe, TOKEN_EXPIRED } from './facebook-graph.ts'
import { SKEW_SECONDS } from './id-token.ts'
import type { ProvenSubject } from './identity-provider.ts'
import { readName, readPictureUrl, readSubject } from './profile.ts'

export interface AccessTokenDeps extends GraphDeps {
  readonly clock: Clock
  readonly cache: KeyValueStore
}

// Facebook reserves the right to any length; they have two to three hundred characters.
const TOKEN = /^[\w|~+/=-]{1,4096}$/

/** A player who comes back within it costs Facebook no calls. One who took the app away meanwhile can come in so long. */
const KEPT_MS_MAX = 5 * 60 * 1000

/** Whom a classic access token is of: Facebook is asked whether it is good and ours, and then with it who its user is. */
export async function proveByAccessToken(deps: AccessTokenDeps, token: string): Promise<Outcome<ProvenSubject>> {
  if (!TOKEN.test(token)) return refused('proof_malformed')
  const key = cacheKey(deps, token)
  const kept = await readKept(deps, key)
  if (kept !== null) return accepted(kept)
  const debugged = await debugToken(deps, token)
  if (!debugged.ok) return debugged
  const judged = judge(deps, debugged.value)
  if (!judged.ok) return judged
  const me = await readMe(deps, token)
  if (!me.ok) return me
  const { id, name, picture } = me.value
  if (readUserId(id) !== judged.value.subject) return refused('invalid_proof')
  const avatarUrl = readPictureUrl(graphObject(graphObject(picture)?.['data'])?.['url'])
  const proven = { subject: judged.value.subject, name: readName(name), avatarUrl }
  await keep(deps, { key, proven, expiresAtMs: judged.value.expiresAtMs })
  return accepted(proven)
}

interface Judged {
  readonly subject: string
  /** Null: for ever. */
  readonly expiresAtMs: number | null
}

/** Everything that `debug_token` says must be as it should be: a token of any other app is as genuine as ours. */
function judge({ settings, clock }: AccessTokenDeps, data: GraphObject): Outcome<Judged> {
  const { app_id: appId, is_valid: isValid, type, user_id: userId, expires_at: expiresAt } = data
  if (appId !== undefined && readUserId(appId) !== settings.appId) return refused('proof_wrong_audience')
  if (graphObject(data['error'])?.['subcode'] === TOKEN_EXPIRED) return refused('proof_expired')
  const subject = readUserId(userId)
  if (appId === undefined || isValid !== true || type !== 'USER' || subject === null) return refused('invalid_proof')
  if (typeof expiresAt !== 'number' || !Number.isSafeInteger(expiresAt)) return refused('invalid_proof')
  if (expiresAt === 0) return accepted({ subject, expiresAtMs: null })
  if (expiresAt + SKEW_SECONDS <= clock.nowMs() / 1000) return refused('proof_expired')
  return accepted({ subject, expiresAtMs: expiresAt * 1000 })
}

/** Ids are text; older answers have numbers, which are right only while they are exact. */
function readUserId(value: unknown): string | null {
  return readSubject(Number.isSafeInteger(value) ? String(value) : value)
}

/** The token itself is nowhere kept. */
function cacheKey({ settings }: AccessTokenDeps, token: string): string {
  return `facebook:${createHash('sha256').update(`${settings.appId} ${token}`).digest('hex')}`
}

/** A cache that is away, or that holds what we cannot read, has nothing. */
async function readKept({ cache, clock }: AccessTokenDeps, key: string): Promise<ProvenSubject | null> {
  try {
    const kept = graphObject(JSON.parse((await cache.get(key)) ?? 'null'))
    const subject = readSubject(kept?.['subject'])
    if (kept === null || subject === null || !(Number(kept['untilMs']) > clock.nowMs())) return null
    return { subject, name: readName(kept['name']), avatarUrl: readPictureUrl(kept['avatarUrl']) }
  } catch {
    return null
  }
}

async function keep(
  { cache, clock }: AccessTokenDeps,
  { key, proven, expiresAtMs }: { key: string; proven: ProvenSubject; expiresAtMs: number | null },
): Promise<void> {
  const nowMs = clock.nowMs()
  const ttlMs = Math.min(KEPT_MS_MAX, expiresAtMs === null ? KEPT_MS_MAX : expiresAtMs - nowMs)
  if (ttlMs <= 0) return
  // Its end stands in it as well: the store counts by a clock of its own.
  await cache.set(key, JSON.stringify({ ...proven, untilMs: nowMs + ttlMs }), { ttlMs }).catch(() => {})
}
