import type { Clock } from '../kernel/clock.ts'
import type { Language } from '../kernel/error-codes.ts'
import type { KeyValueStore } from '../kv/kv.ts'
import { loginCodeMail, loginCodeSms } from './login-code-words.ts'
import { type LoginCodeMessage, type Messenger, maskedAddress } from './messenger.ts'

export type MailboxKind = 'email' | 'sms'

/** A message that was sent to nobody: `local` shows it instead. */
export interface MailboxMessage {
  readonly kind: MailboxKind
  readonly to: string
  readonly language: Language
  /** Null for an SMS. */
  readonly subject: string | null
  readonly text: string
  readonly code: string
  readonly sentAtMs: number
}

/** The local mailbox: what would have been sent, kept where every worker sees it. */
export interface Mailbox {
  messengerFor(kind: MailboxKind): Messenger
  /** The messages that are kept, newest first. */
  read(): Promise<MailboxMessage[]>
}

const MESSAGES_MAX = 50
/** Somebody who develops looks within the day; the codes are dead after minutes. */
const MESSAGE_TTL_MS = 24 * 60 * 60 * 1000
/** Longer than any message: the count never starts again while one is kept. */
const COUNT_TTL_MS = 365 * MESSAGE_TTL_MS

/** Only for `local`: it keeps and shows codes. */
export function openMailbox(deps: { kv: KeyValueStore; clock: Clock; show: (line: string) => void }): Mailbox {
  const { kv, clock, show } = deps
  const keep = async (message: MailboxMessage): Promise<void> => {
    // Slots that are written in turn: workers need no lock to share them, and there are never more than fifty.
    const count = await kv.increment('mailbox:count', { ttlMs: COUNT_TTL_MS })
    await kv.set(slotKey(count % MESSAGES_MAX), JSON.stringify([count, message]), { ttlMs: MESSAGE_TTL_MS })
  }
  return {
    messengerFor: (kind) => ({
      reaches: () => true,
      async sendLoginCode(message) {
        await keep(written(kind, { message, sentAtMs: clock.nowMs() }))
        show(`login code ${message.code} for ${maskedAddress(message.to)} (${kind}; nothing is sent in local)`)
        return { sent: true }
      },
      async close() {},
    }),
    async read() {
      const slots = Array.from({ length: MESSAGES_MAX }, (_, slot) => kv.get(slotKey(slot)))
      const kept = (await Promise.all(slots)).filter((text) => text !== null)
      const counted = kept.map((text) => JSON.parse(text) as [number, MailboxMessage])
      return counted.sort(([a], [b]) => b - a).map(([, message]) => message)
    },
  }
}

const slotKey = (slot: number): string => `mailbox:${slot}`

function written(
  kind: MailboxKind,
  { message, sentAtMs }: { message: LoginCodeMessage; sentAtMs: number },
): MailboxMessage {
  const { to, language, code } = message
  const mail = loginCodeMail(message)
  return kind === 'email'
    ? { kind, to, language, subject: mail.subject, text: mail.text, code, sentAtMs }
    : { kind, to, language, subject: null, text: loginCodeSms(message), code, sentAtMs }
}
