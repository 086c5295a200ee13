import type { PlayerId } from '../../src/kernel/ids.ts'
import { parsePlayerId } from '../../src/kernel/ids.ts'
import type { TestApp } from './test-app.ts'

/** Everything that is a player's: equal before and after means that nobody has touched it. */
export async function playerState(app: TestApp, uid: string): Promise<Record<string, readonly unknown[]>> {
  const { db } = app.service.database
  const id = parsePlayerId(uid) as PlayerId
  const [users, identities, orders, messages, ledger, sessions] = await Promise.all([
    db.selectFrom('users').selectAll().where('user_id', '=', id).execute(),
    db.selectFrom('identities').selectAll().where('user_id', '=', id).orderBy('subject').execute(),
    db.selectFrom('orders').selectAll().where('user_id', '=', id).orderBy('order_id').execute(),
    db.selectFrom('inbox_messages').selectAll().where('user_id', '=', id).orderBy('message_id').execute(),
    db.selectFrom('ledger_transactions').selectAll().where('user_id', '=', id).orderBy('ledger_seq').execute(),
    app.service.kv.fields(`sessions-of:${id}`),
  ])
  return { users, identities, orders, messages, ledger, sessions: [...sessions.keys()].toSorted() }
}
