import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { type LoadOrder, makeLoad } from '../../support/payment-load.ts'
import { until } from '../../support/redis-server.ts'
import { type Answer, request } from '../../support/test-app.ts'
import type { Deployment } from './deployment.ts'

/** Callers who pay without pause while something breaks. They stop at nothing, and note how they were answered. */
export interface Traffic {
  /** Every order that was sent, answered or not. */
  orders(): LoadOrder[]
  readonly answered: number
  /** Answers of 503, each of which said when to come again. */
  readonly refused: number
  /** Calls that were broken off without an answer. */
  readonly broken: number
  readonly slowestMs: number
  /** Lets so many more payments be answered with 200. */
  progress(count: number): Promise<void>
  /** Forgets the figures of what was before; the orders stay. */
  forget(): void
  /** Stops new orders, waits for those under way, and fails when any was answered with neither 200 nor 503. */
  stop(): Promise<void>
  /** What platforms do: sends again what was not answered, and some of what was; those answers must not change. */
  redeliver(): Promise<void>
}

// Nothing may keep a caller waiting for longer, whatever is broken.
const ANSWER_WITHIN_MS = 20_000
const ORDERS_MAX = 20_000
const CALM_MS = 20
// Who finds the door closed knocks again, and does not use up orders by the thousand.
const CLOSED_DOOR_MS = 500

interface Figures {
  answered: number
  refused: number
  broken: number
  slowestMs: number
}

export function startTraffic(
  { server, token, uids }: Deployment,
  options: { name: string; connections?: number; paddingBytes?: number },
): Traffic {
  const prepared = makeLoad({ token, uids, count: ORDERS_MAX }).orders.map((order) => named(order, options))
  const figures: Figures = { answered: 0, refused: 0, broken: 0, slowestMs: 0 }
  const faults: string[] = []
  let next = 0
  let stopping = false

  const send = async (order: LoadOrder): Promise<boolean> => {
    order.wasSent = true
    const startedMs = performance.now()
    const answer = await answerTo({ url: server.url, token, order })
    figures.slowestMs = Math.max(figures.slowestMs, performance.now() - startedMs)
    if (answer === 'broken') {
      figures.broken += 1
      await pause(CLOSED_DOOR_MS)
    } else if (answer === 'hung') faults.push(`${order.orderId}: no answer within ${ANSWER_WITHIN_MS} ms`)
    else if (answer.status === 200) {
      figures.answered += 1
      order.answered ??= answer
      return true
    } else if (asksToComeAgain(answer)) figures.refused += 1
    else faults.push(`${order.orderId}: ${answer.status} ${JSON.stringify(answer.body)}`)
    await pause(CALM_MS)
    return false
  }
  const one = async (): Promise<void> => {
    for (let order = prepared[next++]; order !== undefined && !stopping; order = prepared[next++]) await send(order)
  }
  const all = Promise.all(Array.from({ length: options.connections ?? 12 }, one))
  const sent = (): LoadOrder[] => prepared.filter((order) => order.wasSent)
  return {
    orders: sent,
    get answered() {
      return figures.answered
    },
    get refused() {
      return figures.refused
    },
    get broken() {
      return figures.broken
    },
    get slowestMs() {
      return Math.round(figures.slowestMs)
    },
    progress: async (count) => {
      const goal = figures.answered + count
      await until(async () => figures.answered >= goal, { withinMs: 30_000 })
    },
    forget: () => void Object.assign(figures, { answered: 0, refused: 0, broken: 0, slowestMs: 0 }),
    stop: async () => {
      stopping = true
      await all
      assert.deepEqual(faults.slice(0, 5), [], `${faults.length} answers were neither a grant nor "come again"`)
    },
    redeliver: async () => {
      const unanswered = sent().filter((order) => order.answered === null)
      for (const order of unanswered) await until(() => send(order), { withinMs: 30_000 })
      for (const order of sent().filter((_, index) => index % 29 === 0))
        await assertAnswerStands(order, { url: server.url, token })
    },
  }
}

function named(order: LoadOrder, { name, paddingBytes }: { name: string; paddingBytes?: number }): LoadOrder {
  const { transaction_id: id } = order.body as { transaction_id?: string }
  const orderId = `${name}-${order.orderId}`
  const body = {
    ...order.body,
    order_id: orderId,
    ...(id === undefined ? {} : { transaction_id: `${name}-${id}` }),
    // Every order shares the text; only the message on the wire grows, and what is kept of it.
    ...(paddingBytes === undefined ? {} : { custom_param: 'x'.repeat(paddingBytes) }),
  }
  return { ...order, orderId, body }
}

async function answerTo(call: { url: string; token: string; order: LoadOrder }): Promise<Answer | 'broken' | 'hung'> {
  const { url, token, order } = call
  const tooLong = new AbortController()
  const answer = request(`${url}/api/v1/payment/success`, { method: 'POST', token, body: order.body }).catch(
    () => 'broken' as const,
  )
  const hung = pause(ANSWER_WITHIN_MS, 'hung' as const, { signal: tooLong.signal }).catch(() => 'hung' as const)
  const first = await Promise.race([answer, hung])
  tooLong.abort()
  return first
}

/** The one refusal that a broken machine may lead to. */
export function asksToComeAgain({ status, headers, body }: Answer): boolean {
  const waits = /^[1-9]\d*$/.test(headers.get('retry-after') ?? '')
  return status === 503 && waits && body.action === 'retry_after' && body.error !== 'internal_error'
}

async function assertAnswerStands(order: LoadOrder, { url, token }: { url: string; token: string }): Promise<void> {
  const again = await request(`${url}/api/v1/payment/success`, { method: 'POST', token, body: order.body })
  assert.equal(again.status, 200, JSON.stringify(again.body))
  assert.equal(again.body.replayed, true, order.orderId)
  assert.deepEqual({ ...again.body, replayed: null }, { ...order.answered?.body, replayed: null }, order.orderId)
}
