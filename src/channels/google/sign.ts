import { randomUUID } from 'node:crypto'

/** A push of Pub/Sub around a notification, as a subscription sends it; its proof is a token that Google signs. */
export function pushBody(
  notification: object | string,
  { subscription, nowMs, messageId = randomUUID() }: { subscription: string; nowMs: number; messageId?: string },
): string {
  const text = typeof notification === 'string' ? notification : JSON.stringify(notification)
  const publishTime = new Date(nowMs).toISOString()
  return JSON.stringify({
    message: {
      data: Buffer.from(text).toString('base64'),
      ...{ messageId, message_id: messageId, publishTime, publish_time: publishTime, attributes: {} },
    },
    subscription,
  })
}
