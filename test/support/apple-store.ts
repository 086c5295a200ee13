import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type AppleSigner, signForApple } from '../../src/channels/apple/index.ts'
import { accountTokenOf, type OrderId } from '../../src/kernel/ids.ts'
import { appleAuthority } from './apple-authority.ts'
import { createOrder } from './orders.ts'
import { type Answer, APP_ID, type TestApp } from './test-app.ts'

export const BUNDLE_ID = 'com.example.game'
export const APP_APPLE_ID = 1234567890

type Fields = Readonly<Record<string, unknown>>

/** A message of Apple's as the fixtures have it: the outer one, and the purchase that it is about. */
interface Fixture {
  readonly notification: Fields | null
  readonly transaction: Fields | null
}

export type FixtureName =
  | 'transaction'
  | 'one-time-charge'
  | 'refund'
  | 'refund-prorated'
  | 'refund-reversed'
  | 'refund-declined'
  | 'consumption-request'
  | 'revoke'
  | 'test'
  | 'subscribed'
  | 'external-purchase-token'
  | 'unknown'

/** What a test says of a message; the rest is as the fixture has it, signed now. */
export interface Saying {
  readonly transaction?: Fields
  readonly notification?: Fields
  readonly data?: Fields
  /** Play money, or real money, which is what is left out. */
  readonly environment?: 'Production' | 'Sandbox' | 'Xcode'
  /** Of which app; left out: that of the tests. */
  readonly bundleId?: string
  readonly signer?: AppleSigner
  /** Who signs the purchase within a notification. */
  readonly innerSigner?: AppleSigner
}

function fixture(name: FixtureName): Fixture {
  return JSON.parse(readFileSync(new URL(`./fixtures/apple/${name}.json`, import.meta.url), 'utf8'))
}

/** A number for a purchase that no other test has. */
export function newTransactionId(): string {
  return `2${BigInt(`0x${randomUUID().replaceAll('-', '').slice(0, 14)}`)}`
}

/** The purchase as a device shows it. */
export function signedTransaction(saying: Saying = {}, name: FixtureName = 'transaction'): string {
  const { environment = 'Production', bundleId = BUNDLE_ID, signer = appleAuthority().signer } = saying
  return signForApple(signer, {
    ...fixture(name).transaction,
    signedDate: Date.now(),
    environment,
    bundleId,
    ...saying.transaction,
  })
}

/** The body of a notification. */
export function notificationOf(name: FixtureName, saying: Saying = {}): { signedPayload: string } {
  const { environment = 'Production', bundleId = BUNDLE_ID } = saying
  const { signer = appleAuthority().signer, innerSigner = signer } = saying
  const { notification, transaction } = fixture(name)
  const data = notification?.['data'] as Fields | undefined
  const inner =
    transaction === null ? {} : { signedTransactionInfo: signedTransaction({ ...saying, signer: innerSigner }, name) }
  const { appAppleId, ...ofSandbox } = data ?? {}
  const own = environment === 'Sandbox' ? ofSandbox : { ...ofSandbox, appAppleId }
  const payload = {
    ...notification,
    ...{ signedDate: Date.now(), notificationUUID: randomUUID(), ...saying.notification },
    ...(data === undefined ? {} : { data: { ...own, environment, bundleId, ...inner, ...saying.data } }),
  }
  return { signedPayload: signForApple(signer, payload) }
}

/** What the game names to the store: the order that it bought for. */
export function boughtFor(order: { order_id: string }): { appAccountToken: string } {
  return { appAccountToken: accountTokenOf(order.order_id as OrderId) ?? '' }
}

/** The settings of an instance that believes the authority of the tests. */
export function appleSettings(more: Fields = {}): Fields {
  return {
    ...{ type: 'apple', appId: APP_ID, bundleId: BUNDLE_ID, appAppleId: APP_APPLE_ID },
    ...{ rootCertificates: [appleAuthority().root], environments: ['Production', 'Sandbox'] },
    items: { 'com.example.game.starter': 1, 'com.example.game.growth': 2 },
    ...more,
  }
}

/** What a device does once the store has sold something: it shows it to the server. */
export function verify(app: TestApp, token: string, signed: unknown, channel = 'apple'): Promise<Answer> {
  const body = { payment_channel: channel, signed_transaction: signed }
  return app.call('POST', '/api/v1/payment/verify', { token, body })
}

/** What Apple's server does. */
export function notify(app: TestApp, body: unknown, instance = 'apple'): Promise<Answer> {
  return app.call('POST', `/webhooks/${instance}`, { body })
}

/** A player with an order that they have bought for on their device. */
export async function appleBuyer(app: TestApp, name: string, fields: object = {}) {
  const { token, uid } = await app.logIn(name)
  const order = await createOrder(app, token, { payment_channel: 'apple', ...fields })
  return { token, uid, order, transaction: { transactionId: newTransactionId(), ...boughtFor(order) } }
}
