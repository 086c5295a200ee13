import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Evidence, MessagePage, MessageSpan, OpenedCheckout, Question, VerifiedPayment } from '../channel.ts'
import type { StripeInstance } from './claim.ts'
import { type AskStripe, UNKNOWN_AT_STRIPE } from './client.ts'
import { sessionPayment } from './payment.ts'
import { fitting } from './reading.ts'
import { translateEvent } from './translate.ts'
import { SessionSchema } from './wire.ts'

// Stripe's own most.
const PAGE = 100
/** Those that can move the books. */
const TYPES = [
  ...(['checkout.session.completed', 'checkout.session.async_payment_succeeded', 'payment_intent.succeeded'] as const),
  ...(['checkout.session.async_payment_failed', 'checkout.session.expired'] as const),
  ...(['refund.created', 'refund.updated', 'refund.failed', 'charge.refund.updated'] as const),
  ...(['charge.dispute.created', 'charge.dispute.closed'] as const),
]

/** Whether the session of an order was paid. */
export async function lookUpSession(
  instance: StripeInstance,
  { ask, order }: { ask: AskStripe; order: OpenedCheckout & Question },
): Promise<Outcome<VerifiedPayment | null>> {
  const { reference } = order
  // A backend of the studio's own opened it, and knows its name.
  if (reference === null) return accepted(null)
  const asked = await ask((stripe) => stripe.checkout.sessions.retrieve(reference))
  if (asked.kind === 'refused' && asked.code === UNKNOWN_AT_STRIPE) return accepted(null)
  if (asked.kind !== 'answered') return refused('channel_unavailable')
  const session = fitting(SessionSchema, asked.value)
  if (!session.ok) return refused('channel_unavailable')
  const environment = session.value.livemode ? 'live' : 'test'
  return sessionPayment(instance, { session: session.value, environment, evidence: answerTo(order, asked.value) })
}

/** What Stripe told in a span of time, newest first; it keeps its events for 30 days. */
export async function listEvents(
  instance: StripeInstance,
  { ask, span }: { ask: AskStripe; span: MessageSpan & Question },
): Promise<Outcome<MessagePage>> {
  const { fromMs, untilMs, cursor } = span
  const asked = await ask((stripe) =>
    stripe.events.list({
      created: { gte: Math.floor(fromMs / 1000), lte: Math.floor(untilMs / 1000) },
      ...{ types: [...TYPES], limit: PAGE },
      ...(cursor === null ? {} : { starting_after: cursor }),
    }),
  )
  if (asked.kind !== 'answered') return refused('channel_unavailable')
  const { data: events, has_more: hasMore } = asked.value
  const messages = events.map((event) =>
    translateEvent(instance, { body: event, evidenceOf: () => answerTo(span, event) }),
  )
  return accepted({ messages, nextCursor: hasMore ? (events.at(-1)?.id ?? null) : null })
}

function answerTo({ nowMs, requestId }: Question, answer: unknown): Evidence {
  const rawBody = Buffer.from(JSON.stringify(answer))
  return { kind: 'look_up', headers: {}, rawBody, receivedAtMs: nowMs, requestId }
}
