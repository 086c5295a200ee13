import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** An event as a game server gets it. */
export interface ReceivedEvent {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly id: string
  readonly raw: string
  readonly type: string
  readonly timestamp: string
  // biome-ignore lint/suspicious/noExplicitAny: each type of event has data of its own.
  readonly data: any
  /** How many others of the same player were being received at that moment. */
  readonly besides: number
}

/** What the game server does with an event; `hang` never answers, `drip` never ends its answer. */
export type Reaction = number | 'hang' | 'drip' | { readonly status: number; readonly headers: Record<string, string> }

/** A game server on loopback that takes every event, until it is told otherwise. */
export interface EventReceiver {
  readonly url: string
  readonly received: ReceivedEvent[]
  /** The events that were taken, each as often as it was. */
  readonly taken: ReceivedEvent[]
  reactWith(react: (event: ReceivedEvent) => Reaction | Promise<Reaction>): void
  /** Stops listening, as a machine that is gone, or listens again. */
  listen(isUp: boolean): Promise<void>
  stop(): Promise<void>
}

export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`

export async function startEventReceiver(): Promise<EventReceiver> {
  const received: ReceivedEvent[] = []
  const taken: ReceivedEvent[] = []
  const underWay = new Map<string, number>()
  let react: (event: ReceivedEvent) => Reaction | Promise<Reaction> = () => 200
  const server = createServer(async (request, response) => {
    const raw = await text(request)
    const { type, timestamp, data } = JSON.parse(raw)
    const besides = underWay.get(data.uid) ?? 0
    underWay.set(data.uid, besides + 1)
    const id = String(request.headers['webhook-id'])
    const path = `${request.method} ${request.url}`
    const event = { path, headers: request.headers, id, raw, type, timestamp, data, besides }
    received.push(event)
    const reaction = await react(event)
    const status = typeof reaction === 'object' ? reaction.status : reaction
    if (typeof status === 'number' && status >= 200 && status < 300) taken.push(event)
    underWay.set(data.uid, (underWay.get(data.uid) ?? 1) - 1)
    answer(response, reaction)
  })
  const listenOn = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const close = async (): Promise<void> => {
    if (!server.listening) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const port = await listenOn(0)
  return {
    url: `http://127.0.0.1:${port}/events?game=1`,
    received,
    taken,
    reactWith: (next) => {
      react = next
    },
    listen: async (isUp) => {
      await close()
      if (isUp) await listenOn(port)
    },
    stop: close,
  }
}

function answer(response: ServerResponse, reaction: Reaction): void {
  if (reaction === 'hang') return
  if (reaction === 'drip') return void response.writeHead(200).write('{')
  const { status, headers } = typeof reaction === 'number' ? { status: reaction, headers: {} } : reaction
  response.writeHead(status, headers).end('{"ok":true}')
}

/** Checks a signature as a game server does: over the raw bytes, with its own secret, within five minutes. */
export function isSigned({ id, headers, raw }: ReceivedEvent, at: { secret: string; nowMs: number }): boolean {
  const seconds = String(headers['webhook-timestamp'])
  if (Math.abs(at.nowMs / 1000 - Number(seconds)) > 300) return false
  const key = Buffer.from(at.secret.slice('whsec_'.length), 'base64')
  const expected = `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${raw}`).digest('base64')}`
  return String(headers['webhook-signature']).split(' ').includes(expected)
}

/** Every event was taken once, and those of each player in the order of their numbers, from 1 without a gap. */
export function assertOnceInOrder(taken: readonly ReceivedEvent[]): void {
  assert.equal(new Set(taken.map((event) => event.id)).size, taken.length, 'each event was taken once')
  for (const [uid, events] of Map.groupBy(taken, (event) => event.data.uid)) {
    const numbers = events.map((event) => event.data.event_seq)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
      `the events of ${uid} in order`,
    )
  }
}
