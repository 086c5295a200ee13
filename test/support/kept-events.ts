import { createHash } from 'node:crypto'
import { newPaymentEventId, type PaymentEventId } from '../../src/kernel/ids.ts'
import { APP_ID, type TestApp } from './test-app.ts'

/** Keeps a message as the server does with one that it could not work on; gives its id. */
export async function keepEvent(
  app: TestApp,
  kept: {
    instance: string
    kind: string
    body: string
    headers?: Readonly<Record<string, string>>
    verdict?: string
    receivedAtMs?: number
    appId?: string
  },
): Promise<PaymentEventId> {
  const eventId = newPaymentEventId()
  const body = Buffer.from(kept.body)
  await app.service.database.inTransaction(async (tx) => {
    await tx
      .insertInto('payment_events')
      .values({
        event_id: eventId,
        app_id: (kept.appId ?? APP_ID) as never,
        instance: kept.instance,
        environment: 'live',
        kind: kept.kind,
        payment_id: null,
        order_id: null,
        verdict: kept.verdict ?? 'error',
        received_at_ms: kept.receivedAtMs ?? Date.now(),
        request_id: 'then',
        headers: JSON.stringify(kept.headers ?? {}),
        body_sha256: createHash('sha256').update(body).digest('hex'),
      })
      .execute()
    await tx.insertInto('payment_event_bodies').values({ event_id: eventId, body }).execute()
  })
  return eventId
}
