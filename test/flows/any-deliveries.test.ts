import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertBooks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import type { Call } from '../support/model/steps.ts'
import { newCast } from '../support/sequences/cast.ts'
import { delivery } from '../support/sequences/generate.ts'
import { perform } from '../support/sequences/perform.ts'

const clock = fakeClock()
const deliveries = fc.array(delivery, { minLength: 1, maxLength: 14 })

/** The order that a call names. */
const orderOf = (call: Call | undefined) => (call && 'order' in call ? call.order : null)

onEveryEngine(
  (on) => {
    let stories = 0

    test('any deliveries all at once grant each order at most once, and the books hold', {
      timeout: 120_000,
    }, async () => {
      const story = fc.asyncProperty(deliveries, async (calls) => {
        stories += 1
        const cast = await newCast(on.app, { clock, name: `story${stories}` })
        const answers = await Promise.all(calls.map((call) => perform(cast, call)))
        for (const answer of answers) assert.ok(answer.status < 500, JSON.stringify(answer))
        const granted = answers.flatMap(({ facts }, index) =>
          facts?.['replayed'] === false ? { order: orderOf(calls[index]), facts } : [],
        )
        assert.equal(new Set(granted.map(({ order }) => order)).size, granted.length, 'no order is granted twice')
        const firsts = granted.filter(({ facts }) => facts['is_first_charge'])
        assert.ok(firsts.length <= 2, 'each of the two players has one first charge')
      })
      await fc.assert(story, { numRuns: 40, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false })
      await assertBooks(on.app)
    })
  },
  { clock },
)
