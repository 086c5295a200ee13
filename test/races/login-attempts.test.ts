import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FAILURES_MAX } from '../../src/features/account/lockout-rules.ts'
import { AT_ONCE_MAX, openLoginAttempts } from '../../src/features/account/login-attempts.ts'
import type { AppId } from '../../src/kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../src/kernel/outcome.ts'
import type { KeyValueStore } from '../../src/kv/kv.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const times = <T>(count: number, one: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => one(n)))

onEveryEngine(
  (on) => {
    const worker = ({ kv = on.app.service.kv }: { kv?: KeyValueStore } = {}) =>
      openLoginAttempts({ kv, clock, secret: 'the secret that all workers have', countAddresses: true })
    const attempt = (loginId: string, address: string) => ({
      ...{ appId: APP_ID as AppId, loginType: 0, loginId, address },
    })
    /** A guess that is wrong, and how often it was looked at. */
    const guesses = () => {
      let looks = 0
      const guess = async (): Promise<Outcome<null>> => {
        looks += 1
        return refused('invalid_credential')
      }
      return { guess, looks: () => looks }
    }

    test('of a thousand guesses at once at one guest from one address, as many are looked at as may fail', async () => {
      const { look } = worker()
      const { guess, looks } = guesses()
      const answers = await times(1000, () => look(attempt('guessed', '192.0.2.1'), guess))
      assert.equal(looks(), FAILURES_MAX.pair)
      const codes = answers.map((answer) => (answer.ok ? 'let in' : answer.refusal.code))
      assert.equal(codes.filter((code) => code === 'invalid_credential').length, FAILURES_MAX.pair)
      assert.equal(codes.filter((code) => code === 'login_locked').length, 1000 - FAILURES_MAX.pair)
    })

    test('of the same guesses through three processes, at most one more is looked at in each of the others', async () => {
      const workers = [worker(), worker(), worker()]
      const { guess, looks } = guesses()
      await times(300, async (n) => workers[n % 3]?.look(attempt('guessed-thrice', '192.0.2.2'), guess))
      assert.ok(looks() >= FAILURES_MAX.pair && looks() <= FAILURES_MAX.pair + 2, `${looks()} were looked at`)
    })

    test('of a thousand guesses at as many guests from one address, and at one guest from as many, few are looked at', async () => {
      const { look } = worker()
      const ofAddress = guesses()
      for (let round = 0; round < 10; round++) {
        await times(100, (n) => look(attempt(`sprayed-${round}-${n}`, '192.0.2.3'), ofAddress.guess))
      }
      assert.ok(ofAddress.looks() < FAILURES_MAX.address + AT_ONCE_MAX.address, `${ofAddress.looks()} were looked at`)
      const ofIdentity = guesses()
      await times(1000, (n) => look(attempt('wanted-by-all', `2001:db8:0:${n}::/64`), ofIdentity.guess))
      assert.ok(ofIdentity.looks() <= AT_ONCE_MAX.identity, `${ofIdentity.looks()} were looked at`)
    })

    test('however many guesses one address sends at a guest, its player elsewhere is not kept waiting', async () => {
      const { look } = worker()
      const { guess } = guesses()
      const flood = times(1000, () => look(attempt('besieged', '192.0.2.5'), guess))
      const own = await look(attempt('besieged', '192.0.2.6'), async () => accepted('in'))
      assert.ok(own.ok)
      await flood
    })

    test('right logins at once are all let in, each for one look at three counts and one note', async () => {
      const calls: string[] = []
      const kv = new Proxy(on.app.service.kv, {
        get:
          (target, name: keyof KeyValueStore & string) =>
          (...args: unknown[]) => {
            calls.push(name)
            return (target[name] as (...given: unknown[]) => unknown)(...args)
          },
      })
      const { look } = worker({ kv })
      const answers = await times(50, () => look(attempt('welcome', '192.0.2.4'), async () => accepted('in')))
      assert.ok(answers.every(({ ok }) => ok))
      assert.deepEqual([calls.filter((name) => name === 'get').length, calls.length], [150, 200])
      assert.deepEqual(new Set(calls), new Set(['get', 'setIfAbsent']))
    })
  },
  { clock },
)
