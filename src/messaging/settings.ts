/** How to reach the mail server, and in whose name. */
export interface SmtpSettings {
  readonly host: string
  readonly port: number
  /** From the first byte; begun by STARTTLS or nothing is sent; or only where this machine's own server offers it. */
  readonly tls: 'always' | 'required' | 'if_offered'
  /** False for a server on this machine alone, which seldom has a certificate that anybody vouches for. */
  readonly verifyCertificate: boolean
  readonly auth: { readonly user: string; readonly password: string } | null
  readonly from: { readonly name: string; readonly address: string }
  readonly timeoutMs: number
}

interface SmsLimits {
  /** The prefixes of the numbers that are written to, like `+86`, and that are not, like `-+1876`; null for every number. */
  readonly countries: readonly string[] | null
  readonly timeoutMs: number
}

/** Any gateway that takes a message as JSON. */
export interface HttpSmsSettings extends SmsLimits {
  readonly type: 'http'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

export interface TwilioSmsSettings extends SmsLimits {
  readonly type: 'twilio'
  readonly accountSid: string
  readonly authToken: string
  readonly sender: { readonly From: string } | { readonly MessagingServiceSid: string }
  /** Without a slash at its end. */
  readonly baseUrl: string
}

export type SmsSettings = HttpSmsSettings | TwilioSmsSettings

export interface MessagingSettings {
  readonly mail: SmtpSettings | null
  readonly sms: SmsSettings | null
}
