import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  SANDBOX_SIGNATURE_HEADER,
  type SandboxMessage,
  type SandboxPurchase,
  signSandboxMessage,
} from '../channels/sandbox/index.ts'
import { preferredLanguage } from '../http/language.ts'
import { sendRefusal } from '../http/mount.ts'
import type { Clock } from '../kernel/clock.ts'
import { ACTIONS, type Action, checkoutPage, type Delivery, PAGE_CSP } from './page.ts'
import type { PlayedPlatform, SandboxCheckout } from './platform.ts'

export interface SandboxDeps {
  readonly platform: PlayedPlatform
  readonly secret: string
  readonly clock: Clock
}

interface Place {
  Params: { order_id: string; action?: string }
}

/** The pages of the platform that the sandbox plays. Its callbacks come in by the door that every platform uses. */
export async function mountSandbox(server: FastifyInstance, deps: SandboxDeps): Promise<void> {
  await server.register((room, _, ready) => {
    // A button sends a form without fields, and nothing of it is read.
    room.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (_, __, done) => done(null))
    room.get<Place>('/sandbox/checkout/:order_id', { schema: { hide: true } }, async (request, reply) => {
      const checkout = await deps.platform.findCheckout(request.params.order_id)
      if (!checkout) return sendRefusal({ request, reply }, { code: 'order_not_found' })
      return sendPage({ request, reply }, deps, { checkout, deliveries: [] })
    })
    room.post<Place>('/sandbox/checkout/:order_id/:action', { schema: { hide: true } }, async (request, reply) => {
      const { order_id: orderId, action } = request.params
      const known = ACTIONS.find((one) => one === action)
      const checkout = await deps.platform.findCheckout(orderId)
      if (!checkout || !known) return sendRefusal({ request, reply }, { code: 'order_not_found' })
      const deliveries: Delivery[] = []
      for (const message of await messagesOf(deps, { action: known, checkout })) {
        deliveries.push(await deliver(server, deps, { instance: checkout.instance, message }))
      }
      const after = (await deps.platform.findCheckout(orderId)) ?? checkout
      return sendPage({ request, reply }, deps, { checkout: after, deliveries })
    })
    ready()
  })
}

function sendPage(
  { request, reply }: { request: FastifyRequest<Place>; reply: FastifyReply },
  { clock }: SandboxDeps,
  page: { checkout: SandboxCheckout; deliveries: readonly Delivery[] },
): FastifyReply {
  const language = preferredLanguage(request.headers['accept-language'])
  reply.raw.setHeader('content-security-policy', PAGE_CSP)
  return reply
    .type('text/html; charset=utf-8')
    .send(checkoutPage(page.checkout, { language, nowMs: clock.nowMs(), deliveries: page.deliveries }))
}

/** What the platform has to tell once a person has pressed a button. */
async function messagesOf(
  { platform }: SandboxDeps,
  { action, checkout }: { action: Action; checkout: SandboxCheckout },
): Promise<SandboxMessage[]> {
  const paid = (purchase: SandboxPurchase): SandboxMessage => ({ type: 'payment.succeeded', purchase })
  const failed = (code: string): SandboxMessage => {
    const { item_name: _, return_url: __, expires_at_ms: ___, ...wanted } = checkout.session
    return { type: 'payment.failed', code, purchase: { transaction_id: 'sbx_none', ...wanted } }
  }
  switch (action) {
    case 'pay':
      return [paid(await platform.pay(checkout))]
    case 'pay-twice':
      return [paid(await platform.pay(checkout)), paid(await platform.pay(checkout))]
    case 'pay-silently':
      await platform.pay(checkout)
      return []
    case 'decline':
      return [failed('CARD_DECLINED')]
    case 'cancel':
      return [failed('PAYMENT_CANCELLED')]
  }
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
