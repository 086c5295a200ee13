import type { NewRow } from '../../db/schema.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { LockedOrder } from '../orders/index.ts'
import type { LockedPlayer } from '../players/index.ts'
import { type PaidLine, paidLineOf, shareTaken } from './reversal-rules.ts'
import { bringToStanding, type RewardMessage } from './reverse-grant.ts'
import type { Settlement } from './settlement.ts'
import { type DecidedFacts, type DecidedLine, orderOf, type SettlementDraft } from './settlement-draft.ts'

/** Whether all of a payment's money was given back before the payment itself was told of. */
export function isGivenBack({ payment, line, verified }: DecidedLine): boolean {
  if (payment.causes.length === 0) return false
  return shareTaken(payment.causes, paidLine(verified, line)).kind === 'whole'
}

function paidLine({ lines, charged }: DecidedFacts, line: DecidedLine['line']): PaidLine {
  const paid = lines.map(({ price }) => ({ priceMinor: price.minor }))
  return paidLineOf({ chargedMinor: charged?.totalMinor ?? null, lines: paid }, line)
}

/** The answer for money that went back before its payment was told of: nothing was given. */
export function refundedSettlement(
  draft: SettlementDraft,
  decided: DecidedLine,
  { replayed }: { replayed: boolean },
): Settlement {
  const { orderId } = decided.line
  const order = orderOf(draft, decided)
  const player = draft.locked.players.get(decided.verified.playerId)
  return {
    orderId,
    orderStatus: order?.status ?? 'refunded',
    coinsGranted: 0,
    tokensGranted: 0,
    isFirstCharge: false,
    replayed,
    balance: { coins: player?.coins ?? 0, tokens: player?.tokens ?? 0 },
  }
}

/** A grant whose payment was partly given back, or is disputed, before it was told of: it stands so from the start. */
export function standAsTold(
  draft: SettlementDraft,
  { payment, line, verified }: DecidedLine,
  held: { order: LockedOrder; player: LockedPlayer; message: NewRow<'inbox_messages'> | null },
): void {
  const [latest] = payment.causes
  invariant(latest, 'something was told of this payment')
  bringToStanding(
    draft,
    {
      order: held.order,
      player: held.player,
      message: held.message as RewardMessage | null,
      line: paidLine(verified, line),
      causes: payment.causes,
      reversals: [],
      refundPolicy: draft.apps.find(verified.appId)?.refundPolicy ?? 'debt',
    },
    latest,
  )
}
