import type { ChildServer } from './child-server.ts'
import { type Answer, payment, request } from './test-app.ts'

/** A payment of the load: one order, told to the server as often as it takes. */
export interface LoadOrder {
  readonly orderId: string
  readonly body: ReturnType<typeof payment>
  /** The first answer with 200 that came, when one has. */
  answered: Answer | null
  wasSent: boolean
}

export interface Load {
  readonly orders: readonly LoadOrder[]
  /** Sends orders that were never sent until the server is gone or all are sent. */
  sendAll(input: { url: string; connections: number }): Promise<void>
}

const ITEMS = [
  { item_id: 1, price: 19.99 },
  { item_id: 2, price: 29.99 },
  { item_id: 4, price: 99.99 },
] as const

/** Orders of several players, every second one with a transaction id. */
export function makeLoad({ token, uids, count }: { token: string; uids: readonly string[]; count: number }): Load {
  const orders = Array.from({ length: count }, (_, index): LoadOrder => {
    const uid = uids[index % uids.length] ?? ''
    const item = ITEMS[index % ITEMS.length] ?? ITEMS[0]
    const orderId = `load-${index}`
    const transaction = index % 2 === 0 ? { transaction_id: `txn-${index}` } : {}
    return {
      orderId,
      body: payment({ order_id: orderId, uid, ...item, ...transaction }),
      answered: null,
      wasSent: false,
    }
  })
  let next = 0
  const sendAll = async ({ url, connections }: { url: string; connections: number }): Promise<void> => {
    const one = async (): Promise<void> => {
      for (let order = orders[next++]; order !== undefined; order = orders[next++]) {
        if (!(await deliver(order, { url, token }))) return
      }
    }
    await Promise.all(Array.from({ length: connections }, one))
  }
  return { orders, sendAll }
}

/** Sends one order; false when the server is gone. An answer that is not 200 is a fault of the server. */
export async function deliver(order: LoadOrder, { url, token }: { url: string; token: string }): Promise<boolean> {
  order.wasSent = true
  let answer: Answer
  try {
    answer = await request(`${url}/api/v1/payment/success`, { method: 'POST', token, body: order.body })
  } catch {
    return false
  }
  if (answer.status !== 200) throw new Error(`${order.orderId}: ${answer.status} ${JSON.stringify(answer.body)}`)
  order.answered ??= answer
  return true
}

/** Players of the first app, logged in once. */
export async function makePlayers(server: ChildServer, count: number): Promise<string[]> {
  const uids: string[] = []
  for (let index = 0; index < count; index++) uids.push((await server.logIn(`load-player-${index}`)).uid)
  return uids
}
