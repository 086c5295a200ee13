import { loginCodeSms } from './login-code-words.ts'
import type { Messenger } from './messenger.ts'
import { post } from './post.ts'
import { reachesCountry } from './reach.ts'
import type { TwilioSmsSettings } from './settings.ts'

/** The one status by which Twilio says that it made the message: https://www.twilio.com/docs/messaging/api/message-resource */
const CREATED = 201

/** Hands SMS to Twilio's Messages API, or to one that speaks like it. */
export function openTwilioMessenger(settings: TwilioSmsSettings): Messenger {
  const { accountSid, authToken, baseUrl, sender } = settings
  const url = `${baseUrl}/2010-04-01/Accounts/${accountSid}/Messages.json`
  const credentials = Buffer.from(`${accountSid}:${authToken}`).toString('base64')
  return {
    reaches: (to) => reachesCountry(settings.countries, to),
    async sendLoginCode(message) {
      const form = new URLSearchParams({ To: message.to, ...sender, Body: loginCodeSms(message) })
      const answer = await post(url, {
        headers: {
          authorization: `Basic ${credentials}`,
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
        },
        body: form.toString(),
        timeoutMs: settings.timeoutMs,
      })
      if (!answer.answered) return { sent: false, reason: `twilio ${answer.reason}` }
      if (answer.status === CREATED) return { sent: true }
      return { sent: false, reason: ['twilio', answer.status, ...errorCodeOf(answer.body)].join(' ') }
    },
    async close() {},
  }
}

/** Twilio's own number of the fault (21408: the country is not enabled). Its words would repeat the phone number. */
function errorCodeOf(body: string): number[] {
  try {
    const { code } = JSON.parse(body) as { code?: unknown }
    return Number.isSafeInteger(code) ? [code as number] : []
  } catch {
    return []
  }
}
