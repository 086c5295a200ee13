import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Database } from '../src/db/database.ts'
import { openApps } from '../src/features/apps/index.ts'
import {
  authenticateCaller,
  type GivenKey,
  newKeyMaterial,
  openAccessTokens,
  openHandoverCodes,
  openKeyring,
  openSessionStore,
} from '../src/features/sessions/index.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { type AppId, newSessionId } from '../src/kernel/ids.ts'
import type { KeyValueStore } from '../src/kv/kv.ts'
import { openKeyValueStore } from '../src/kv/open.ts'

/**
 * What one check of an access token costs, in microseconds: `npm run bench:tokens -- --redis redis://127.0.0.1:6379/15`.
 * One after the other, as a lone caller meets them; medians of several rounds, because a machine has other things to do.
 */
const { values: options } = parseArgs({
  options: {
    redis: { type: 'string' },
    tokens: { type: 'string', default: '4000' },
    rounds: { type: 'string', default: '7' },
  },
})
const count = Number(options.tokens)
const APP_ID = 'com.example.game' as AppId
const app = {
  ...{
    appId: APP_ID,
    secrets: ['u3Jx8TqPz5Wm1RkYv7Nc4Hd2Lb9Gf6SeXa'],
    refundPolicy: 'debt' as const,
    testPurchases: true,
    timeZone: 'UTC',
    returnUrls: [],
  },
  ...{ logins: { guest: true }, invite: null },
}
const material = (): string => Buffer.from(newKeyMaterial()).toString('base64url')
const KEYS: Readonly<Record<'HS256' | 'EdDSA', GivenKey>> = {
  HS256: { kid: 'hs', alg: 'HS256', secret: material() },
  EdDSA: { kid: 'ed', alg: 'EdDSA', seed: material() },
}

async function openTokens(key: GivenKey) {
  const keyring = await openKeyring({
    ...{ database: {} as Database, clock: systemClock, secret: material(), given: [key] },
    report: { sealed: () => undefined, stale: () => undefined },
  })
  return openAccessTokens({ keyring, clock: systemClock })
}

/** The median over all rounds of the microseconds that one call of `work` takes. */
async function median(work: (turn: number, round: number) => Promise<unknown>): Promise<number> {
  const rounds: number[] = []
  for (let round = 0; round < Number(options.rounds); round++) {
    const startedMs = performance.now()
    for (let turn = 0; turn < count; turn++) await work(turn, round)
    rounds.push(((performance.now() - startedMs) * 1000) / count)
  }
  return rounds.toSorted((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? 0
}

function tell(what: string, microseconds: number): void {
  console.log(`${what.padEnd(52)} ${microseconds.toFixed(1).padStart(8)} us`)
}

async function measureTokens(alg: 'HS256' | 'EdDSA'): Promise<void> {
  const claims = () => ({ scope: 'client', appId: APP_ID, sessionId: newSessionId() }) as const
  const signer = await openTokens(KEYS[alg])
  const tokens: string[] = []
  for (let turn = 0; turn < count; turn++) tokens.push(await signer.sign(claims()))
  tell(`${alg}: sign`, await median(() => signer.sign(claims())))
  // Fresh each round: nothing of it was checked before.
  const fresh = await Promise.all(Array.from({ length: Number(options.rounds) }, () => openTokens(KEYS[alg])))
  const verify = async (turn: number, round: number) => {
    const verified = await fresh[round]?.verify(tokens[turn] ?? '')
    if (!verified?.ok) throw new Error('refused')
  }
  tell(`${alg}: check for the first time`, await median(verify))
  tell(`${alg}: check again, from the cache`, await median(verify))
}

async function measureCallers(name: string, kv: KeyValueStore): Promise<void> {
  const sessions = openSessionStore({ kv, clock: systemClock })
  const accessTokens = await openTokens(KEYS.EdDSA)
  const handoverCodes = openHandoverCodes({ kv, clock: systemClock })
  const deps = { apps: openApps([app]), accessTokens, sessions, handoverCodes, record: () => undefined }
  const sessionId = newSessionId()
  await sessions.create(sessionId, { appId: APP_ID, playerId: null, familyHash: 'f', refreshHash: 'r' })
  const token = await accessTokens.sign({ scope: 'client', appId: APP_ID, sessionId })
  const ask = async (): Promise<void> => {
    if (!(await authenticateCaller(deps, token)).ok) throw new Error('refused')
  }
  tell(`whole check of a player's call, ${name}`, await median(ask))
  await sessions.end(sessionId)
  await kv.close()
}

const directory = await mkdtemp(join(tmpdir(), 'payment-api-bench-'))
try {
  for (const alg of ['HS256', 'EdDSA'] as const) await measureTokens(alg)
  const file = join(directory, 'sessions.db')
  await measureCallers('SQLite', await openKeyValueStore({ kind: 'sqlite', file, clock: systemClock }))
  if (options.redis !== undefined) {
    const { hostname, port, pathname } = new URL(options.redis)
    const config = {
      mode: 'single',
      host: hostname,
      port: Number(port || 6379),
      db: Number(pathname.slice(1) || 0),
    } as const
    const redis = await openKeyValueStore({ kind: 'redis', config, prefix: `bench_${process.pid}:` })
    await measureCallers('Redis on loopback', redis)
  }
} finally {
  await rm(directory, { recursive: true })
}
