import type { CallbackResult, PlatformAnswer, WebhookCall } from '../../channels/channel.ts'
import { ERROR_CODES, type ErrorCode } from '../../kernel/error-codes.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { CheckDeps } from './check-order.ts'
import { type Received, receiveWebhook } from './receive-webhook.ts'

/** An answer in a platform's own form, and what it tells there where that is a refusal. */
export interface OwnAnswer {
  readonly own: PlatformAnswer
  readonly refusal: ErrorCode | null
}

/** Takes a platform's callback and answers it in the platform's own form, where its channel has one. */
export async function answerCallback(
  deps: CheckDeps,
  call: WebhookCall & { instance: string },
): Promise<Outcome<Received | OwnAnswer>> {
  const channel = deps.channels.byInstance(call.instance)
  if (!channel?.answer) return await receiveWebhook(deps, call)
  const received = await receivedOrRetry(deps, call)
  const refusal = received.ok ? null : received.refusal.code
  return accepted({ own: channel.answer(resultOf(received), call), refusal })
}

/** A fault of ours, be it a database that is away, is told to a platform in its own form as well: it sends the same again. */
async function receivedOrRetry(deps: CheckDeps, call: WebhookCall & { instance: string }): Promise<Outcome<Received>> {
  try {
    return await receiveWebhook(deps, call)
  } catch (error) {
    deps.report({ error, kind: 'callback', requestId: call.requestId })
    return refused('internal_error')
  }
}

function resultOf(received: Outcome<Received>): CallbackResult {
  if (!received.ok) return refusedResult(received.refusal.code)
  const { answer, orderId, refusal } = received.value
  return answer ? { kind: 'answered', answer } : { kind: 'done', orderId, refusal }
}

function refusedResult(code: ErrorCode): CallbackResult {
  if (code === 'invalid_signature') return { kind: 'invalid_signature' }
  return ERROR_CODES[code].action === 'retry_after' ? { kind: 'retry_later' } : { kind: 'refused', code }
}
