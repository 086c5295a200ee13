import { type Answer, APP_ID, APP_SECRET, type TestApp } from './test-app.ts'

type Headers = Readonly<Record<string, string>>

/** What a game's own server may call, with its token. */
export interface GameServer {
  readonly token: string
  readUser(uid: string): Promise<Answer>
  saveProgress(uid: string, body: unknown, headers?: Headers): Promise<Answer>
  change(uid: string, body: unknown, headers?: Headers): Promise<Answer>
  ledger(uid: string, query?: string): Promise<Answer>
}

/** The server of an app, the first one where none is named. */
export async function gameServer(
  app: TestApp,
  credentials: { appId: string; appSecret: string } = { appId: APP_ID, appSecret: APP_SECRET },
): Promise<GameServer> {
  const { token } = (await app.call('POST', '/api/v1/token', { body: credentials })).body
  return withToken(app, token)
}

/** The same calls with whatever token. */
export function withToken(app: TestApp, token: string): GameServer {
  const users = (path: string) => `/api/v1/server/users/${path}`
  return {
    token,
    readUser: (uid) => app.call('GET', users(uid), { token }),
    saveProgress: (uid, body, headers = {}) => app.call('PATCH', users(`${uid}/progress`), { token, body, headers }),
    change: (uid, body, headers = {}) => app.call('POST', users(`${uid}/wallet`), { token, body, headers }),
    ledger: (uid, query = '') => app.call('GET', users(`${uid}/ledger${query}`), { token }),
  }
}

/** A correct change of a wallet; what a test cares about it says itself. */
export function change(fields: { idempotency_key: string } & Readonly<Record<string, unknown>>) {
  return { currency: 'coins', amount: 100, reason: 'Slot machine', ...fields }
}
