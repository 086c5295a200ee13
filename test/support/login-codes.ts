import { systemClock } from '../../src/kernel/clock.ts'
import { openMailbox } from '../../src/messaging/mailbox.ts'
import type { Running } from './every-engine.ts'
import type { Answer } from './test-app.ts'

export const MAIL = 4
export const SMS = 5

/** An address, as a player gives it. */
export interface Address {
  readonly loginType: number
  readonly loginId: string
}

/** The calls of a login by code, and a look into the local mailbox. */
export function codeCalls(on: Running) {
  const mailbox = () => openMailbox({ kv: on.app.service.kv, clock: systemClock, show: () => {} })
  return {
    ask: (token: string, address: Address, headers: Record<string, string> = {}): Promise<Answer> =>
      on.app.call('POST', '/api/v1/login/code', { token, body: address, headers }),
    logIn: (token: string, typed: Address & { loginCode: string }): Promise<Answer> =>
      on.app.call('POST', '/api/v1/login', { token, body: typed }),
    logInByQuery: (token: string, { loginType, loginId, loginCode }: Address & { loginCode: string }) => {
      const query = new URLSearchParams({ loginType: String(loginType), loginId, loginCode })
      return on.app.call('GET', `/api/v1/login?${query}`, { token })
    },
    /** The messages of the local mailbox to an address, newest first. */
    messagesTo: async (to: string) => (await mailbox().read()).filter((message) => message.to === to),
    messageCount: async () => (await mailbox().read()).length,
    /** The newest code that the local mailbox has for an address. */
    codeFor: async (to: string): Promise<string> => {
      const newest = (await mailbox().read()).find((message) => message.to === to)
      if (!newest) throw new Error(`the mailbox has nothing for ${to}`)
      return newest.code
    },
  }
}

/** A code that is surely not this one. */
export function wrongCode(code: string, by = 1): string {
  return String((Number(code) + by) % 1_000_000).padStart(6, '0')
}
