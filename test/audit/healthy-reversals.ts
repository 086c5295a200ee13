import { type NoticeFacts, vouchForNotice } from '../../src/channels/channel.ts'
import { claimAllMessages } from '../../src/features/inbox/claim-messages.ts'
import { applyNotice } from '../../src/features/payments/apply-notice.ts'
import { type SettleDeps, settlePayments } from '../../src/features/payments/settle-payments.ts'
import type { PlayerId } from '../../src/kernel/ids.ts'
import { minorUnits } from '../../src/kernel/money.ts'
import { APP, dollars, evidenceOf, OTHER_APP, paymentOf, type TestPayment } from './healthy-books.ts'

type Notice = Pick<NoticeFacts, 'cause' | 'state'> & {
  readonly id: string
  readonly minor?: number
  readonly atMs?: number
}

/** What is given back and disputed of one player's payments, and of one of an app that writes off what is missing. */
export async function keepReversals(
  deps: SettleDeps,
  players: { gina: PlayerId; carl: PlayerId; spend: (amount: number) => Promise<unknown> },
): Promise<void> {
  const { gina: player, carl } = players
  const nowMs = deps.clock.nowMs()
  const pay = async (order: string, of: Partial<TestPayment> = {}): Promise<void> => {
    await settlePayments(deps, [paymentOf({ player, order, transaction: `txn-${order}`, ...of }, nowMs)])
  }
  const tell = async (order: string, { id, minor, atMs = 1, ...notice }: Notice, appId = APP): Promise<void> => {
    const amount = minor === undefined ? null : { minor: minorUnits(minor), currency: dollars() }
    const about = { paymentIds: [`txn-${order}`], causeId: id, lineNo: null, amount, occurredAtMs: atMs }
    const evidence = evidenceOf(`${notice.state} ${id}`, { kind: 'notice', nowMs })
    const source = { appId, instance: 'server', environment: 'live' as const }
    await applyNotice(deps, vouchForNotice({ ...source, ...about, ...notice, evidence }))
  }
  for (const order of ['returned', 'shared', 'given-back', 'disputed', 'lost']) await pay(order)
  await tell('returned', { cause: 'refund', state: 'taken', id: 'returned' })
  await tell('shared', { cause: 'refund', state: 'taken', id: 'a-part', minor: 500 })
  await tell('given-back', { cause: 'refund', state: 'taken', id: 'mistaken' })
  await tell('given-back', { cause: 'refund', state: 'undone', id: 'mistaken', atMs: 2 })
  await tell('disputed', { cause: 'dispute', state: 'open', id: 'in-doubt' })
  await claimAllMessages(deps, { appId: APP, playerId: player, reply: { key: null, tell: (claimed) => claimed } })
  await tell('shared', { cause: 'refund', state: 'taken', id: 'a-further-part', minor: 700 })
  await tell('lost', { cause: 'dispute', state: 'taken', id: 'lost', atMs: 2 })
  // What comes before its payment, and what stays without one.
  await tell('early', { cause: 'refund', state: 'taken', id: 'early' })
  await pay('early')
  await tell('untold', { cause: 'refund', state: 'taken', id: 'untold' })
  await pay('capped', { player: carl, app: OTHER_APP })
  await players.spend(2000)
  await tell('capped', { cause: 'refund', state: 'taken', id: 'capped' }, OTHER_APP)
}
