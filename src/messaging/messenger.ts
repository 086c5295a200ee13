import type { Language } from '../kernel/error-codes.ts'

/** A one-time login code on its way to whoever owns an address. */
export interface LoginCodeMessage {
  /** One recipient and no more: a mail address in its normal form, or an E.164 number. */
  readonly to: string
  /** Six digits. */
  readonly code: string
  readonly language: Language
  /** How long the code can be used, as the message says it. */
  readonly validMinutes: number
}

/** Whether the provider took the message. The reason is for the log: a provider's code, never its words. */
export type SendOutcome = { readonly sent: true } | { readonly sent: false; readonly reason: string }

/** One way to reach players. Taken by the provider is not yet delivered; nothing is ever sent twice by itself. */
export interface Messenger {
  /** False for a number outside the countries that messages are sent to. */
  reaches(to: string): boolean
  /** Never throws, and answers within the time limit of its settings. */
  sendLoginCode(message: LoginCodeMessage): Promise<SendOutcome>
  close(): Promise<void>
}

/** The ways that this installation has; null where one is not set up. */
export interface Messengers {
  readonly email: Messenger | null
  readonly sms: Messenger | null
}

/** An address as a log may show it: enough for support to recognise one that they know. */
export function maskedAddress(to: string): string {
  const at = to.lastIndexOf('@')
  if (at === -1) return `${to.slice(0, 3)}***${to.slice(-2)}`
  // Of a name of one or two letters, the first would be half of it.
  return `${at > 2 ? to.slice(0, 1) : ''}***${to.slice(at)}`
}
