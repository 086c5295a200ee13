import type { PlatformReply } from '../platform-call.ts'

/** The platform asks for a key with the number of the project or of the merchant whose it is. */
export function basicAuthorization(owner: number, apiKey: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${owner}:${apiKey}`).toString('base64')}` }
}

/** Whether a call was answered, and with a success. */
export function isOk(reply: PlatformReply): reply is Extract<PlatformReply, { readonly answered: true }> {
  return reply.answered && reply.status >= 200 && reply.status < 300
}
