import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Running } from './every-engine.ts'
import type { Answer } from './test-app.ts'

export const FACEBOOK = 1
export const GOOGLE = 2
export const APPLE = 3

export interface PlatformProof {
  readonly credential: string
  readonly nonce?: string
  readonly loginId?: string
}

/** Logins with a platform's token, each in a session of its own, and what the log says of them. */
export function platformLogins(on: Running, loginType: number) {
  return {
    logIn: async (proof: PlatformProof, appId?: string): Promise<Answer> => {
      const token = await on.app.clientToken(appId)
      return on.app.call('POST', '/api/v1/login', { token, body: { loginType, ...proof } })
    },
    /** All that was logged so far; the app must log to a file. */
    logText: async (): Promise<string> => {
      const file = on.app.variables['LOG_FILE'] ?? ''
      const names = (await readdir(dirname(file))).filter((name) => name.startsWith(basename(file)))
      return (await Promise.all(names.map((name) => readFile(join(dirname(file), name), 'utf8')))).join('')
    },
  }
}
