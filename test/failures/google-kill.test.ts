import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { orderOnPlay, owedCalls, startGoogle, verifyOnDevice } from '../support/google-app.ts'
import type { OwedCallTask } from '../support/owed-call-process.ts'

const world = await startGoogle()
const { play, clock } = world
// Longer than a dead process keeps its call to itself.
const LATER_MS = 5 * 60_000

onEveryEngine((on) => {
  const work = () => on.app.service.jobs.run('carry-out-channel-tasks')

  for (const diesAt of ['before_call', 'after_answer'] as const) {
    test(`kill -9 of the process that consumes, ${diesAt}: the call is still owed, and another process makes it`, async () => {
      const { token, uid } = await on.app.logIn(`kill-${diesAt}`)
      const { account } = await orderOnPlay(on.app, token)
      const bought = play.buy({ account })
      assertDone(await verifyOnDevice(on.app, token, bought))

      const task: OwedCallTask = { variables: on.app.variables, aheadMs: clock.nowMs() - Date.now(), diesAt }
      const args = [JSON.stringify(task)]
      const { signal, stderr } = await runProgram('test/support/owed-call-process.ts', { args })
      assert.deepEqual([signal, stderr], ['SIGKILL', ''])
      assert.equal(bought.lines[0]?.isConsumed, diesAt === 'after_answer')
      const [left] = await owedCalls(on.app, bought.token)
      assert.deepEqual([left?.state, left?.attempts], ['open', 1])
      assert.equal(await work(), 0, 'nobody takes it from a process that may be alive')

      clock.moveMs(LATER_MS)
      await work()
      assert.equal(bought.lines[0]?.isConsumed, true)
      const [done] = await owedCalls(on.app, bought.token)
      assert.deepEqual([done?.state, done?.attempts], ['done', 2])
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      await assertBooks(on.app)
    })
  }
}, world.options)
