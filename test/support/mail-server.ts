import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'

/** A mail as its server got it. */
export interface ReceivedMail {
  /** The recipients of the envelope: who would have got it, whatever its headers say. */
  readonly recipients: readonly string[]
  readonly sender: string
  /** The head of the mail, as it came. */
  readonly head: string
  /** The parts, by their type, decoded. */
  readonly parts: Readonly<Record<string, string>>
  readonly encrypted: boolean
  /** Who logged in to the server to send it. */
  readonly user: string | null
}

/** A mail server on loopback, with the certificate of nobody. */
export interface MailServer {
  readonly port: number
  readonly mails: readonly ReceivedMail[]
  /** The newest mail to an address. */
  lastTo(address: string): ReceivedMail
  /** What it does with every mail from now on: takes it, refuses it for good, or never answers. */
  behave(how: 'take' | 'refuse' | 'hang'): void
  stop(): Promise<void>
}

/** Starts one that asks for `password` of `user`, where they are given, and offers STARTTLS unless told otherwise. */
export async function startMailServer(
  options: { login?: { user: string; password: string }; starttls?: boolean } = {},
): Promise<MailServer> {
  const { login, starttls = true } = options
  const mails: ReceivedMail[] = []
  let how: 'take' | 'refuse' | 'hang' = 'take'
  const server = new SMTPServer({
    logger: false,
    authOptional: login === undefined,
    disabledCommands: [...(login ? [] : ['AUTH']), ...(starttls ? [] : ['STARTTLS'])],
    onAuth: ({ username, password }, _session, done) => {
      if (username === login?.user && password === login?.password) return done(null, { user: username })
      done(new Error('wrong login'))
    },
    onRcptTo: ({ address }, _session, done) => {
      if (how === 'hang') return
      // A server's words repeat what it was told; no log may do so after it.
      done(how === 'refuse' ? Object.assign(new Error(`no mailbox ${address}`), { responseCode: 550 }) : null)
    },
    onData: async (stream, session, done) => {
      const source = await text(stream)
      const { mailFrom, rcptTo } = session.envelope
      const [head = ''] = source.split('\r\n\r\n', 1)
      mails.push({
        recipients: rcptTo.map(({ address }) => address),
        sender: mailFrom === false ? '' : mailFrom.address,
        head,
        parts: partsOf(source),
        encrypted: session.secure,
        user: typeof session.user === 'string' ? session.user : null,
      })
      done()
    },
  })
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  // A client that dislikes the certificate hangs up: that is what its test waits for.
  server.on('error', () => {})
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    lastTo(address) {
      const mail = mails.findLast(({ recipients }) => recipients.includes(address))
      if (!mail) throw new Error(`no mail came for ${address}`)
      return mail
    },
    behave(next) {
      how = next
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** The parts of a mail that has several, decoded. */
function partsOf(source: string): Record<string, string> {
  const boundary = /boundary="([^"]+)"/.exec(source)?.[1] ?? ''
  const parts: Record<string, string> = {}
  for (const part of source.split(`--${boundary}`).slice(1, -1)) {
    const [head = '', ...rest] = part.split('\r\n\r\n')
    const type = /^content-type: ([^;\s]+)/im.exec(head)?.[1] ?? ''
    const encoding = /^content-transfer-encoding: (\S+)/im.exec(head)?.[1] ?? '7bit'
    parts[type.toLowerCase()] = decoded(rest.join('\r\n\r\n'), encoding.toLowerCase())
  }
  return parts
}

function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  if (encoding !== 'quoted-printable') return body
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
