import { createHash } from 'node:crypto'
import type { EvidenceKind, MessageSource } from '../../channels/channel.ts'
import type { PaymentEventId } from '../../kernel/ids.ts'
import { type Outcome, refused } from '../../kernel/outcome.ts'
import type { Apps } from '../apps/index.ts'
import { type KeepDeps, keepAlone } from './keep-message.ts'

/** Whether a message tells of play money that its app does not take here. */
export function isUnwantedTest({ apps }: { readonly apps: Apps }, message: MessageSource): boolean {
  return message.environment === 'test' && !apps.find(message.appId)?.testPurchases
}

/** Questions of our own, which a player may have asked any number of times: an answer is kept when it tells something new. */
export const OWN_QUESTIONS: ReadonlySet<EvidenceKind> = new Set<EvidenceKind>(['look_up', 'device_purchase'])

/** Keeps such a message with its reason and books nothing: no order, no entry in the queue, no coin. */
export async function refuseTestMode(deps: KeepDeps, message: MessageSource): Promise<Outcome<never>> {
  const isOwnQuestion = OWN_QUESTIONS.has(message.evidence.kind)
  await keepAlone(deps, message, 'test_mode', isOwnQuestion ? { eventId: contentId(message) } : {})
  return refused('test_mode')
}

function contentId({ appId, instance, evidence }: MessageSource): PaymentEventId {
  const content = createHash('sha256').update(JSON.stringify([appId, instance, evidence.kind]))
  return `evt_${content.update(evidence.rawBody).digest('hex').slice(0, 32)}` as PaymentEventId
}
