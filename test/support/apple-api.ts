import { after, before, describe } from 'node:test'
import { type AppleServer, newConnectKey, startAppleServer, type Trouble } from './apple-server.ts'
import { appleSettings, BUNDLE_ID } from './apple-store.ts'
import { aheadClock, type FakeClock } from './fake-clock.ts'
import { engines, startApp, type TestApp } from './test-app.ts'

/** A server whose App Store stands beside it, in real money and in play money. */
export interface WithAppleApi {
  readonly app: TestApp
  readonly clock: FakeClock
  readonly production: AppleServer
  readonly sandbox: AppleServer
  /** Does something while the store of real money is in trouble. */
  inTrouble(trouble: Trouble, work: () => Promise<unknown>): Promise<void>
}

/** Runs a suite once on every engine, each time with a server and stores of its own. */
export function onEveryEngineWithAppleApi(tests: (on: WithAppleApi) => void): void {
  for (const engine of engines()) {
    describe(engine.name, () => {
      let standing: Omit<WithAppleApi, 'inTrouble'> | undefined
      const started = () => {
        if (!standing) throw new Error('the servers run while tests run, not while they are declared')
        return standing
      }
      before(async () => {
        const [key, clock] = [newConnectKey(), aheadClock()]
        const [production, sandbox] = [await startAppleServer(key, clock), await startAppleServer(key, clock)]
        sandbox.keptDays = 30
        const own = { apiKey: key.settings, apiUrl: production.url, sandboxApiUrl: `${sandbox.url}/` }
        const CHANNELS = JSON.stringify({
          apple: appleSettings(own),
          'apple-opinion': appleSettings({
            ...own,
            bundleId: `${BUNDLE_ID}.opinion`,
            refundPreference: 'GRANT_PRORATED',
          }),
          'apple-badkey': appleSettings({
            ...{ ...own, bundleId: `${BUNDLE_ID}.badkey` },
            apiKey: { ...key.settings, keyId: 'ANOTHERKEY' },
          }),
        })
        standing = { clock, production, sandbox, app: await startApp({ engine, clock, variables: { CHANNELS } }) }
      })
      after(async () => {
        const { app, production, sandbox } = started()
        await app.close()
        await production.stop()
        await sandbox.stop()
      })
      tests({
        get app() {
          return started().app
        },
        get clock() {
          return started().clock
        },
        get production() {
          return started().production
        },
        get sandbox() {
          return started().sandbox
        },
        inTrouble: async (trouble, work) => {
          const { production } = started()
          production.trouble = trouble
          try {
            await work()
          } finally {
            production.trouble = null
          }
        },
      })
    })
  }
}
