import type { Clock } from '../kernel/clock.ts'
import type { KeyValueStore } from '../kv/kv.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'
import { type Messenger, type Messengers, maskedAddress, type SendOutcome } from './messenger.ts'
import type { MessagingSettings, SmsSettings } from './settings.ts'
import { openHttpSmsMessenger } from './sms-http.ts'
import { openTwilioMessenger } from './sms-twilio.ts'
import { openSmtpMessenger } from './smtp.ts'

/** Where lines about messages go. */
export interface MessageLog {
  info(line: string): void
  warn(about: { to: string; reason: string }, line: string): void
}

export type OpenMessengers = Messengers & {
  /** Stands in for what is not set up, in `local` only. */
  readonly mailbox: Mailbox | null
  close(): Promise<void>
}

/** Opens what is set up. Where `mailbox` is asked for it takes the rest; else the rest is null. */
export async function openMessengers(
  deps: { kv: KeyValueStore; clock: Clock; log: MessageLog },
  { mail, sms, mailbox: wanted }: MessagingSettings & { mailbox: boolean },
): Promise<OpenMessengers> {
  const mailbox = wanted ? openMailbox({ ...deps, show: (line) => deps.log.info(line) }) : null
  const email = mail === null ? (mailbox?.messengerFor('email') ?? null) : await openSmtpMessenger(mail)
  const phone = sms === null ? (mailbox?.messengerFor('sms') ?? null) : openSmsMessenger(sms)
  return {
    email: email && watched(email, deps.log),
    sms: phone && watched(phone, deps.log),
    mailbox,
    async close() {
      await email?.close()
      await phone?.close()
    },
  }
}

function openSmsMessenger(settings: SmsSettings): Messenger {
  return settings.type === 'http' ? openHttpSmsMessenger(settings) : openTwilioMessenger(settings)
}

/** A provider that hangs holds this many requests and no more; further ones are told at once. */
const UNDER_WAY_MAX = 200

/** Bounds what is under way, turns whatever breaks into "not sent", and logs it with the address masked. */
function watched(messenger: Messenger, log: MessageLog): Messenger {
  let underWay = 0
  return {
    ...messenger,
    async sendLoginCode(message) {
      if (underWay >= UNDER_WAY_MAX) return told({ sent: false, reason: 'too many messages are under way' }, message.to)
      underWay += 1
      try {
        return told(await messenger.sendLoginCode(message), message.to)
      } catch (error) {
        return told({ sent: false, reason: error instanceof Error ? error.name : 'failed' }, message.to)
      } finally {
        underWay -= 1
      }
    },
  }

  function told(outcome: SendOutcome, to: string): SendOutcome {
    if (!outcome.sent) log.warn({ to: maskedAddress(to), reason: outcome.reason }, 'a login code was not sent')
    return outcome
  }
}
