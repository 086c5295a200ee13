import type { Action, ErrorCode } from './error-codes.ts'

/** One invalid field of a request: where it stands and what is wrong with it. */
export interface FieldFault {
  path: string
  message: string
}

/** An expected "no": a value with a stable code, never an exception. */
export interface Refusal {
  readonly code: ErrorCode
  readonly details?: readonly FieldFault[]
  /** Overrides the status as `err_code` where the contract asks for a number of its own (999 for a second gift). */
  readonly errCode?: number
  readonly retryAfterSeconds?: number
  /** Of a payment: its platform gives the money back, and is told to by this very refusal. */
  readonly isReturned?: true
  /** What to do next, where the call knows better than the code: nothing was paid for an order that is not made. */
  readonly action?: Action
}

/** What a use case gives back: its value, or the reason why not. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal }

export function accepted<T>(value: T): Outcome<T> {
  return { ok: true, value }
}

export function refused(code: ErrorCode, more: Omit<Refusal, 'code'> = {}): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: { code, ...more } }
}

/** One field that is not valid, for what a schema cannot judge. */
export function refusedField(path: string, message: string): { ok: false; refusal: Refusal } {
  return refused('invalid_fields', { details: [{ path, message }] })
}
