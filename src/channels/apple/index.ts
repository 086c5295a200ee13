import { accountTokenOf } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { accepted } from '../../kernel/outcome.ts'
import type { Channel } from '../channel.ts'
import { openAppleApi } from './client.ts'
import { sendConsumption } from './consumption.ts'
import { verifyApplePurchase } from './device.ts'
import type { AppleInstance } from './instance.ts'
import { listMessages, lookUpStanding } from './look-up.ts'
import { type AppleApp, receiveApple } from './receive.ts'
import { openVerifier } from './verify.ts'

export { APPLE_ENVIRONMENTS, type AppleEnvironment, type AppleInstance } from './instance.ts'
export { type AppleSigner, signForApple } from './sign.ts'

/**
 * The channel of an app in the App Store. The game buys on the device and names its order to the store; we are told by the
 * device and by Apple's notifications. Apple gives money back by itself and takes no wish of ours for it.
 */
export function openAppleChannel(apple: AppleInstance): Channel {
  const app: AppleApp = { apple, verifier: openVerifier(apple) }
  const { instance, appId } = apple
  return {
    ...{ instance, appId },
    openCheckout: async ({ orderId }) => {
      const token = accountTokenOf(orderId)
      invariant(token, 'an order that waits for a checkout is one of ours')
      return accepted({ kind: 'account_token', token })
    },
    receive: (call) => receiveApple(app, call),
    verifyPurchase: ({ told, question }) => verifyApplePurchase(app, { told, question }),
    ...(apple.apiKey === null ? {} : withApi(app, apple.apiKey)),
  }
}

function withApi(
  app: AppleApp,
  apiKey: NonNullable<AppleInstance['apiKey']>,
): Pick<Channel, 'lookUpStanding' | 'listMessages' | 'carryOutCall'> {
  const api = openAppleApi(app.apple, apiKey)
  return {
    lookUpStanding: (payment) => lookUpStanding(app, { api, payment }),
    listMessages: (span) => listMessages(app, { api, span }),
    carryOutCall: (call) => sendConsumption(app.apple, { api, call }),
  }
}
