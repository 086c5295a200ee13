import type { QuestionAnswer, VerifiedPayment, WebhookCall } from '../../channels/channel.ts'
import type { OrderStatus } from '../../db/schema.ts'
import type { ErrorCode } from '../../kernel/error-codes.ts'
import type { OrderId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { answerQuestion } from './answer-question.ts'
import type { CheckDeps } from './check-order.ts'
import { paymentOfOrder } from './claim-payment.ts'
import { keepAlone, keepInquiry } from './keep-message.ts'
import { bookNotice, recordMessage, settleMessage } from './settle-message.ts'

/** What became of a genuine callback. */
export interface Received {
  readonly orderId: OrderId | null
  /** `review` also where the money waits and its order, if any, was not touched. */
  readonly orderStatus: OrderStatus | null
  /** Why the money waits for a person; null where it does not. */
  readonly refusal: ErrorCode | null
  /** To a question of the platform. */
  readonly answer?: QuestionAnswer
}

const NOTHING: Received = { orderId: null, orderStatus: null, refusal: null }

/**
 * Takes a platform's callback: proven by its channel, then settled or recorded. Money that goes to the review queue is
 * accepted, as it is ours to resolve: a platform that is refused sends it again for days. What is genuine and not
 * understood is kept, so that it can be replayed once it is.
 */
export async function receiveWebhook(
  deps: CheckDeps,
  { instance, ...call }: WebhookCall & { instance: string },
): Promise<Outcome<Received>> {
  const channel = deps.channels.byInstance(instance)
  if (!channel?.receive) return refused('channel_not_found')
  const message = await channel.receive(call)
  if (!message.ok) return message
  if (message.value.kind === 'not_understood') {
    await keepAlone(deps, message.value.source, 'invalid_fields')
    return refused('invalid_fields', { details: message.value.details })
  }
  if (message.value.kind === 'no_concern') {
    await keepAlone(deps, message.value.source, 'no_concern')
    return accepted(NOTHING)
  }
  if (message.value.kind === 'question') {
    return accepted({ ...NOTHING, answer: await answerQuestion(deps, message.value.question) })
  }
  if (message.value.kind === 'failure') {
    const recorded = await recordMessage(deps, message.value.failure)
    if (!recorded.ok) return keptAsTest(recorded)
    return accepted({ orderId: recorded.value.orderId, orderStatus: recorded.value.orderStatus, refusal: null })
  }
  if (message.value.kind === 'notice') {
    const noticed = await bookNotice(deps, message.value.notice)
    return noticed.ok ? accepted({ ...noticed.value, refusal: null }) : keptAsTest(noticed)
  }
  if (message.value.kind === 'inquiry') {
    await keepInquiry(deps, message.value)
    return accepted(NOTHING)
  }
  if (message.value.kind === 'claim') {
    const claimed = await paymentOfOrder(deps.database.db, message.value.claim)
    if (claimed) return settled(deps, claimed)
    // Its player comes with it later, from the device.
    await keepAlone(deps, message.value.claim.source, 'unclaimed')
    return accepted(NOTHING)
  }
  return settled(deps, message.value.payment)
}

async function settled(deps: CheckDeps, payment: VerifiedPayment): Promise<Outcome<Received>> {
  const outcome = await settleMessage(deps, payment)
  if (outcome.ok) return accepted({ ...outcome.value, refusal: null })
  const { code } = outcome.refusal
  const [line] = payment.lines
  if (code === 'test_mode') return keptAsTest(outcome)
  // Money that is returned is told to its platform as refused: that is how it comes to know.
  if (code === 'settlement_failed' || outcome.refusal.isReturned || !line) return outcome
  return accepted({ orderId: line.orderId, orderStatus: 'review', refusal: code })
}

/** Play money that the app does not take is kept and done with: a platform that is refused sends it again for days. */
function keptAsTest(refusal: ReturnType<typeof refused>): Outcome<Received> {
  const { code } = refusal.refusal
  return code === 'test_mode' ? accepted({ orderId: null, orderStatus: null, refusal: code }) : refusal
}
