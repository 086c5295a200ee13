import { assertDone } from './answers.ts'
import type { Running } from './every-engine.ts'
import type { Answer } from './test-app.ts'

/** A guest as the first login told of it, with the session that made it. */
export interface Guest {
  readonly token: string
  readonly uid: string
  readonly loginId: string
  readonly credential: string
}

/** The calls of guests. */
export function guestCalls(on: Running) {
  const logIn = (token: string, fields: object = {}): Promise<Answer> =>
    on.app.call('POST', '/api/v1/login', { token, body: { loginType: 0, ...fields } })
  return {
    /** A login of type 0 on a session: without fields one that makes a guest. */
    logIn,
    /** The same on a session of its own. */
    logInAnew: async (fields: object, appId?: string): Promise<Answer> =>
      logIn(await on.app.clientToken(appId), fields),
    makeGuest: async (appId?: string): Promise<Guest> => {
      const token = await on.app.clientToken(appId)
      const { uid, login_id, credential } = assertDone(await logIn(token))
      return { token, uid, loginId: login_id, credential }
    },
  }
}

/** What a guest proves itself with. */
export const proofOf = ({ loginId, credential }: Guest) => ({ loginId, credential })
