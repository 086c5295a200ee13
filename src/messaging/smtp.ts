import { loginCodeMail } from './login-code-words.ts'
import type { Messenger } from './messenger.ts'
import type { SmtpSettings } from './settings.ts'

/** A login is one small mail: five lines carry some hundred a second, and a mail server seldom allows more of them. */
const CONNECTIONS_MAX = 5
/** A line that the server closed while it was idle is opened once more; a mail that it may have taken is not sent again. */
const REQUEUES_MAX = 1

/** Sends mail over SMTP, on lines that are kept open between mails. */
export async function openSmtpMessenger(settings: SmtpSettings): Promise<Messenger> {
  // Loaded only where it is used: it is a tenth of the time that a start takes.
  const { createTransport } = await import('nodemailer')
  const { host, port, tls, auth, from, timeoutMs } = settings
  const transport = createTransport({
    pool: true,
    maxConnections: CONNECTIONS_MAX,
    maxRequeues: REQUEUES_MAX,
    host,
    port,
    secure: tls === 'always',
    requireTLS: tls === 'required',
    tls: { rejectUnauthorized: settings.verifyCertificate },
    ...(auth === null ? {} : { auth: { user: auth.user, pass: auth.password } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  // Each mail hears of its own failure; an event without a listener would end the process.
  transport.on('error', () => {})
  return {
    reaches: () => true,
    async sendLoginCode(message) {
      // An object is taken as it stands, where a text would be parsed for several recipients.
      const to = { name: '', address: message.to }
      try {
        await transport.sendMail({
          from: { ...from },
          to,
          envelope: { from: from.address, to: [message.to] },
          ...loginCodeMail(message),
          headers: { 'Auto-Submitted': 'auto-generated' },
          // The limit of the whole, whatever a server does between the single waits.
          signal: AbortSignal.timeout(timeoutMs),
        })
        return { sent: true }
      } catch (error) {
        return { sent: false, reason: reasonOf(error) }
      }
    },
    async close() {
      transport.close()
    },
  }
}

/** The codes of the failure and of the server's answer. Its words would repeat the address. */
function reasonOf(error: unknown): string {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
  // What nodemailer calls a mail whose signal has ended it.
  if (code === 'EABORT') return 'smtp timeout'
  const words = [code, responseCode].filter((part) => typeof part === 'string' || typeof part === 'number')
  return ['smtp', ...words].join(' ')
}
