import assert from 'node:assert/strict'
import { after } from 'node:test'
import { pushBody } from '../../src/channels/google/sign.ts'
import type { Row } from '../../src/db/schema.ts'
import { aheadClock, type FakeClock } from './fake-clock.ts'
import { type OidcIssuer, startOidcIssuer, type TokenClaims } from './oidc-issuer.ts'
import { createOrder } from './orders.ts'
import { PACKAGE_NAME, type PlayServer, playFixture, startPlayServer } from './play-server.ts'
import { type Answer, APP_ID, OTHER_APP_ID, type TestApp, type TestAppOptions } from './test-app.ts'

export const PUSH_AUDIENCE = 'https://pay.example.com/webhooks/google'
export const PUSH_EMAIL = 'play-push@example-project.iam.gserviceaccount.com'
export const SUBSCRIPTION = 'projects/example-project/subscriptions/play'

/** Google as a server of ours meets it: Play, the keys of its tokens, and a clock that jobs wait for. */
export interface GoogleWorld {
  readonly play: PlayServer
  readonly issuer: OidcIssuer
  readonly clock: FakeClock
  readonly options: TestAppOptions
}

/** Starts it for a test file, with the settings of an instance that a test changes. */
export async function startGoogle(settings: object = {}): Promise<GoogleWorld> {
  const clock = aheadClock()
  const play = await startPlayServer(clock)
  const issuer = await startOidcIssuer({ clock, issuer: 'https://accounts.google.com', audience: PUSH_AUDIENCE })
  after(async () => {
    await play.stop()
    await issuer.stop()
  })
  const google = {
    appId: APP_ID,
    packageName: PACKAGE_NAME,
    serviceAccount: play.account,
    push: { audience: PUSH_AUDIENCE, serviceAccountEmail: PUSH_EMAIL, subscription: SUBSCRIPTION },
    items: { 'coins.starter': 1, 'coins.growth': 2, 'coins.keep': 3 },
    acknowledgeOnly: ['coins.keep'],
    ...{ apiUrl: play.url, tokenUrl: play.tokenUrl, certsUrl: issuer.keysUrl },
    ...settings,
  }
  // Another game on Play: what is bought there is nothing here.
  const other = { ...google, type: 'google', appId: OTHER_APP_ID, packageName: 'com.example.other' }
  const CHANNELS = JSON.stringify({ sandbox: { appId: APP_ID }, google, 'google-other': other })
  return { play, issuer, clock, options: { clock, variables: { CHANNELS } } }
}

/** An order for Play: its id, and the token that the game names to Play when it buys. */
export async function orderOnPlay(
  app: TestApp,
  token: string,
  itemId = 1,
): Promise<{ orderId: string; account: string }> {
  const order = await createOrder(app, token, { item_id: itemId, payment_channel: 'google' })
  return { orderId: order.order_id, account: order.checkout.token }
}

/** What a device tells of what it has bought. */
export function verifyOnDevice(
  app: TestApp,
  token: string,
  bought: { token: string; product?: string },
): Promise<Answer> {
  const body = {
    payment_channel: 'google',
    product_id: bought.product ?? 'coins.starter',
    purchase_token: bought.token,
  }
  return app.call('POST', '/api/v1/payment/verify', { token, body })
}

/** A notification about a purchase, as Play really sends it, told now. */
export function notification(name: string, about: { token: string; orderId?: string | null; atMs?: number }): object {
  const told = playFixture(name)
  const { token: purchaseToken, orderId, atMs = Date.now() } = about
  for (const [key, value] of Object.entries(told)) {
    if (!key.endsWith('Notification') || typeof value !== 'object') continue
    const names = 'orderId' in (value ?? {}) ? { purchaseToken, orderId: orderId ?? '' } : { purchaseToken }
    told[key] = { ...value, ...names }
  }
  return { ...told, eventTimeMillis: String(atMs) }
}

/** The token of an honest push, but for what `changes` says. */
export function pushToken({ issuer }: GoogleWorld, changes: TokenClaims = {}): Promise<string> {
  return issuer.token({ email: PUSH_EMAIL, email_verified: true, ...changes })
}

interface Pushing {
  readonly messageId?: string
  readonly bearer?: string | null
  readonly subscription?: string
  readonly requestId?: string
}

/** A push as our subscription sends it. */
export async function pushOf(
  world: GoogleWorld,
  told: object | string,
  more: Pushing = {},
): Promise<{ headers: Record<string, string>; body: string }> {
  const { subscription = SUBSCRIPTION, bearer = await pushToken(world), requestId } = more
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'CloudPubSub-Google',
    ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
  }
  const messageId = more.messageId === undefined ? {} : { messageId: more.messageId }
  return { headers, body: pushBody(told, { subscription, nowMs: Date.now(), ...messageId }) }
}

/** Sends one. */
export async function push(
  world: GoogleWorld,
  app: TestApp,
  told: object | string,
  more: Pushing = {},
): Promise<Answer> {
  return await app.call('POST', '/webhooks/google', await pushOf(world, told, more))
}

/** What is owed to Play for a purchase. */
export async function owedCalls(app: TestApp, token: string): Promise<Row<'owed_calls'>[]> {
  const rows = await app.service.database.db.selectFrom('owed_calls').selectAll().execute()
  return rows.filter(({ details }) => JSON.parse(details).purchase_token === token)
}

/** The messages that were kept about an order. */
export async function keptAbout(app: TestApp, orderId: string): Promise<Row<'payment_events'>[]> {
  const rows = await app.service.database.db
    .selectFrom('payment_events')
    .selectAll()
    .orderBy('received_at_ms')
    .execute()
  return rows.filter((row) => row.order_id === orderId)
}

/** A purchase as the books have it: the payment that stands under its token, with its lines. */
export async function paymentWithLines(app: TestApp, token: string) {
  const { db } = app.service.database
  const payment = await db.selectFrom('payments').selectAll().where('transaction_id', '=', token).executeTakeFirst()
  assert.ok(payment, 'the payment stands under its token')
  const lines = await db
    .selectFrom('payment_lines')
    .selectAll()
    .where('payment_id', '=', payment.payment_id)
    .orderBy('line_no')
    .execute()
  return { payment, lines }
}
