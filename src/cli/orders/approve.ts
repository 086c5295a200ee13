import { approveEntry } from '../../features/payments/index.ts'
import { parsePlayerId, type ReviewEntryId } from '../../kernel/ids.ts'
import type { FieldFault } from '../../kernel/outcome.ts'
import { printable, quoted, readWhole } from '../store/arguments.ts'
import { EXIT_DONE, print, runDecision, type StaffOptions, tellRefusal } from './run-orders.ts'

export interface ApproveArguments {
  readonly uid?: string
  readonly item?: string
  readonly paid?: boolean
}

const ITEM_MAX = 2_147_483_647

/** Grants what an entry's money was paid for. */
export async function approve(typed: ApproveArguments & StaffOptions, entry: string): Promise<void> {
  await runDecision(typed, async ({ taskDeps, appId, by }) => {
    const faults: FieldFault[] = []
    const playerId = typed.uid === undefined ? null : parsePlayerId(typed.uid)
    if (typed.uid !== undefined && playerId === null) {
      faults.push({ path: '--uid', message: `${quoted(typed.uid)} is no number of a player` })
    }
    const itemId = typed.item === undefined ? null : readWhole(faults, { name: '--item', text: typed.item })
    if (itemId !== null && (itemId < 1 || itemId > ITEM_MAX)) faults.push({ path: '--item', message: 'is no item id' })
    if (faults.length > 0) return tellRefusal({ code: 'invalid_fields' }, typed, faults)
    const approved = await approveEntry(taskDeps, {
      appId,
      entryId: entry as ReviewEntryId,
      playerId,
      itemId,
      isStatedPaid: typed.paid === true,
      by,
    })
    if (!approved.ok) return tellRefusal(approved.refusal, typed)
    const { orderId, orderStatus, coinsGranted: coins, tokensGranted: tokens, isFirstCharge } = approved.value
    if (typed.json) {
      const shown = { order_id: orderId, order_status: orderStatus, coins_granted: coins, tokens_granted: tokens }
      print(JSON.stringify({ app_id: appId, entry, ...shown, is_first_charge: isFirstCharge }, null, 2))
    } else {
      const first = isFirstCharge ? ', the first charge of this player' : ''
      print(`Approved: order ${printable(orderId)} is ${orderStatus}; ${coins} coins and ${tokens} tokens${first}.`)
    }
    return EXIT_DONE
  })
}
