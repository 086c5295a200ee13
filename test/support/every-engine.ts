import { after, before, describe } from 'node:test'
import { engines, startApp, type TestApp, type TestAppOptions } from './test-app.ts'

/** A suite's own server: one for all its tests, each of which plays with players of its own. */
export interface Running {
  readonly app: TestApp
}

/** Runs a suite once on every engine, each time with a server and a database of its own. */
export function onEveryEngine(tests: (running: Running) => void, options: Omit<TestAppOptions, 'engine'> = {}): void {
  for (const engine of engines()) {
    describe(engine.name, () => {
      let started: TestApp | undefined
      before(async () => {
        started = await startApp({ ...options, engine })
      })
      after(async () => {
        await started?.close()
      })
      tests({
        get app() {
          if (!started) throw new Error('the server runs while tests run, not while they are declared')
          return started
        },
      })
    })
  }
}
