import type { MessageSource } from '../../channels/channel.ts'
import { type Outcome, refused } from '../../kernel/outcome.ts'
import type { Apps } from '../apps/index.ts'
import { type KeepDeps, keepAlone } from './keep-message.ts'

/** Whether a message tells of play money that its app does not take here. */
export function isUnwantedTest({ apps }: { readonly apps: Apps }, message: MessageSource): boolean {
  return message.environment === 'test' && !apps.find(message.appId)?.testPurchases
}

/** Keeps such a message with its reason and books nothing: no order, no entry in the queue, no coin. */
export async function refuseTestMode(deps: KeepDeps, message: MessageSource): Promise<Outcome<never>> {
  await keepAlone(deps, message, 'test_mode')
  return refused('test_mode')
}
