import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAccount } from '../../src/cli/sim/account.ts'
import type { SimPlatform } from '../../src/cli/sim/platform.ts'
import { openPlatform, SIM_PLATFORMS, SIM_TYPES } from '../../src/cli/sim/platforms.ts'
import { beginPlay } from '../../src/cli/sim/play.ts'
import { openServer } from '../../src/cli/sim/server.ts'
import { STORIES, storiesOf } from '../../src/cli/sim/stories.ts'
import { describeFaults, loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import type { AppId } from '../../src/kernel/ids.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine, type Running } from '../support/every-engine.ts'
import { APP_ID, APP_SECRET, OTHER_APP_ID, PARTNER_SECRET } from '../support/test-app.ts'
import { VOICES } from '../support/voices/voices.ts'

// A channel of each type that can be played, named like it, and a second partner.
const CHANNELS = JSON.stringify({
  ...Object.assign(
    {},
    ...Object.entries(VOICES).map(([name, voice]) => voice.channels(`test-secret-of-the-platform-${name}`)),
  ),
  partner: { type: 'signed', appId: OTHER_APP_ID, secrets: [PARTNER_SECRET] },
})

const tests = (on: Running): void => {
  const sim = (...args: string[]) =>
    runProgram('src/cli/sim.ts', { args: [...args, '--url', on.app.url], variables: on.app.variables })

  for (const type of SIM_TYPES) {
    for (const name of storiesOf(SIM_PLATFORMS[type]?.tells ?? []).played) {
      test(`${type}: ${name} is played, and the server does right`, async () => {
        const lines: string[] = []
        const account = openAccount((line) => lines.push(line))
        const server = openServer(on.app.url)
        const platform = await platformOf(on.app.variables, type)
        const app = { appId: APP_ID as AppId, secrets: [APP_SECRET], refundPolicy: 'debt' } as const
        await STORIES[name]?.play(await beginPlay({ server, platform, app, account, clock: systemClock }))
        assert.ok(account.isRight(), lines.join('\n'))
        assert.match(
          lines.join('\n'),
          /^ {2}1\. A player of \S+ is made: \d+\n {2}2\. They order item 1: [\s\S]*\n {5}right: /,
        )
      })
    }
  }

  test('the books are clean after all of them', (t) => assertAuditClean(t, on.app.variables))

  test('all stories at once are told one after the other, with their number', async () => {
    const { code, stdout } = await sim('sandbox', 'all')
    assert.equal(code, 0, stdout)
    assert.match(stdout, /\n9 stories: 9 right, 0 wrong\n$/)
    assert.equal(stdout.match(/\nright\n/g)?.length, 9)
    assert.doesNotMatch(stdout, /WRONG/)
  })

  test('a server that does wrong is told of, and the exit code is 1', async () => {
    const channels = JSON.parse(on.app.variables['CHANNELS'] ?? '{}')
    channels.signed.secrets = ['another-secret-than-the-server-has']
    const { code, stdout } = await runProgram('src/cli/sim.ts', {
      args: ['signed', 'paid', '--instance', 'signed', '--url', on.app.url],
      variables: { ...on.app.variables, CHANNELS: JSON.stringify(channels) },
    })
    assert.equal(code, 1)
    assert.match(stdout, / {5}WRONG: answered 200, the order is completed; it is 401 invalid_signature: /)
    assert.match(stdout, /\nwrong\n$/)
  })

  test('without a type it lists what can be played; what it cannot play it refuses in words', async () => {
    const listed = await sim()
    assert.equal(listed.code, 0)
    for (const name of Object.keys(STORIES)) assert.ok(listed.stdout.includes(`  ${name} `))
    for (const args of [
      ['nothing', 'paid'],
      ['sandbox', 'nothing'],
      ['sandbox', 'constructor'],
      ['a', 'b', 'c'],
    ]) {
      assert.equal((await sim(...args)).code, 2, args.join(' '))
    }
    const several = await sim('signed', 'paid')
    assert.deepEqual([several.code, several.stdout], [1, ''])
    assert.match(several.stderr, /say which channel by --instance: signed, partner/)
    const nobody = await runProgram('src/cli/sim.ts', {
      args: ['sandbox', 'paid', '--url', 'http://127.0.0.1:1'],
      variables: on.app.variables,
    })
    assert.equal(nobody.code, 1)
    assert.match(nobody.stderr, /no server answers at http:\/\/127\.0\.0\.1:1 /)
  })
}

onEveryEngine(tests, { variables: { CHANNELS } })

/** The platform of the server's channel that is named like its type. */
async function platformOf(variables: Readonly<Record<string, string>>, type: string): Promise<SimPlatform> {
  const loaded = loadConfig(variables)
  if (!loaded.ok) throw new Error(describeFaults(loaded.faults))
  const channel = loaded.config.channels.find(({ instance }) => instance === type)
  if (!channel) throw new Error(`the tests' server has no channel ${type}`)
  return openPlatform(channel, loaded.config)
}
