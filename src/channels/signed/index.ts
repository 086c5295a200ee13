import { accepted } from '../../kernel/outcome.ts'
import type { Channel, DirectChannel } from '../channel.ts'
import { receiveSigned } from './receive.ts'
import { environmentOf, failureFrom, paymentFrom } from './translate.ts'
import { type SignedInstance, trustCaller } from './trust.ts'

export { signBody } from '../timestamped-signature.ts'
export { type SignedInstance, verifySigner } from './trust.ts'

/** The channel of a game's own server and of signed partners; with an `open` mint, of game clients too. */
export function openDirectChannel({ mint }: { mint: 'open' | 'closed' }): DirectChannel {
  return {
    source: (caller) => {
      const source = trustCaller(mint, caller)
      return source.ok ? accepted({ ...source.value, environment: environmentOf({}) }) : source
    },
    payment: (caller, told) => {
      const source = trustCaller(mint, caller)
      return source.ok ? paymentFrom(source.value, told) : source
    },
    failure: (caller, told) => {
      const source = trustCaller(mint, caller)
      return source.ok ? failureFrom(source.value, told) : source
    },
  }
}

/** A partner takes the payment where it likes and signs what came of it: there is no page of ours to open. */
export function openSignedChannel(signed: SignedInstance): Channel {
  const { instance, appId } = signed
  return {
    instance,
    appId,
    openCheckout: async () => accepted({ kind: 'external' }),
    receive: (call) => receiveSigned(signed, call),
  }
}
