import { ERROR_CODES, type ErrorCode, type Language, messageOf } from '../kernel/error-codes.ts'
import type { FieldFault, Refusal } from '../kernel/outcome.ts'

/** The body of every failure. */
export interface FailureBody {
  readonly return_code: 0
  readonly status_code: 0
  readonly err_code: number
  readonly error: ErrorCode
  readonly action: string
  readonly msg: string
  readonly request_id: string
  readonly details?: readonly FieldFault[]
}

/** Builds the failure envelope: everything in it comes from the one table of codes. */
export function failureBody(
  refusal: Refusal,
  { language, requestId }: { language: Language; requestId: string },
): FailureBody {
  const entry = ERROR_CODES[refusal.code]
  return {
    return_code: 0,
    status_code: 0,
    err_code: refusal.errCode ?? entry.status,
    error: refusal.code,
    action: refusal.action ?? entry.action,
    msg: messageOf(refusal.code, language),
    request_id: requestId,
    ...(refusal.details ? { details: refusal.details } : {}),
  }
}

/** The success envelope around an answer's fields. */
export function successBody<T extends object>(fields: T): { return_code: 1; status_code: 1 } & T {
  return { return_code: 1, status_code: 1, ...fields }
}

// Long enough for a restart to finish, short enough that a player still waits.
const RETRY_AFTER_DEFAULT_SECONDS = 5

/** Seconds for the `Retry-After` header of 429 and 503, else null. */
export function retryAfterSeconds(refusal: Refusal): number | null {
  const { status } = ERROR_CODES[refusal.code]
  if (status !== 429 && status !== 503) return null
  return refusal.retryAfterSeconds ?? RETRY_AFTER_DEFAULT_SECONDS
}
