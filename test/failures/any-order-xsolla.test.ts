import { test } from 'node:test'
import { tellEverythingInAnyOrder } from '../support/any-order.ts'
import { engines } from '../support/engines.ts'

const LIMITED = { timeout: 235_000 }

for (const engine of engines()) {
  test(
    `${engine.name}: everything that Xsolla can tell of 300 orders, in any order while servers are killed: what stands is what the facts demand`,
    LIMITED,
    (t) => tellEverythingInAnyOrder(t, { engine, voice: 'xsolla', orders: 300 }),
  )
}
