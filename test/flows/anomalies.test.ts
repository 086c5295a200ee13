import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AppId, PlayerId } from '../../src/kernel/ids.ts'
import { ANOMALY_KINDS, type AnomalyKind, type SecurityEvent } from '../../src/kernel/security-event.ts'
import { temporaryDirectory } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID, OTHER_APP_ID, startApp, type TestApp } from '../support/test-app.ts'
import { testRedis } from '../support/test-redis.ts'

const HOUR_MS = 60 * 60 * 1000
// On the stroke of the day, so that every window begins here.
const clock = fakeClock(Date.UTC(2026, 10, 1))

let lastPlayer = 800_000
let lastAddress = 0
const newPlayer = (): PlayerId => ++lastPlayer as PlayerId
const newAddress = (): string => `198.51.${++lastAddress >> 8}.${lastAddress & 255}`

interface Happening extends Partial<Omit<SecurityEvent, 'origin'>> {
  readonly kind: SecurityEvent['kind']
  readonly address?: string
  readonly deviceId?: string
}

function record(app: TestApp, { address = newAddress(), deviceId, ...event }: Happening): void {
  app.service.trail.record({
    ...{ appId: APP_ID as AppId, playerId: null, provider: 'email', outcome: null },
    ...event,
    origin: { address, userAgent: 'Game/1.0', deviceId: deviceId ?? null, requestId: 'r-1' },
  })
}

async function anomaliesOf(...apps: TestApp[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const app of apps) {
    await app.service.trail.flush()
    const text = String((await app.call('GET', '/metrics')).body)
    for (const [, kind = '', count] of text.matchAll(/^identity_anomalies_total\{kind="(\w+)"\} (\d+)$/gm)) {
      counts[kind] = (counts[kind] ?? 0) + Number(count)
    }
  }
  return counts
}

/** How many anomalies of which kinds the work has brought. */
async function broughtBy(
  app: TestApp,
  work: () => Promise<void> | void,
): Promise<Partial<Record<AnomalyKind, number>>> {
  const before = await anomaliesOf(app)
  await work()
  const after = await anomaliesOf(app)
  const grown = Object.entries(after).map(([kind, count]) => [kind, count - (before[kind] ?? 0)] as const)
  return Object.fromEntries(grown.filter(([, more]) => more > 0))
}

const times = (count: number, one: (n: number) => void): void => {
  for (let n = 0; n < count; n++) one(n)
}

