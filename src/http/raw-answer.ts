import type { ErrorCode } from '../kernel/error-codes.ts'

/** An answer in a platform's own form, sent as it is: the envelope of the API is not for it. */
export class RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Null: none. */
  readonly body: string | null
  /** What it tells in its own words, where that is a refusal: who forges is counted, however they are answered. */
  readonly refusal: ErrorCode | null

  constructor(answer: {
    status: number
    headers?: Readonly<Record<string, string>>
    body: string | null
    refusal: ErrorCode | null
  }) {
    this.status = answer.status
    this.headers = answer.headers ?? {}
    this.body = answer.body
    this.refusal = answer.refusal
  }
}
