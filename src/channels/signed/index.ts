import { accepted } from '../../kernel/outcome.ts'
import type { DirectChannel } from '../channel.ts'
import { ENVIRONMENT, failureFrom, paymentFrom } from './translate.ts'
import { trustCaller } from './trust.ts'

export { signBody } from './sign.ts'
export { type SignedInstance, verifySigner } from './trust.ts'

/** The channel of a game's own server and of signed partners; with an `open` mint, of game clients too. */
export function openDirectChannel({ mint }: { mint: 'open' | 'closed' }): DirectChannel {
  return {
    source: (caller) => {
      const source = trustCaller(mint, caller)
      return source.ok ? accepted({ ...source.value, environment: ENVIRONMENT }) : source
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
