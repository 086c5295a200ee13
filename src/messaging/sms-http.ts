import { loginCodeSms } from './login-code-words.ts'
import type { Messenger } from './messenger.ts'
import { post } from './post.ts'
import { reachesCountry } from './reach.ts'
import type { HttpSmsSettings } from './settings.ts'

/**
 * Hands SMS to any gateway that takes JSON: the whole text, and its parts for gateways with templates of their own.
 * Every 2xx means that the gateway has taken it.
 */
export function openHttpSmsMessenger(settings: HttpSmsSettings): Messenger {
  return {
    reaches: (to) => reachesCountry(settings.countries, to),
    async sendLoginCode(message) {
      const { to, code, language, validMinutes } = message
      const answer = await post(settings.url, {
        headers: { ...settings.headers, 'content-type': 'application/json' },
        body: JSON.stringify({ to, text: loginCodeSms(message), code, language, valid_minutes: validMinutes }),
        timeoutMs: settings.timeoutMs,
      })
      if (!answer.answered) return { sent: false, reason: `sms gateway ${answer.reason}` }
      const taken = answer.status >= 200 && answer.status < 300
      return taken ? { sent: true } : { sent: false, reason: `sms gateway ${answer.status}` }
    },
    async close() {},
  }
}
