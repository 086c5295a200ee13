import type { LoginCodeMessage } from './messenger.ts'

/** A mail as people read it, in both forms that mail programs show. */
export interface MailWords {
  readonly subject: string
  readonly text: string
  readonly html: string
}

// No link logs anybody in: scanners of mail follow links. What the message is for is said first.
const LINES = {
  en: ({ code, validMinutes }: LoginCodeMessage) => ({
    subject: `${code} is your login code`,
    before: 'Your login code:',
    after: `It can be used once, within ${validMinutes} minutes, in the game where you asked for it. Do not share it with anybody: nobody of ours will ever ask you for it. If you did not ask for a code, you can ignore this message.`,
  }),
  zh: ({ code, validMinutes }: LoginCodeMessage) => ({
    subject: `${code} 是您的登录验证码`,
    before: '您的登录验证码：',
    after: `验证码 ${validMinutes} 分钟内有效，仅可使用一次，请在申请登录的游戏中输入。请勿告诉任何人，我们的工作人员不会向您索取验证码。如非本人操作，请忽略本邮件。`,
  }),
} as const

const HTML_LANGUAGE = { en: 'en', zh: 'zh-CN' } as const

/** The mail that carries a code. Nothing in it comes from a caller, so there is nothing to escape. */
export function loginCodeMail(message: LoginCodeMessage): MailWords {
  const { subject, before, after } = LINES[message.language](message)
  const code = `<p style="font-size:28px;letter-spacing:4px"><strong>${message.code}</strong></p>`
  return {
    subject,
    text: `${before}\n\n${message.code}\n\n${after}\n`,
    html: `<!doctype html><html lang="${HTML_LANGUAGE[message.language]}"><head><meta charset="utf-8"><title>${subject}</title></head><body><p>${before}</p>${code}<p>${after}</p></body></html>`,
  }
}

/** One SMS: at most 160 plain characters in English, 70 in Chinese. */
export function loginCodeSms({ code, language, validMinutes }: LoginCodeMessage): string {
  return language === 'zh'
    ? `您的登录验证码是 ${code}，${validMinutes} 分钟内有效，请勿告诉任何人。`
    : `${code} is your login code. It is valid for ${validMinutes} minutes. Do not share it with anybody.`
}
