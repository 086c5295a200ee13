import { setTimeout as pause } from 'node:timers/promises'
import { type Answer, request } from './test-app.ts'
import type { Voice, VoiceMessage } from './voices/voice.ts'
import { VOICES, type VoiceType } from './voices/voices.ts'

/** A call that is made until it is answered. Callbacks are signed; the others carry a token. */
export type Delivery =
  | { readonly kind: 'callback'; readonly message: VoiceMessage }
  | { readonly kind: 'call'; readonly path: string; readonly token: string; readonly body: object }

/** What a delivering process is told to do. */
export interface DeliveryOrder {
  readonly urls: readonly string[]
  readonly voice: VoiceType
  readonly secret: string
  readonly deliveries: readonly Delivery[]
  readonly connections: number
}

/** What it tells: how far it is, and in the end what was refused, and by which statuses, and how often it had to try again. */
export type DeliveryReport =
  | { readonly kind: 'progress'; readonly answered: number }
  | { readonly kind: 'done'; readonly retries: number; readonly faults: readonly string[] }

const RETRY_AFTER_MS = 50
// A server that is killed is there again after seconds; one that does not answer this often never will.
const TRIES_MAX = 1_200

/** A platform delivers until it is answered 2xx, to whichever server answers; a player's call is content with any answer. */
async function deliverAll(order: DeliveryOrder, tell: (report: DeliveryReport) => void): Promise<void> {
  let [next, answered, retries] = [0, 0, 0]
  const voice: Voice = VOICES[order.voice]
  const faults: string[] = []
  const one = async (connection: number): Promise<void> => {
    for (let delivery = order.deliveries[next++]; delivery !== undefined; delivery = order.deliveries[next++]) {
      let tries = 0
      let answer: Answer | null = null
      for (; tries < TRIES_MAX; tries++) {
        const url = order.urls[(connection + tries) % order.urls.length] ?? ''
        answer = await send(url, { delivery, voice, secret: order.secret })
        if (answer !== null && answer.status < 500) break
        await pause(RETRY_AFTER_MS)
      }
      retries += tries
      answered += 1
      if (delivery.kind === 'callback' && !(answer && voice.isTaken(answer, delivery.message))) {
        faults.push(`${delivery.message.body}: ${answer?.status} ${JSON.stringify(answer?.body)}`)
      }
      if (answered % 20 === 0) tell({ kind: 'progress', answered })
    }
  }
  await Promise.all(Array.from({ length: order.connections }, (_, connection) => one(connection)))
  tell({ kind: 'done', retries, faults: faults.slice(0, 5) })
}

/** Null when the server is gone, before it has answered or while it does. */
async function send(
  url: string,
  { delivery, voice, secret }: { delivery: Delivery; voice: Voice; secret: string },
): Promise<Answer | null> {
  try {
    if (delivery.kind === 'call') {
      const { path, token, body } = delivery
      return await request(url + path, { method: 'POST', token, body })
    }
    const { message } = delivery
    const headers = voice.sign(secret, { message, nowMs: Date.now() })
    return await request(url + message.path, { method: 'POST', body: message.body, headers })
  } catch {
    return null
  }
}

process.once('message', (order: DeliveryOrder) => {
  void deliverAll(order, (report) => process.send?.(report)).then(() => process.disconnect?.())
})
