import type { AppId, OwedCallId, PaymentId } from '../../kernel/ids.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'

/** `held`: owed once its payment is granted, which a person decides. `open`: made until it is done. `done`. `refused`: the platform will never take it. `failed`: too late, or tried in vain. */
export type OwedCallState = 'held' | 'open' | 'done' | 'refused' | 'failed'

/** A call that we owe to a platform, written in the transaction that owes it. */
export interface OwedCallsTable {
  call_id: OwedCallId
  /** Unique: a call of one kind about one thing is owed once. */
  call_key: string
  app_id: AppId
  instance: string
  environment: PaymentEnvironment
  kind: 'consume' | 'consumption'
  subject: string
  /** The payment whose grant owes it; null where the platform asked first. */
  payment_id: PaymentId | null
  /** JSON object. */
  details: string
  state: OwedCallState
  attempts: number
  next_attempt_at_ms: number
  /** After that nobody asks for it any more. */
  until_ms: number | null
  /** The error code of the last attempt. */
  last_error: string | null
  created_at_ms: number
  updated_at_ms: number
}

/** How far we have read what a platform keeps of its messages. */
export interface PollPositionsTable {
  instance: string
  read_until_ms: number
  /** In a row. */
  failures: number
  /** Not before: another process is at it, or its platform could not be asked. */
  next_poll_at_ms: number
  updated_at_ms: number
}
