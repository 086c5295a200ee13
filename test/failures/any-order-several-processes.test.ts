import { test } from 'node:test'
import { tellEverythingInAnyOrder } from '../support/any-order.ts'
import { engines } from '../support/engines.ts'

// About a minute on two cores of its own; a machine that is busy with other things takes its time.
const LIMITED = { timeout: 235_000 }

for (const engine of engines().filter(({ name }) => name === 'mysql')) {
  test(
    'everything about 1,000 orders in any order, three times each, while servers of one database are killed: what stands is what the facts demand',
    LIMITED,
    (t) => tellEverythingInAnyOrder(t, { engine, voice: 'sandbox', orders: 1_000 }),
  )
}
