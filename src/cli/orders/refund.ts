import type { Row } from '../../db/schema.ts'
import { refundPayment } from '../../features/payments/index.ts'
import { printable } from '../store/arguments.ts'
import { EXIT_DONE, EXIT_REFUSED, print, runDecision, type StaffOptions, tellRefusal } from './run-orders.ts'
import { moneyWords } from './words.ts'

export interface RefundArguments {
  readonly amount?: string
  readonly returned?: boolean
}

/** Gives the money of an entry or an order back. */
export async function refund(typed: RefundArguments & StaffOptions, target: string): Promise<void> {
  await runDecision(typed, async ({ taskDeps, appId, by }) => {
    const refunded = await refundPayment(taskDeps, {
      appId,
      target,
      amount: typed.amount ?? null,
      isReturned: typed.returned === true,
      by,
    })
    if (!refunded.ok) return tellRefusal(refunded.refusal, typed)
    const intent = refunded.value
    if (typed.json) {
      const { intent_id, state, refund_id, amount_minor, currency, last_error } = intent
      const shown = { state, refund_id, amount_minor, currency, last_error }
      print(JSON.stringify({ app_id: appId, refund: intent_id, ...shown }, null, 2))
    } else print(wordsOf(intent))
    return intent.state === 'done' ? EXIT_DONE : EXIT_REFUSED
  })
}

function wordsOf({
  intent_id: id,
  state,
  refund_id,
  amount_minor,
  currency,
  last_error,
}: Row<'refund_intents'>): string {
  const money = moneyWords(amount_minor, currency)
  switch (state) {
    case 'done':
      return `Refunded: ${money} (${printable(refund_id ?? id)}).`
    case 'open':
      return `Written down, and not confirmed yet (${last_error ?? 'another process is at it'}): the server asks for ${id} until it is answered.`
    case 'refused':
      return `The platform refused it (${last_error}): nothing went back.`
    case 'failed':
      return `The platform did not answer (${last_error}): whether ${id} went back is not known. \`refund\` asks again by the same key.`
  }
}
