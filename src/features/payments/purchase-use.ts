import type { PurchaseUse } from '../../channels/channel.ts'
import type { Db } from '../../db/database.ts'
import type { OwedCallRow } from './owed-call-queries.ts'

/** How what a call is about was used, as the books say; null where we know no such purchase. */
export async function purchaseUse(_db: Db, _call: OwedCallRow): Promise<PurchaseUse | null> {
  return null
}
