/** What a client does next. `finish_transaction` stands only where a purchase was granted or can never be paid. */
export const ACTIONS = [
  'retry_after',
  'log_in_again',
  'fix_request',
  'show_message',
  'contact_support',
  'finish_transaction',
] as const
export type Action = (typeof ACTIONS)[number]

export interface ErrorEntry {
  readonly status: number
  readonly action: Action
  readonly en: string
  readonly zh: string
}

/** One refusal. */
export const entry = (status: number, action: Action, en: string, zh: string): ErrorEntry => ({
  status,
  action,
  en,
  zh,
})