onEveryEngine(
  (on) => {
    test('every kind of anomaly is a metric from the start, so that its first rise is seen', async () => {
      assert.deepEqual(Object.keys(await anomaliesOf(on.app)).toSorted(), [...ANOMALY_KINDS].toSorted())
    })

    test('twenty new players of one address within an hour are people, and the next one is told once', async () => {
      const address = newAddress()
      const create = () => record(on.app, { kind: 'player_created', playerId: newPlayer(), address })
      assert.deepEqual(await broughtBy(on.app, () => times(20, create)), {})
      assert.deepEqual(await broughtBy(on.app, create), { accounts_of_address: 1 })
      assert.deepEqual(await broughtBy(on.app, () => times(500, create)), {})
      clock.moveMs(HOUR_MS)
      assert.deepEqual(await broughtBy(on.app, () => times(20, create)), {})
      assert.deepEqual(await broughtBy(on.app, create), { accounts_of_address: 1 })
    })

    test('one device makes five players a day, from wherever, and more are told', async () => {
      const create = (appId: string) =>
        record(on.app, { kind: 'player_created', playerId: newPlayer(), deviceId: 'farm', appId: appId as AppId })
      assert.deepEqual(await broughtBy(on.app, () => times(5, () => create(APP_ID))), {})
      assert.deepEqual(await broughtBy(on.app, () => times(5, () => create(OTHER_APP_ID))), {})
      assert.deepEqual(await broughtBy(on.app, () => times(3, () => create(APP_ID))), { accounts_of_device: 1 })
    })

    test('failed logins are counted by address and by app, and those that a platform has failed are not', async () => {
      const address = newAddress()
      const fail = () => record(on.app, { kind: 'login_failed', outcome: 'invalid_credential', address })
      const unavailable = () => record(on.app, { kind: 'login_failed', outcome: 'provider_unavailable', address })
      clock.moveMs(HOUR_MS)
      assert.deepEqual(await broughtBy(on.app, () => times(300, unavailable)), {})
      assert.deepEqual(await broughtBy(on.app, () => times(20, fail)), {})
      assert.deepEqual(await broughtBy(on.app, fail), { failed_logins_of_address: 1 })
      const spread = () => record(on.app, { kind: 'login_locked', outcome: 'login_locked' })
      assert.deepEqual(await broughtBy(on.app, () => times(79, spread)), {})
      assert.deepEqual(await broughtBy(on.app, () => times(5, spread)), { failed_logins_of_app: 1 })
    })

    test('a player who logs in from six addresses within ten minutes is told, and one who comes often is not', async () => {
      clock.moveMs(HOUR_MS)
      const playerId = newPlayer()
      const home = newAddress()
      const logIn = (address: string) => record(on.app, { kind: 'login', playerId, address })
      assert.deepEqual(await broughtBy(on.app, () => times(50, () => logIn(home))), {})
      assert.deepEqual(await broughtBy(on.app, () => times(4, () => logIn(newAddress()))), {})
      assert.deepEqual(await broughtBy(on.app, () => logIn(home)), {})
      assert.deepEqual(await broughtBy(on.app, () => logIn(newAddress())), { addresses_of_player: 1 })
      assert.deepEqual(await broughtBy(on.app, () => times(20, () => logIn(newAddress()))), {})
    })

    test('a refresh token that is used again is told once an hour for each player', async () => {
      clock.moveMs(HOUR_MS)
      const [playerId, other] = [newPlayer(), newPlayer()]
      const reuse = (of: PlayerId) => record(on.app, { kind: 'token_reused', playerId: of, outcome: 'token_reused' })
      assert.deepEqual(await broughtBy(on.app, () => times(9, () => reuse(playerId))), { token_reused: 1 })
      assert.deepEqual(await broughtBy(on.app, () => reuse(playerId)), {})
      assert.deepEqual(await broughtBy(on.app, () => reuse(other)), { token_reused: 1 })
    })
  },
  { clock },
)

test('the servers of one game count together, and one of them tells', async (t) => {
  const redis = testRedis()
  if (redis === null) {
    process.stderr.write('LEFT OUT: anomalies counted by several servers, as TEST_REDIS_URL is not set\n')
    return
  }
  t.after(() => redis.drop())
  const open = async () => {
    const app = await startApp({ clock, variables: redis.variables })
    t.after(() => app.close())
    return app
  }
  const [a, b] = [await open(), await open()]
  const address = newAddress()
  for (const app of [a, b]) times(11, () => record(app, { kind: 'player_created', playerId: newPlayer(), address }))
  const counts = await anomaliesOf(a, b)
  assert.equal(counts['accounts_of_address'], 1)
  for (const app of [a, b]) times(30, () => record(app, { kind: 'player_created', playerId: newPlayer(), address }))
  assert.equal((await anomaliesOf(a, b))['accounts_of_address'], 1)
})

test('the log has one line for each anomaly, with the address and without a device’s name or a mail address', async (t) => {
  const folder = temporaryDirectory(t)
  const app = await startApp({ clock, variables: { LOG_LEVEL: 'warn', LOG_FILE: join(folder, 'log') } })
  const address = newAddress()
  times(60, (n) => {
    const playerId = newPlayer()
    record(app, { kind: 'player_created', playerId, address, deviceId: 'ann@example.com', provider: `p${n}` })
  })
  await app.service.trail.flush()
  const { kv, trail } = app.service
  await kv.close()
  // With the store away nothing is counted, nothing told, and nothing lost of the trail.
  times(60, () => record(app, { kind: 'player_created', playerId: newPlayer(), address: newAddress() }))
  await trail.flush()
  await app.close()
  const [file = ''] = readdirSync(folder)
  const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n')
  const told = lines.map((line) => JSON.parse(line)).filter(({ anomaly }) => anomaly !== undefined)
  assert.deepEqual(told.map(({ anomaly }) => anomaly).toSorted(), ['accounts_of_address', 'accounts_of_device'])
  assert.ok(told.some((line) => line.address === address))
  assert.equal(lines.join().includes('ann@example.com'), false)
  assert.equal(lines.length, 2, lines.join('\n'))
})
