import type { TestApp } from './test-app.ts'

/** An event of the trail, as far as tests compare it. */
export interface KeptEvent {
  readonly kind: string
  readonly app_id: string
  readonly user_id: string | null
  readonly outcome: string | null
  readonly client: string
}

/** What the trail has kept of calls with this `X-Request-Id`, once it is written. */
export async function eventsOf({ service }: TestApp, requestId: string): Promise<KeptEvent[]> {
  const { db } = service.database
  // The trail writes a second after the first of a batch; a database that is busy takes longer.
  for (let look = 0; look < 400; look++) {
    const rows = await db.selectFrom('security_events').selectAll().where('request_id', '=', requestId).execute()
    if (rows.length > 0) {
      return rows.map(({ kind, app_id, user_id, outcome, client }) => ({
        ...{ kind, app_id, outcome, client },
        user_id: user_id === null ? null : String(user_id),
      }))
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return []
}
