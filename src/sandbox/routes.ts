import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { SANDBOX_SIGNATURE_HEADER, type SandboxMessage, signSandboxMessage } from '../channels/sandbox/index.ts'
import { preferredLanguage } from '../http/language.ts'
import { sendRefusal } from '../http/mount.ts'
import type { Clock } from '../kernel/clock.ts'
import { checkoutPage, type Delivery, PAGE_CSP } from './page.ts'
import { ACTIONS } from './page-words.ts'
import type { PlayedPlatform, SandboxCheckout } from './platform.ts'
import { press, pressOfPurchase } from './press.ts'
import { PURCHASE_ACTIONS } from './reversals.ts'

export interface SandboxDeps {
  readonly platform: PlayedPlatform
  readonly secret: string
  readonly clock: Clock
}

interface Place {
  Params: { order_id: string; transaction_id?: string; action?: string }
}

const PAGE = '/sandbox/checkout/:order_id'
const PURCHASE = `${PAGE}/purchases/:transaction_id/:action`

/** The pages of the platform that the sandbox plays. Its callbacks come in by the door that every platform uses. */
export async function mountSandbox(server: FastifyInstance, deps: SandboxDeps): Promise<void> {
  const onButton = (told: 'told' | 'silent') => async (request: FastifyRequest<Place>, reply: FastifyReply) => {
    const checkout = await deps.platform.findCheckout(request.params.order_id)
    const messages = checkout && (await messagesOf(deps, { params: request.params, checkout }))
    if (!checkout || !messages) return sendRefusal({ request, reply }, { code: 'order_not_found' })
    const deliveries: Delivery[] = []
    for (const message of told === 'told' ? messages : []) {
      deliveries.push(await deliver(server, deps, { instance: checkout.instance, message }))
    }
    const after = (await deps.platform.findCheckout(request.params.order_id)) ?? checkout
    return sendPage({ request, reply }, deps, { checkout: after, deliveries })
  }
  await server.register((room, _, ready) => {
    // A button sends a form without fields, and nothing of it is read.
    room.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (_, __, done) => done(null))
    room.get<Place>(PAGE, { schema: { hide: true } }, async (request, reply) => {
      const checkout = await deps.platform.findCheckout(request.params.order_id)
      if (!checkout) return sendRefusal({ request, reply }, { code: 'order_not_found' })
      return sendPage({ request, reply }, deps, { checkout, deliveries: null })
    })
    room.post<Place>(`${PAGE}/:action`, { schema: { hide: true } }, onButton('told'))
    room.post<Place>(PURCHASE, { schema: { hide: true } }, onButton('told'))
    room.post<Place>(`${PURCHASE}/silently`, { schema: { hide: true } }, onButton('silent'))
    ready()
  })
}

/** What the platform has to tell once a person has pressed a button; null for a button that there is not. */
async function messagesOf(
  { platform, clock }: SandboxDeps,
  { params, checkout }: { params: Place['Params']; checkout: SandboxCheckout },
): Promise<SandboxMessage[] | null> {
  if (params.transaction_id === undefined) {
    const action = ACTIONS.find((one) => one === params.action)
    return action ? press(platform, { action, checkout }) : null
  }
  const action = PURCHASE_ACTIONS.find((one) => one === params.action)
  const purchase = checkout.purchases.find((one) => one.transaction_id === params.transaction_id)
  return action && purchase ? pressOfPurchase(platform, { action, checkout, purchase, nowMs: clock.nowMs() }) : null
}

function sendPage(
  { request, reply }: { request: FastifyRequest<Place>; reply: FastifyReply },
  { clock }: SandboxDeps,
  page: { checkout: SandboxCheckout; deliveries: readonly Delivery[] | null },
): FastifyReply {
  const language = preferredLanguage(request.headers['accept-language'])
  reply.raw.setHeader('content-security-policy', PAGE_CSP)
  return reply
    .type('text/html; charset=utf-8')
    .send(checkoutPage(page.checkout, { language, nowMs: clock.nowMs(), deliveries: page.deliveries }))
}

async function deliver(
  server: FastifyInstance,
  { secret, clock }: SandboxDeps,
  { instance, message }: { instance: string; message: SandboxMessage },
): Promise<Delivery> {
  const body = JSON.stringify(message)
  const answer = await server.inject({
    method: 'POST',
    url: `/webhooks/${instance}`,
    headers: {
      'content-type': 'application/json',
      [SANDBOX_SIGNATURE_HEADER]: signSandboxMessage(secret, { body, nowMs: clock.nowMs() }),
    },
    payload: body,
  })
  return { sent: JSON.stringify(message, null, 2), status: answer.statusCode, answer: answer.body }
}
